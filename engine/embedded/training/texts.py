"""The texts that the judge learns from and is asked, each with the facts that it tells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.embedded.drawings.captions import article
from engine.embedded.drawings.facts import KINDS, UNTOLD, WORN
from engine.embedded.drawings.scene import WEARERS
from engine.embedded.training.gaps import shows_a_gap
from engine.embedded.training.pictures import CAPTIONS, Pictures
from engine.embedded.training.tokenizer import LENGTH, token_ids
from engine.embedded.vocabulary import COLOURS, OPENINGS, SUBJECTS

Facts = npt.NDArray[np.int64]
_THINGS = ("", " wearing neon glasses", " wearing glasses", " wearing a hat", " wearing a scarf")


@dataclass(frozen=True)
class Texts:
    """Token ids (n, 32) and what each text tells (n, kinds)."""

    ids: Tensor
    facts: Facts


class Library:
    """The captions of the drawings, and short texts: a subject, a colour and a subject, a subject and what it wears."""

    def __init__(self, drawings: Pictures, tokenizer: Any) -> None:
        captions = [text for texts in drawings.captions for text in texts]
        self._captions = token_ids(tokenizer, captions).view(-1, CAPTIONS, LENGTH)
        self._caption_facts = drawings.caption_facts
        short = list(short_texts())
        self._short = Texts(token_ids(tokenizer, [text for text, _ in short]), np.array([facts for _, facts in short]))
        self._of_subject = [np.flatnonzero(self._short.facts[:, 0] == subject) for subject in range(len(SUBJECTS))]
        # A held-out combination is never right in a training: its text would only be learned as wrong.
        self._allowed = ~shows_a_gap(self._short.facts)
        self._allowed_of_subject = [rows[self._allowed[rows]] for rows in self._of_subject]

    def captions(self, rows: Facts, rng: np.random.Generator) -> Texts:
        """One caption of each of these pictures, by lot."""
        numbers = rng.integers(0, CAPTIONS, len(rows))
        return Texts(self._captions[rows, numbers], self._caption_facts[rows, numbers])

    def short(self, picture_facts: Facts, rng: np.random.Generator) -> Texts:
        """A short text that is right for each of these pictures (n, kinds)."""
        rows = []
        for facts in picture_facts:
            candidates = self._of_subject[facts[0]]
            text_facts = self._short.facts[candidates]
            rows.append(rng.choice(candidates[((text_facts == facts) | (text_facts == UNTOLD)).all(1)]))
        return self._short_texts(np.array(rows))

    def near_misses(self, picture_facts: Facts, rng: np.random.Generator) -> Texts:
        """Short texts that are nearly right for these pictures: the same subject otherwise, or the same of another."""
        rows = [rng.choice(self._allowed_of_subject[facts[0]]) for facts in picture_facts[::2]]
        for facts in picture_facts[1::2]:
            similar = (self._short.facts[:, 1] == facts[1]) | (self._short.facts[:, 2] == max(1, facts[2]))
            rows.append(rng.choice(np.flatnonzero(similar & self._allowed)))
        return self._short_texts(np.array(rows))

    def _short_texts(self, rows: Facts) -> Texts:
        return Texts(self._short.ids[rows], self._short.facts[rows])


def short_texts() -> list[tuple[str, tuple[int, ...]]]:
    """Every short text with its facts."""
    texts = []
    for number, subject in enumerate(SUBJECTS):
        texts += [(opening + article(subject), _facts(number)) for opening in OPENINGS]
        for opening in ("", "a picture of "):
            texts += [(opening + article(f"{c} {subject}"), _facts(number, colour=n)) for n, c in enumerate(COLOURS)]
        if subject in WEARERS:
            texts += [(article(subject) + _THINGS[n], _facts(number, worn=n)) for n in range(1, len(WORN))]
    return texts


def _facts(subject: int, colour: int = UNTOLD, worn: int = UNTOLD) -> tuple[int, ...]:
    return (subject, colour, worn, *[UNTOLD] * (len(KINDS) - 3))


def joined(*parts: Texts) -> Texts:
    return Texts(torch.cat([part.ids for part in parts]), np.concatenate([part.facts for part in parts]))
