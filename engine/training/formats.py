"""The adapter as other programs want it. In every format its alpha goes with it: a reader that finds none takes
alpha = rank, which is half strength where alpha is twice the rank.
"""

import json

import torch
from torch import Tensor

from engine import styles
from engine.training.adapter import TARGETS, State
from engine.training.recipe import Recipe

KOHYA = "kohya.safetensors"
"""For A1111 and ComfyUI."""
DIFFUSERS = "pytorch_lora_weights.safetensors"
"""What `pipe.load_lora_weights(folder)` of diffusers looks for."""
UNET = "unet."


def header(recipe: Recipe, prefix: str) -> dict[str, str]:
    """A safetensors header from which diffusers reads rank and alpha (loaders/lora_base.py, lora_adapter_metadata)."""
    fields = {
        "r": recipe.rank,
        "lora_alpha": recipe.alpha,
        "target_modules": list(TARGETS),
        "bias": "none",
    }
    return {
        "format": "pt",
        "lora_adapter_metadata": json.dumps({f"{prefix}{key}": value for key, value in fields.items()}, sort_keys=True),
    }


def diffusers(state: State) -> State:
    """The same matrices under the names of a pipeline's parts."""
    return {f"{UNET}{key.removeprefix(styles.PREFIX)}": value for key, value in state.items()}


def kohya(state: State, alpha: float) -> State:
    """`.lora_down.weight`, `.lora_up.weight` and `.alpha` for every layer, as kohya-ss/sd-scripts writes them."""
    matrices: dict[str, Tensor] = {}
    for key, value in state.items():
        layer, _, part = key.removeprefix(styles.PREFIX).rpartition(".lora_")
        name = f"lora_unet_{layer.replace('.', '_')}"
        matrices[f"{name}.{'lora_down' if part.startswith('A') else 'lora_up'}.weight"] = value.contiguous()
        matrices[f"{name}.alpha"] = torch.tensor(float(alpha))
    return matrices
