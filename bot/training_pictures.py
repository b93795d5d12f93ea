"""The pictures of a training as files with words for screen readers. `name` is the job's id or the style's name."""

from bot.chat import Picture


def plot_picture(style: str, name: str, plot: bytes) -> Picture:
    """The losses by epoch, as PNG."""
    alt = f"The training and held-out loss of the style {style} by epoch, the best epoch marked."
    return Picture(f"tessera-{name}-loss.png", plot, alt)


def sheet_picture(style: str, name: str, data: bytes) -> Picture:
    """Before and after, as PNG or JPEG."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpg"
    alt = f"Samples of the style {style}: one row each for weights 0, 0.5 and 1, with the same prompts and seeds."
    return Picture(f"tessera-{name}-samples.{kind}", data, alt)
