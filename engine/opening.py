"""Pictures by strangers, opened with care: few formats, no bombs, and a sentence for whatever is wrong with one."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.contract.errors import BadRequest
from engine.contract.scoring import FORMATS, MOST_BYTES, MOST_PIXELS
from engine.flat import flat
from engine.painter import Pixels

KINDS = "PNG, JPEG, WebP and GIF can be read"


def opened_file(picture: Path) -> Pixels:
    """`opened` for a file on this machine. Raises BadRequest."""
    try:
        return opened(picture.read_bytes(), str(picture))
    except FileNotFoundError as error:
        raise BadRequest(f"There is no file {picture}.") from error
    except OSError as error:
        raise BadRequest(f"{picture} cannot be read ({error.strerror or type(error).__name__}).") from error


def opened(data: bytes, name: str = "The file") -> Pixels:
    """The picture the right way up, on white where it is transparent; of a moving one its first frame.

    Its size is known from its head, before anything is unpacked. Raises BadRequest for what is no picture.
    """
    if len(data) > MOST_BYTES:
        raise BadRequest(f"{name} is {len(data) / 1e6:.1f} MB; a picture may be at most {MOST_BYTES / 1e6:.0f} MB.")
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that we refuse ourselves, with a lower limit.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check(image, name)
                return np.asarray(flat(image))
    except BadRequest:
        raise
    except Image.DecompressionBombError as error:
        raise BadRequest(f"{name} would unpack to an enormous picture, so it is not opened.") from error
    except UnidentifiedImageError as error:
        raise BadRequest(f"{name} is not a picture that can be read; {KINDS}.") from error
    # Pillow's decoders raise whatever the damage leads them to.
    except Exception as error:
        raise BadRequest(f"{name} is damaged or incomplete; {KINDS}.") from error


def _check(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS / 1e6:.0f} million"
        raise BadRequest(f"{name} has {width} x {height} pixels; a picture may have at most {most}.")
