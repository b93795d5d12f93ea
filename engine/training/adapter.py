"""The LoRA matrices on a UNet: made, read and written in peft's layout, always in fp32."""

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine import styles
from engine.training.recipe import Recipe

TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
"""The attention's projections, as in the original."""

NAME = "trained"
"""The adapter's name in memory; torch keeps some words, such as “training”, for itself."""

State = dict[str, Tensor]


def config(recipe: Recipe) -> Any:
    """The LoraConfig of peft, with what other programs read from it."""
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=list(TARGETS),
        bias="none",
        base_model_name_or_path=recipe.base,
        auto_mapping={
            "base_model_class": "UNet2DConditionModel",
            "parent_library": "diffusers.models.unets.unet_2d_condition",
        },
    )


def add(unet: Any, recipe: Recipe, name: str = NAME) -> None:
    """A fresh adapter on `unet`: A by the recipe's seed, B zero, so that at first it changes nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        _quietly(unet, config(recipe), name)
    _in_full(unet)


def parameters(unet: Any) -> dict[str, Any]:
    """The parameters that are trained, by name, always in the same order."""
    return {name: part for name, part in sorted(unet.named_parameters()) if "lora_" in name}


def state(unet: Any, name: str = NAME) -> State:
    """A copy on the CPU, under the names that peft gives it in a file."""
    from peft import get_peft_model_state_dict

    matrices = get_peft_model_state_dict(unet, adapter_name=name)
    return {f"{styles.PREFIX}{key}": value.detach().float().cpu().clone() for key, value in sorted(matrices.items())}


def put(unet: Any, values: State, name: str = NAME) -> None:
    """Set an adapter's matrices."""
    from peft import set_peft_model_state_dict

    unprefixed = {key.removeprefix(styles.PREFIX): value for key, value in values.items()}
    set_peft_model_state_dict(unet, unprefixed, adapter_name=name)


def load(unet: Any, folder: Path, name: str) -> float:
    """Add the adapter of a saved folder as `name`, as plain peft does; returns the alpha that it was saved with."""
    from peft import LoraConfig
    from safetensors.torch import load_file

    lora = LoraConfig.from_pretrained(str(folder))
    lora.inference_mode = True
    _quietly(unet, lora, name)
    # First: what is put into matrices of half precision comes back rounded.
    _in_full(unet)
    put(unet, load_file(folder / styles.WEIGHTS), name)
    return float(lora.lora_alpha)


def weigh(unet: Any, weight: float, name: str = NAME) -> None:
    """Let only the adapter `name` act, at this weight."""
    unet.set_adapters([name], [weight])
    unet.enable_lora()


def _in_full(unet: Any) -> None:
    for part in parameters(unet).values():
        part.data = part.data.float()


def _quietly(unet: Any, lora: Any, name: str) -> None:
    with warnings.catch_warnings():
        # peft warns of a second adapter in one model; the check of a saved file wants exactly that.
        warnings.filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
        unet.add_adapter(lora, adapter_name=name)
