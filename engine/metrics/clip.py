"""The judge: a CLIP model that says how well a picture and a text agree, as a plain cosine in fp32."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine import cores
from engine.painter import Pixels, Scores

BATCH = 64
REMEMBERED = 2048
"""Pictures. Photos come again as fillers, grid after grid; a unit vector takes two or three kilobytes."""


@dataclass(frozen=True)
class Inputs:
    """What the judge looks at. `keys` has one for each picture; `remembered` were looked at before, `values` are those
    of the rest, shape (fresh, 3, height, width)."""

    keys: tuple[bytes, ...]
    remembered: dict[bytes, Tensor]
    fresh: tuple[bytes, ...]
    values: Tensor | None


class Judge:
    """CLIP (Radford et al. 2021). Pictures go through the PIL image processor, as in the reference computation."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        from transformers import CLIPModel, CLIPTokenizer
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

        self._model: Any = (
            CLIPModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).to(device).eval()
        )
        self._processor = CLIPImageProcessorPil.from_pretrained(folder)
        self._tokenizer = CLIPTokenizer.from_pretrained(folder)
        self._device = device
        self._text = lru_cache(maxsize=256)(self._encode_text)
        self._remembered: dict[bytes, Tensor] = {}

    def scores(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Scores:
        """Cosines, shape (pictures, texts). A text longer than the judge's context is cut, as CLIP does."""
        return np.concatenate([self.cosines([self.inputs(part)], texts) for part in _parts(pictures)])

    def inputs(self, pictures: Sequence[Pixels]) -> Inputs:
        """Made on the processor, in any thread."""
        keys = tuple(map(_key, pictures))
        remembered = {key: vector for key in keys if (vector := self._remembered.get(key)) is not None}
        fresh = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in remembered}
        return Inputs(keys, remembered, tuple(fresh), self._values(list(fresh.values())) if fresh else None)

    def cosines(self, inputs: Sequence[Inputs], texts: Sequence[str]) -> Scores:
        """Cosines, shape (pictures, texts), of all parts in order."""
        with torch.inference_mode():
            words = torch.cat([self._text(text) for text in texts])
            vectors = {key: vector for part in inputs for key, vector in part.remembered.items()}
            fresh = [key for part in inputs for key in part.fresh]
            values = [part.values for part in inputs if part.values is not None]
            if values:
                features = torch.cat([self._look(batch) for batch in torch.split(torch.cat(values), BATCH)])
                # Clones: a row that is remembered would keep its whole batch.
                vectors |= zip(fresh, (row.clone() for row in features), strict=True)
            products = torch.stack([vectors[key] for part in inputs for key in part.keys]) @ words.T
        self._remember(vectors)
        scores: Scores = products.cpu().numpy().astype(np.float32)
        return scores

    def features(self, pictures: Sequence[Pixels]) -> Scores:
        """The pictures as unit vectors, shape (pictures, width): the dot product of two says how alike they look."""
        with torch.inference_mode():
            parts = [self._look(self._values(part)) for part in _parts(pictures)]
        vectors: Scores = torch.cat(parts).cpu().numpy().astype(np.float32)
        return vectors

    def texts(self, texts: Sequence[str]) -> Scores:
        """The texts as unit vectors, shape (texts, width). What is longer than the judge's context is cut."""
        with torch.inference_mode():
            words = torch.cat([self._text(text) for text in texts])
        vectors: Scores = words.cpu().numpy().astype(np.float32)
        return vectors

    def _values(self, pictures: Sequence[Pixels]) -> Tensor:
        values: Tensor = self._processor(list(pictures), return_tensors="pt").pixel_values
        return values

    def _remember(self, vectors: dict[bytes, Tensor]) -> None:
        """The newest last; only the painter's thread writes here."""
        for key, vector in vectors.items():
            self._remembered.pop(key, None)
            self._remembered[key] = vector
        while len(self._remembered) > REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))

    def _look(self, inputs: Tensor) -> Tensor:
        def part(_index: int, rows: Tensor) -> Tensor:
            return _unit(self._model.get_image_features(pixel_values=rows.to(self._device)))

        return torch.cat(cores.spread(part, inputs, device=self._device))

    def _encode_text(self, text: str) -> Tensor:
        inputs = self._tokenizer([text], truncation=True, return_tensors="pt").to(self._device)
        return cores.alone(lambda: self._read(inputs), self._device)

    @torch.inference_mode()
    def _read(self, inputs: Any) -> Tensor:
        return _unit(self._model.get_text_features(**inputs))


def _parts(pictures: Sequence[Pixels]) -> Iterator[Sequence[Pixels]]:
    return (pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH))


def _key(picture: Pixels) -> bytes:
    return blake2b(np.ascontiguousarray(picture).data, digest_size=16, person=f"{picture.shape}".encode()[:16]).digest()


def _unit(features: Any) -> Tensor:
    vectors: Tensor = features if isinstance(features, Tensor) else features.pooler_output
    return torch.nn.functional.normalize(vectors, dim=-1)
