"""Drawings of combinations that no training saw, and how many of their facts a judge gets right.

Asked are the judge that ships, which chooses among texts, and the examiner, which names what it sees.
"""

import random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.embedded.drawings import Scene, draw, facts, sample
from engine.embedded.drawings.captions import article, caption
from engine.embedded.drawings.facts import KINDS, WORN
from engine.embedded.drawings.scene import WEARERS
from engine.embedded.training.judging import look_at, text_vectors
from engine.embedded.training.tokenizer import token_ids
from engine.embedded.vocabulary import COLOURS, SUBJECTS

MANY = 512
_OPENINGS = ("", "a picture of ", "a photo of ")
_THINGS = {"neon glasses": "neon glasses", "glasses": "glasses", "hat": "a hat", "scarf": "a scarf"}


def scenes(seed: int, many: int = MANY) -> list[Scene]:
    """Held-out combinations, every subject as often as the others."""
    rng = random.Random(f"{seed}/exam")  # noqa: S311 - pictures, no secrets
    return [sample(rng, SUBJECTS[number % len(SUBJECTS)], held_out=True) for number in range(many)]


class Exam:
    def __init__(self, seed: int, tokenizer: Any, many: int = MANY) -> None:
        self.scenes = scenes(seed, many)
        self.facts = np.array([facts(scene, "colour") for scene in self.scenes])
        self.pixels = np.stack([np.asarray(draw(scene)) for scene in self.scenes])
        self._tokenizer = tokenizer

    def prompts(self) -> list[str]:
        """A caption of each scene, without an opening."""
        rng = random.Random(len(self.scenes))  # noqa: S311 - captions, no secrets
        return [caption(scene, rng, opening="") for scene in self.scenes]

    def of_judge(self, judge: Any, pixels: npt.NDArray[np.uint8] | None = None) -> dict[str, float]:
        """How often the nearest text is the right one: among all bare subjects; among the colours of the subject; among
        what the subject may wear. `pixels`, one for each scene, are judged in place of the drawings."""
        was_training = judge.training
        judge.eval()
        vectors = look_at(judge, self.pixels if pixels is None else pixels, str(judge.device))
        answers = {
            "subject": self._nearest(judge, vectors, [[article(subject) for subject in SUBJECTS]] * len(vectors)),
            "colour": self._nearest(judge, vectors, [_coloured(scene) for scene in self.scenes]),
        }
        wearing = [number for number, scene in enumerate(self.scenes) if scene.worn and scene.subject in WEARERS]
        worn = self._nearest(judge, vectors[wearing], [_dressed(self.scenes[number]) for number in wearing])
        judge.train(was_training)
        shares = {kind: _share(nearest, self.facts[:, KINDS.index(kind)]) for kind, nearest in answers.items()}
        return {**shares, "worn": _share(worn + 1, self.facts[wearing, KINDS.index("worn")])}

    @torch.no_grad()
    def _nearest(self, judge: Any, vectors: Tensor, choices: list[list[str]]) -> npt.NDArray[np.int64]:
        texts = list(dict.fromkeys(text for options in choices for text in options))
        phrases = [opening + text for text in texts for opening in _OPENINGS]
        phrase_vectors = text_vectors(judge, token_ids(self._tokenizer, phrases).to(vectors.device))
        mean = functional.normalize(phrase_vectors.view(len(texts), len(_OPENINGS), -1).mean(1), dim=-1)
        index = {text: number for number, text in enumerate(texts)}
        cosines = (vectors @ mean.T).float().cpu().numpy()
        return np.array(
            [
                int(row[[index[text] for text in options]].argmax())
                for row, options in zip(cosines, choices, strict=True)
            ]
        )


def _coloured(scene: Scene) -> list[str]:
    return [article(f"{colour} {scene.subject}") for colour in COLOURS]


def _dressed(scene: Scene) -> list[str]:
    return [f"{article(scene.subject)} wearing {_THINGS[thing]}" for thing in WORN[1:]]


def _share(answers: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> float:
    return float((answers == right).mean()) if len(right) else float("nan")
