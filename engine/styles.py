"""Styles: LoRA adapters in peft's layout, under DATA_DIR/styles or come with the model, checked before use."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engine import embedded
from engine.contract.approaches import EMBEDDED
from engine.contract.errors import BadRequest, BadStyle, NoStyle
from engine.contract.order import Text
from engine.contract.sentence import unknown
from engine.models import Facts
from engine.settings import Settings

WEIGHTS, CONFIG, CARD = "adapter_model.safetensors", "adapter_config.json", "card.json"
PREFIX = "base_model.model."
LONGEST = 1_000_000
"""Bytes of a card or a configuration; one of a thousand epochs has a tenth of it."""
WRONG = {
    "peft_type": "does not describe a LoRA adapter of peft",
    "r": "does not give r and lora_alpha as numbers",
    "lora_alpha": "does not give r and lora_alpha as numbers",
}
"""What to say of a field of the configuration."""
MATRIX = 2
"""Dimensions of a matrix; a convolution has more."""


class Config(BaseModel):
    """What counts of an adapter_config.json. To peft the names in `alpha_pattern` are regular expressions, of which one
    could be made to run for ever; here they are names.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    peft_type: Literal["LORA"]
    r: Annotated[int, Field(ge=1)]
    lora_alpha: float
    use_rslora: bool = False
    alpha_pattern: dict[Annotated[str, Field(pattern=r"^[\w.]+$")], float] = {}

    def strength(self, layer: str) -> float:
        """The factor of a layer's B, as peft takes it: a name means every layer that ends with it."""
        named = (alpha for name, alpha in self.alpha_pattern.items() if f".{layer}".endswith(f".{name}"))
        return next(named, self.lora_alpha) / (self.r**0.5 if self.use_rslora else self.r)


@dataclass(frozen=True)
class Style:
    """`words` dress a prompt so that the style answers; `alpha` / `rank` is the strength that was trained."""

    name: str
    folder: Path
    words: str | None
    rank: int
    alpha: float


def own_names(settings: Settings) -> list[str]:
    """The styles that were trained or taken in here, by name."""
    return _names_in(settings.styles_dir)


def names(settings: Settings, model: str) -> list[str]:
    """Our own, and those that come with the model."""
    return sorted({*own_names(settings), *(_names_in(embedded.STYLES) if model == EMBEDDED else ())})


def folder(name: str, settings: Settings) -> Path | None:
    """Where a style lies; our own hides one of its name that comes with a model. None where there is none."""
    roots = (settings.styles_dir, embedded.STYLES)
    return next((root / name for root in roots if name in _names_in(root)), None)


def find(name: str, settings: Settings, model: str, base: Facts) -> Style:
    """A style for the model of these facts, checked against it. Raises BadStyle, which says what is wrong with it."""
    style_names, style_folder = names(settings, model), folder(name, settings)
    if name not in style_names or style_folder is None:
        raise missing(name, style_names)
    return check(style_folder, base)


def missing(name: str, style_names: list[str]) -> NoStyle:
    """What to raise for a style that is none of `style_names`."""
    return NoStyle(
        unknown(name, style_names) if style_names else f"There is no style “{name}”: none has been trained yet."
    )


def card(name: str, settings: Settings) -> dict[str, Any]:
    """What is known of a style: its card as it was written, with its name, and whether it came with the model."""
    style_folder = folder(name, settings)
    return {
        **_readable_card(style_folder),
        "name": name,
        "shipped": style_folder is not None and style_folder.parent == embedded.STYLES,
    }


def words_instead(name: str, settings: Settings) -> str | None:
    """What to write into a prompt instead of using the style: its own words, or else what such pictures are called."""
    facts = card(name, settings)
    return next((facts[key] for key in ("words", "called") if facts.get(key) and isinstance(facts[key], str)), None)


def refuse_taken(name: str, settings: Settings, model: str) -> None:
    """Raises BadRequest where no new style of the model can have this name."""
    if (settings.styles_dir / name).exists():
        raise BadRequest(taken(name))
    if name in names(settings, model):
        raise BadRequest(f"The style “{name}” comes with the model. Choose another name.")


def taken(name: str) -> str:
    return f"There is already a style “{name}”. Choose another name, or delete or rename that one first."


def check(folder: Path, base: Facts) -> Style:
    """The style in `folder` if it can be used on `base`; only headers and the B matrices are read."""
    adapter, card = config(folder), _json(folder / CARD) if (folder / CARD).is_file() else {}
    shapes = _shapes(folder / WEIGHTS)
    _check_base(folder.name, shapes, base)
    _check_pairs(folder.name, shapes, adapter.r)
    return Style(folder.name, folder, _words(folder.name, card), adapter.r, adapter.lora_alpha)


def base_shapes(unet: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of a model that styles are used with."""
    from safetensors import safe_open

    file = next(iter(sorted(unet.glob("diffusion_pytorch_model*.safetensors"))))
    with safe_open(file, framework="pt") as tensors:
        return {key: tuple(tensors.get_slice(key).get_shape()) for key in tensors.keys()}  # noqa: SIM118 - not a dict


def _names_in(root: Path) -> list[str]:
    return sorted(folder.name for folder in root.iterdir() if (folder / CONFIG).is_file()) if root.is_dir() else []


def _readable_card(folder: Path | None) -> dict[str, Any]:
    """The card in a folder; nothing where it cannot be read, so that one bad card does not hide the other styles."""
    try:
        return _json(folder / CARD) if folder else {}
    except BadStyle:
        return {}


def _json(file: Path) -> dict[str, Any]:
    """An object that can be sent on as JSON: others write NaN and halves of characters, which nobody else reads."""
    try:
        if file.stat().st_size > LONGEST:
            raise BadStyle(f"The style “{file.parent.name}” cannot be used: its {file.name} is larger than 1 MB.")
        content = json.loads(file.read_text())
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        message = f"The style “{file.parent.name}” cannot be used: its {file.name} cannot be read."
        raise BadStyle(message) from error
    if not isinstance(content, dict):
        message = f"The style “{file.parent.name}” cannot be used: its {file.name} is not a JSON object."
        raise BadStyle(message)
    return content


def _words(name: str, card: dict[str, Any]) -> str | None:
    """What is added to prompts, or said of the style there; a stranger's may be as long as anybody's."""
    for key in ("words", "called"):
        try:
            TypeAdapter(Text | None).validate_python(card.get(key) or None)
        except ValidationError as error:
            message = f"The style “{name}” cannot be used: the {key} in its {CARD} are not text that a prompt can hold."
            raise BadStyle(message) from error
    return card.get("words")


def _shapes(file: Path) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor; refuses a file that is no safetensors, holds none, or whose B matrices are all zero."""
    from safetensors import SafetensorError, safe_open

    name = file.parent.name
    try:
        with safe_open(file, framework="pt") as tensors:
            shapes = {key: tuple(tensors.get_slice(key).get_shape()) for key in tensors.keys()}  # noqa: SIM118 - not a dict
            grown = any(tensors.get_tensor(key).any() for key in shapes if "lora_B" in key)
    except (SafetensorError, OSError) as error:
        message = (
            f"The style “{name}” cannot be used: {file.name} is not a complete safetensors file. "
            "Other formats, pickles above all, are never loaded."
        )
        raise BadStyle(message) from error
    if not shapes:
        message = f"The style “{name}” cannot be used: {file.name} holds no tensor at all. Save the adapter unmerged."
        raise BadStyle(message)
    if not grown:
        message = f"The style “{name}” cannot be used: all its B matrices are zero, so it would change nothing."
        raise BadStyle(message)
    return shapes


def config(folder: Path) -> Config:
    """The adapter's configuration. Raises BadStyle."""
    name, given = folder.name, _json(folder / CONFIG)
    try:
        return Config.model_validate(given)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        wrong = WRONG.get(field, f"gives {field} as nothing that peft writes")
        raise BadStyle(f"The style “{name}” cannot be used: its {CONFIG} {wrong}.") from error


def _check_pairs(name: str, shapes: dict[str, tuple[int, ...]], rank: int) -> None:
    """Every A has its B, both of the rank that the configuration tells."""
    for key, shape in shapes.items():
        other = key.replace(".lora_A.", ".lora_B.") if ".lora_A." in key else key.replace(".lora_B.", ".lora_A.")
        if other == key or other not in shapes:
            message = f"The style “{name}” cannot be used: {key} stands alone; a LoRA has an A and a B for every layer."
            raise BadStyle(message)
        if (shape[0] if ".lora_A." in key else math.prod(shape[1:])) != rank:
            message = f"The style “{name}” cannot be used: {key} is not of rank {rank}, as its {CONFIG} says."
            raise BadStyle(message)


def _check_base(name: str, shapes: dict[str, tuple[int, ...]], base: Facts) -> None:
    """Every A reads what the base's layer reads, every B writes what it writes."""
    layers = base_shapes(base.folder / "unet")
    for key, shape in shapes.items():
        layer, _, part = key.removeprefix(PREFIX).rpartition(".lora_")
        whole = layers.get(f"{layer}.weight", ())
        reads, writes = math.prod(shape[1:]) == math.prod(whole[1:]), shape[:1] == whole[:1]
        if min(len(shape), len(whole)) < MATRIX or not (reads if part.startswith("A") else writes):
            message = f"The style “{name}” was made for another base model: its layer {layer} does not fit."
            raise BadStyle(message)
