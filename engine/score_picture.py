"""How well any picture agrees with a prompt, and which reference prompts come near: what the number means."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.contract.approaches import JUDGES, Profile
from engine.contract.scoring import Near, Scored
from engine.download_bar import download_bar
from engine.evaluation.looking import judge_in
from engine.evaluation.prompt_sets import SHIPPED, read
from engine.fetching import OnBytes
from engine.metrics.references import standing
from engine.opening import opened_file
from engine.painter import Pixels
from engine.quiet import quiet
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.metrics.clip import Judge


@lru_cache(maxsize=1)
def kept_judge(folder: Path) -> "Judge":
    """The judge on the CPU, loaded once: the painters keep their device, and the scores are those of an evaluation."""
    quiet()
    return judge_in(folder)


def score_picture(settings: Settings, picture: Path, prompt: str) -> dict[str, Any]:
    """As JSON. Raises BadRequest, NoModel, DiskFull."""
    pixels = opened_file(picture)
    profile, _ = models.choose_profile(settings)
    with download_bar("judge") as fetching:
        score = scored(pixels, prompt, profile, fetching)
    return as_json(score, picture, prompt)


def scored(picture: Pixels, prompt: str, profile: Profile, fetching: OnBytes) -> Scored:
    """The plain cosine, its rank among the reference prompts and the nearest of these. Blocks.

    The references are the profile's shipped prompts without this one, however it is written. The judge takes the
    picture's centre square.
    """
    folder = models.folder(JUDGES[profile], fetching, judge=True)
    shipped = (entry.prompt for entry in read(SHIPPED[profile]).prompts)
    references = [reference for reference in shipped if _letters(reference) != _letters(prompt)]
    judge = kept_judge(folder)
    text, *reference_vectors = judge.texts([prompt, *references])
    ranking = standing(judge.features([picture])[0], text, np.stack(reference_vectors), references)
    return Scored(
        score=ranking.score,
        judge=JUDGES[profile],
        rank=ranking.rank,
        of=ranking.of,
        references=SHIPPED[profile],
        nearest=tuple(Near(prompt=words, score=score) for words, score in ranking.nearest),
        tokens_not_scored=models.tokens_cut(folder, prompt),
        profile=profile,
    )


def _letters(prompt: str) -> list[str]:
    """“Neon-glasses” is no competitor of “neon glasses”."""
    return re.findall(r"\w+", prompt.casefold())


def as_json(score: Scored, picture: Path, prompt: str) -> dict[str, Any]:
    """What `score --json` prints."""
    fields = score.model_dump(mode="json", exclude={"event"})
    return {"picture": str(picture), "prompt": prompt, "scale": "cosine", **fields}
