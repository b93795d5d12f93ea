"""How well any picture agrees with a prompt, and which reference prompts come near: what the number means."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from engine import models
from engine.contract.approaches import JUDGES
from engine.contract.errors import BadRequest
from engine.evaluation.looking import judge_in
from engine.evaluation.prompt_sets import SHIPPED, read
from engine.evaluation.watched import watched
from engine.metrics.references import standing
from engine.painter import Pixels
from engine.quiet import quiet
from engine.settings import Settings


def score_picture(settings: Settings, picture: Path, prompt: str) -> dict[str, Any]:
    """As JSON: the plain cosine, its judge, its rank among the reference prompts and the nearest of these.

    The references are the profile's shipped prompts without this one. Raises BadRequest, NoModel, DiskFull.
    """
    quiet()
    pixels = opened(picture)
    profile, _ = models.choose_profile(settings)
    with watched("judge") as fetching:
        folder = models.folder(JUDGES[profile], fetching, judge=True)
    references = [each.prompt for each in read(SHIPPED[profile]).prompts if each.prompt.lower() != prompt.lower()]
    judge = judge_in(folder)
    text, *others = judge.texts([prompt, *references])
    found = standing(judge.features([pixels])[0], text, np.stack(others), references)
    return {
        "picture": str(picture),
        "prompt": prompt,
        "score": found.score,
        "scale": "cosine",
        "judge": JUDGES[profile],
        "rank": found.rank,
        "of": found.of,
        "references": SHIPPED[profile],
        "nearest": [{"prompt": words, "score": score} for words, score in found.nearest],
        "tokens_not_scored": models.tokens_cut(folder, prompt),
        "profile": profile,
    }


def in_words(found: dict[str, Any]) -> str:
    """The same for a person."""
    judge = "the embedded model's own judge" if found["judge"] == "embedded" else found["judge"]
    lines = [
        f"Score {found['score']:.3f} (cosine; judged by {judge}).",
        f"Rank {found['rank']} of {found['of']} among the reference prompts ({found['references']}). The nearest:",
        *(f"  {near['score']:.3f}  {near['prompt']}" for near in found["nearest"]),
    ]
    if found["tokens_not_scored"]:
        lines.append(f"The last {found['tokens_not_scored']} tokens of the prompt were too many for the judge.")
    return "\n".join(lines)


def opened(picture: Path) -> Pixels:
    """The picture the right way up, on white where it is transparent; the judge takes its centre square.

    Raises BadRequest for what is no picture.
    """
    try:
        with warnings.catch_warnings():
            # Pillow only warns about a picture that unpacks to something enormous.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(picture) as image:
                return np.asarray(_on_white(ImageOps.exif_transpose(image)))
    except FileNotFoundError as error:
        raise BadRequest(f"There is no file {picture}.") from error
    # Pillow's decoders raise whatever the damage leads them to.
    except Exception as error:
        raise BadRequest(
            f"{picture} is no picture that can be read ({type(error).__name__}); PNG, JPEG, WebP and GIF can."
        ) from error


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
