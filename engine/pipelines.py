"""Checkpoints on the device: loaded on use, shared between approaches, put away before another one needs the room."""

import gc
import logging
import time
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

from engine import checkpoints, models, predicting, styles
from engine.contract.errors import NoModel
from engine.settings import Settings
from engine.wave import Mix, Quality

log = logging.getLogger(__name__)

# Two half-precision Stable Diffusions with their waves want more than this beside each other.
ROOMY = 24 * 2**30

Key = tuple[str, torch.dtype]


class Pipelines:
    """All calls come from one thread, the painter's."""

    def __init__(self, settings: Settings, device: torch.device) -> None:
        self._settings, self.device = settings, device
        # fp16 rather than bf16: three more bits of mantissa at the same speed, and older cards have no other.
        self.dtype = torch.float16 if device.type == "cuda" else torch.float32
        self._loaded: OrderedDict[Key, Any] = OrderedDict()
        self._active: dict[Key, tuple[str | None, float]] = {}

    def get(self, model: str, quality: Quality = "reference") -> Any:
        """The StableDiffusionPipeline of `model`. Raises NoModel."""
        key = model, self._dtype(quality)
        if key not in self._loaded:
            while len(self._loaded) >= self._most():
                self._put_away(next(iter(self._loaded)))
            self._loaded[key] = self._load(models.folder(model), key[1])
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def styled(self, mix: Mix) -> Any:
        """The pipeline with the mix's style acting at its weight, and no other."""
        pipe, key = self.get(mix.model, mix.quality), (mix.model, self._dtype(mix.quality))
        if mix.style is not None and _slot(mix.style) not in getattr(pipe.unet, "peft_config", {}):
            self._add_style(pipe, mix.model, mix.style)
            self._active.pop(key, None)
        if self._active.get(key, (None, 0.0)) != (mix.style, mix.weight):
            _activate(pipe.unet, mix.style, mix.weight)
            self._active[key] = (mix.style, mix.weight)
        return pipe

    def forget_style(self, style: str) -> None:
        """Take a style out of every loaded base, so that a changed file is read again."""
        for key, pipe in self._loaded.items():
            if _slot(style) in getattr(pipe.unet, "peft_config", {}):
                with warnings.catch_warnings():
                    # peft tells which one acts now; the next wave decides that anyway.
                    warnings.filterwarnings("ignore", "Adapter .* was active which is now deleted", UserWarning)
                    pipe.unet.delete_adapters(_slot(style))
                self._active.pop(key, None)

    def _add_style(self, pipe: Any, model: str, name: str) -> None:
        from peft import LoraConfig, set_peft_model_state_dict
        from safetensors.torch import load_file

        style = styles.find(name, self._settings, models.facts(models.folder(model)))
        config = LoraConfig.from_pretrained(str(style.folder))
        config.inference_mode = True
        # Dropout is for training; peft's new layers would go on with it, and no two pictures would be the same.
        config.lora_dropout = 0.0
        with warnings.catch_warnings():
            # peft warns of a second adapter in one model; several people's styles side by side are what we want.
            warnings.filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
            pipe.unet.add_adapter(config, adapter_name=_slot(name))
        state = {
            key.removeprefix(styles.PREFIX): value for key, value in load_file(style.folder / styles.WEIGHTS).items()
        }
        set_peft_model_state_dict(pipe.unet, state, adapter_name=_slot(name))
        pipe.unet.to(self.device)

    def _dtype(self, quality: Quality) -> torch.dtype:
        """Fast is bf16 on processors that have instructions for it; a card paints in half precision anyway."""
        fast = quality == "fast" and self.device.type == "cpu" and _has_bf16()
        return torch.bfloat16 if fast else self.dtype

    def _most(self) -> int:
        if self.device.type != "cuda":
            return 3
        return 3 if torch.cuda.get_device_properties(self.device).total_memory > ROOMY else 1

    def _put_away(self, key: Key) -> None:
        log.info("put away", extra={"model": key[0]})
        del self._loaded[key]
        self._active.pop(key, None)
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _load(self, folder: Path, dtype: torch.dtype) -> Any:
        from diffusers import StableDiffusionPipeline

        begun = time.monotonic()
        try:
            pipe = StableDiffusionPipeline.from_pretrained(
                folder,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
                variant=checkpoints.variant(folder, half=dtype == torch.float16),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"The checkpoint in {folder} cannot be loaded: {error}"
            raise NoModel(message) from error
        pipe.to(self.device)
        if self.device.type == "cuda":
            pipe.unet.to(memory_format=torch.channels_last)
        else:
            predicting.prepare(pipe.unet)
        # The autoencoder gains from channels that lie side by side, the small denoising model on a processor loses.
        pipe.vae.to(memory_format=torch.channels_last)
        log.info("loaded", extra={"model": str(folder), "seconds": round(time.monotonic() - begun, 2)})
        return pipe


def _slot(style: str) -> str:
    """The style's name in the model. Bare words such as “half” or “training” are torch's own."""
    return f"style-{style}"


def _activate(unet: Any, style: str | None, weight: float) -> None:
    if style is None:
        if getattr(unet, "peft_config", None):
            unet.disable_lora()
        return
    unet.set_adapters([_slot(style)], [weight])
    unet.enable_lora()


def _has_bf16() -> bool:
    """Whether this processor multiplies in bf16; without that bf16 is slower than fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001 - no public name
