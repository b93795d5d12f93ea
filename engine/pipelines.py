"""Checkpoints on the device: loaded on use, shared between approaches, evicted before another one needs the room."""

import gc
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from engine import checkpoints, models, predicting, styles
from engine.contract.errors import NoModel
from engine.contract.grid import Quality
from engine.device import calls
from engine.device.memory import memory_of
from engine.settings import Settings
from engine.wardrobe import Wardrobe
from engine.wave import Mix

if TYPE_CHECKING:
    from engine.device.card import Card
    from engine.device.forms import Forms

log = logging.getLogger(__name__)

# Two half-precision Stable Diffusions with their waves want more than this beside each other.
ROOMY = 24 * 2**30

Key = tuple[str, torch.dtype]


@dataclass
class Loaded:
    """A checkpoint on the device; `forms` where a card runs it."""

    pipe: Any
    wardrobe: Wardrobe
    forms: "Forms | None"


class Pipelines:
    """All calls come from one thread, the painter's. Without a card the models are readied for a processor."""

    def __init__(self, settings: Settings, device: torch.device, card: "Card | None" = None) -> None:
        self._settings, self.device, self._card = settings, device, card
        self.dtype = usual_dtype(device)
        self._loaded: OrderedDict[Key, Loaded] = OrderedDict()

    def get(self, model: str, quality: Quality = "reference") -> Loaded:
        """`model` on the device. Raises NoModel."""
        key = model, self._dtype(quality)
        if key not in self._loaded:
            while len(self._loaded) >= self._most():
                self._put_away(next(iter(self._loaded)))
            pipe = self._load(models.folder(model), key[1])
            forms = self._card.forms(model, pipe) if self._card else None
            self._loaded[key] = Loaded(pipe, Wardrobe(pipe.unet), forms)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def dress(self, loaded: Loaded, mix: Mix) -> None:
        """Let the mix's style act on its model at its weight, and no other. Raises BadStyle, NoModel."""
        if mix.style is not None and not loaded.wardrobe.knows(mix.style):
            facts = models.facts(models.folder(mix.model))
            style = styles.find(mix.style, self._settings, mix.model, facts)
            loaded.wardrobe.learn(style.name, style.folder)
        loaded.wardrobe.wear(mix.style, mix.weight)

    def forget_style(self, style: str) -> None:
        """A changed file is read again before it is used next."""
        for loaded in self._loaded.values():
            loaded.wardrobe.forget(style)

    def make_room(self) -> bool:
        """The memory is full. On a card every model is from now on run with half as much at once, until the next start;
        what was recorded is given back. Whether that is less than before."""
        if self._card is None:
            return False
        log.warning("the memory of the device is full: from now on half as many pictures are painted together")
        less = self._card.make_room()
        for (model, _), loaded in self._loaded.items():
            if loaded.forms:
                loaded.forms.close()
            loaded.forms = self._card.forms(model, loaded.pipe)
        return less

    def close(self) -> None:
        """Nothing more is compiled."""
        for loaded in self._loaded.values():
            if loaded.forms:
                loaded.forms.close()

    def _dtype(self, quality: Quality) -> torch.dtype:
        """Fast is bf16 on processors that have instructions for it; a card paints in half precision anyway."""
        fast = quality == "fast" and self.device.type == "cpu" and _has_bf16()
        return torch.bfloat16 if fast else self.dtype

    def _most(self) -> int:
        if self.device.type != "cuda":
            return 3
        return 3 if memory_of(self.device) > ROOMY else 1

    def _put_away(self, key: Key) -> None:
        log.info("put away", extra={"model": key[0]})
        forms = self._loaded.pop(key).forms
        if forms:
            forms.close()
        del forms
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _load(self, folder: Path, dtype: torch.dtype) -> Any:
        from diffusers import StableDiffusionPipeline

        start = time.monotonic()
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
        if self._card:
            calls.prepare(pipe)
        else:
            predicting.prepare(pipe.unet)
            # The autoencoder gains from channels that lie side by side, the small denoising model loses here.
            pipe.vae.to(memory_format=torch.channels_last)
        log.info("loaded", extra={"model": str(folder), "seconds": round(time.monotonic() - start, 2)})
        return pipe


def usual_dtype(device: torch.device) -> torch.dtype:
    """fp16 rather than bf16 on a card: three more bits of mantissa at the same speed, and older cards have no other."""
    return torch.float16 if device.type == "cuda" else torch.float32


def _has_bf16() -> bool:
    """Whether this processor multiplies in bf16; without that bf16 is slower than fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001 - no public name
