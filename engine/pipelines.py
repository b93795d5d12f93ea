"""Checkpoints on the device: loaded on use, shared between approaches, put away before another one needs the room."""

import gc
import logging
import time
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from engine import checkpoints, models, styles
from engine.contract.errors import NoModel
from engine.settings import Settings

log = logging.getLogger(__name__)

# Two half-precision Stable Diffusions with their waves want more than this beside each other.
ROOMY = 24 * 2**30


class Pipelines:
    """All calls come from one thread, the painter's."""

    def __init__(self, settings: Settings, device: torch.device) -> None:
        self._settings, self.device = settings, device
        # fp16 rather than bf16: three more bits of mantissa at the same speed, and older cards have no other.
        self.dtype = torch.float16 if device.type == "cuda" else torch.float32
        self._loaded: OrderedDict[str, Any] = OrderedDict()
        self._active: dict[str, tuple[str | None, float]] = {}

    def get(self, model: str) -> Any:
        """The StableDiffusionPipeline of `model`. Raises NoModel."""
        if model not in self._loaded:
            while len(self._loaded) >= self._most():
                self._put_away(next(iter(self._loaded)))
            self._loaded[model] = self._load(models.folder(model))
        self._loaded.move_to_end(model)
        return self._loaded[model]

    def styled(self, model: str, style: str | None, weight: float) -> Any:
        """The pipeline with this style acting at this weight, and no other."""
        pipe = self.get(model)
        if style is not None and style not in getattr(pipe.unet, "peft_config", {}):
            self._add_style(pipe, model, style)
        if self._active.get(model, (None, 0.0)) != (style, weight):
            _activate(pipe.unet, style, weight)
            self._active[model] = (style, weight)
        return pipe

    def forget_style(self, style: str) -> None:
        """Take a style out of every loaded base, so that a changed file is read again."""
        for model, pipe in self._loaded.items():
            if style in getattr(pipe.unet, "peft_config", {}):
                pipe.unet.delete_adapters(style)
                self._active.pop(model, None)

    def _add_style(self, pipe: Any, model: str, name: str) -> None:
        from peft import LoraConfig, set_peft_model_state_dict
        from safetensors.torch import load_file

        style = styles.find(name, self._settings, models.facts(models.folder(model)))
        config = LoraConfig.from_pretrained(str(style.folder))
        config.inference_mode = True
        with warnings.catch_warnings():
            # peft warns of a second adapter in one model; several people's styles side by side are what we want.
            warnings.filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
            pipe.unet.add_adapter(config, adapter_name=name)
        state = {
            key.removeprefix(styles.PREFIX): value for key, value in load_file(style.folder / styles.WEIGHTS).items()
        }
        set_peft_model_state_dict(pipe.unet, state, adapter_name=name)
        pipe.unet.to(self.device)
        self._active.pop(model, None)

    def _most(self) -> int:
        if self.device.type != "cuda":
            return 3
        return 3 if torch.cuda.get_device_properties(self.device).total_memory > ROOMY else 1

    def _put_away(self, model: str) -> None:
        log.info("put away", extra={"model": model})
        del self._loaded[model]
        self._active.pop(model, None)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _load(self, folder: Path) -> Any:
        from diffusers import StableDiffusionPipeline

        begun = time.monotonic()
        try:
            pipe = StableDiffusionPipeline.from_pretrained(
                folder,
                dtype=self.dtype,
                use_safetensors=True,
                local_files_only=True,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
                variant=checkpoints.variant(folder, half=self.dtype == torch.float16),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The checkpoint in {folder} cannot be loaded: {error}"
            raise NoModel(message) from error
        pipe.to(self.device)
        if self.device.type == "cuda":
            pipe.unet.to(memory_format=torch.channels_last)
            pipe.vae.to(memory_format=torch.channels_last)
        log.info("loaded", extra={"model": str(folder), "seconds": round(time.monotonic() - begun, 2)})
        return pipe


def _activate(unet: Any, style: str | None, weight: float) -> None:
    if style is None:
        if getattr(unet, "peft_config", None):
            unet.disable_lora()
        return
    unet.set_adapters([style], [weight])
    unet.enable_lora()
