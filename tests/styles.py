"""Style folders for tests: good ones and every kind of bad one."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file

from engine import embedded

CONFIG = LoraConfig(r=2, lora_alpha=4, target_modules=["to_q", "to_k", "to_v", "to_out.0"])


def make_style(styles: Path, name: str, unet: Any, seed: int, *, words: str | None = None, grown: bool = True) -> Path:
    """A random adapter for `unet` in the peft layout; its B matrices are zero unless it has `grown`."""
    folder = styles / name
    folder.mkdir(parents=True)
    unet = deepcopy(unet)
    unet.add_adapter(CONFIG, adapter_name=name)
    state = get_peft_model_state_dict(unet, adapter_name=name)
    generator = torch.Generator().manual_seed(seed)
    state = {
        f"base_model.model.{key}": torch.randn(value.shape, generator=generator) * (grown or "lora_A" in key)
        for key, value in state.items()
    }
    save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    CONFIG.save_pretrained(str(folder))
    if words:
        (folder / "card.json").write_text(json.dumps({"words": words}))
    return folder


def embedded_style(data_dir: Path, name: str, *, words: str | None = None, data: dict[str, Any] | None = None) -> Path:
    """A random adapter for the embedded model, with a card that may lead to real pictures."""
    unet = UNet2DConditionModel.from_pretrained(embedded.PIPELINE / "unet")
    folder = make_style(data_dir / "styles", name, unet, 1)
    card = {"words": words, "data": data, "recipe": {"seed": 3}}
    (folder / "card.json").write_text(json.dumps(card))
    return folder
