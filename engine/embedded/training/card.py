"""The model card: the page of `card.md` with what the stages measured."""

from pathlib import Path
from string import Template
from typing import Any

from engine.embedded.training.stages import STAGES, measured, minutes
from engine.embedded.training.workshop import Workshop
from engine.embedded.vocabulary import KNOWN, SUBJECTS

_PARTS = {
    "text encoder": ("`CLIPTextModel`, 3 layers of 128", "pipeline/text_encoder"),
    "UNet": ("`UNet2DConditionModel`, widths 48, 96, 128", "pipeline/unet"),
    "autoencoder": ("`AutoencoderKL`, widths 16, 32, 64; 64 x 64 pixels to 8 x 16 x 16", "pipeline/vae"),
    "judge": ("`CLIPModel`, text 3 x 128, pictures 4 x 128, patches of 8", "judge"),
    "examiner": ("four convolutional blocks (`training/examiner.py`)", "examiner"),
}


def make(workshop: Workshop, _steps: int) -> dict[str, Any]:
    """Writes README.md beside the weights."""
    page = Template((Path(__file__).parent / "card.md").read_text()).substitute(_facts(workshop))
    (workshop.out / "README.md").write_text(page)
    return {"lines": page.count("\n")}


def _facts(workshop: Workshop) -> dict[str, Any]:
    look, pictures, decoder = (measured(workshop, name) for name in ("look", "pictures", "decoder"))
    denoiser = measured(workshop, "denoiser")
    return {
        "parts": "\n".join(_part(workshop, name) for name in _PARTS),
        "entries": measured(workshop, "tokenizer")["entries"],
        "latent_rgb": f"{look['latent_rgb']:.3f}",
        "subjects": len(SUBJECTS),
        "words": len(KNOWN),
        **{manner: f"{n:,}" for manner, n in pictures.items()},
        "many": look["many"],
        **_table("e", look["examiner"]),
        **_table("j", look["judge"]),
        "by_subject": ", ".join(f"{subject} {share:.2f}" for subject, share in look["by_subject"].items()),
        "colour_db": f"{decoder['colour_db']:.1f}",
        "sketch_db": f"{decoder['sketch_db']:.1f}",
        "held_out": denoiser["held_out"],
        "without_words": denoiser["without_words"],
        "hours": f"{sum(stage.minutes * (stage.cores or 2) for stage in STAGES.values()) / 120:.1f}",
        "stages": ", ".join(STAGES).capitalize(),
        "times": "\n".join(
            f"| {name} | {minutes(workshop, name)} | {measured(workshop, name).get('steps', '')} |"
            for name in STAGES
            if name != "card"
        ),
    }


def _part(workshop: Workshop, name: str) -> str:
    from safetensors import safe_open

    description, folder = _PARTS[name]
    path = next((workshop.weights / folder).glob("*.safetensors"))
    with safe_open(path, "pt") as file:
        numbers = sum(file.get_tensor(key).numel() for key in file.keys())  # noqa: SIM118 - it is no dict
    return f"| {name} | {description} | {numbers / 1e6:.2f} million | {path.stat().st_size / 1e6:.1f} MB |"


def _table(letter: str, look: dict[str, dict[str, float]]) -> dict[str, str]:
    return {
        f"{letter}{row[0]}_{name}": f"{value:.3f}" for row, measures in look.items() for name, value in measures.items()
    }
