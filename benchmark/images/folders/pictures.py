"""Decoding pictures: every mode becomes RGB, every size a square.

The shorter side is resized to the resolution, bilinearly and with antialiasing, and the middle is
cut out, as torchvision's ``Resize`` and ``CenterCrop`` do. Where a camera was held askew, which its
EXIF data may say, is ignored, as it is there.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from benchmark.errors import InputError
from benchmark.files import reason

CHANNELS = 3
MOST_RATIO = 100  # of a picture's sides
_DEEP = ("I", "F")  # first letters of modes of more than eight bits


def read_pictures(folder: Path, names: Sequence[str], resolution: int) -> NDArray[np.uint8]:
    """Return pictures of a folder as uint8 [n, 3, R, R]."""
    found = np.empty((len(names), CHANNELS, resolution, resolution), np.uint8)
    for place, name in enumerate(names):
        found[place] = read_picture(folder / name, resolution)
    return found


def read_picture(path: Path, resolution: int) -> NDArray[np.uint8]:
    """Return a picture as uint8 [3, R, R]; one that is broken is an `InputError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF data and palettes, which say nothing here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                if picture.mode.startswith(_DEEP):
                    raise InputError(
                        f"{path} has more than eight bits a channel: save it with eight"
                    )
                if max(picture.size) > MOST_RATIO * min(picture.size):
                    width, height = picture.size
                    raise InputError(
                        f"{path} has {width:,}×{height:,} pixels, a longer side of more than "
                        f"{MOST_RATIO} shorter ones: take it away"
                    )
                square = _square(picture.convert("RGB"), resolution)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path} has too many pixels: make the picture smaller, or take it away"
        ) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is no picture that can be read: take it away") from error
    except OSError as error:
        why = reason(error) if error.errno else str(error)
        raise InputError(f"cannot read {path}: {why}; get the picture again") from error
    except (SyntaxError, ValueError, EOFError, MemoryError, OverflowError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"cannot read {path}: {why}; get the picture again") from error
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _square(picture: Image.Image, resolution: int) -> Image.Image:
    """Resize the shorter side and cut out the middle."""
    width, height = picture.size
    shorter = min(width, height)
    wide, high = (int(resolution * side / shorter) for side in (width, height))
    resized = picture.resize((wide, high), Image.Resampling.BILINEAR)
    left, top = round((wide - resolution) / 2), round((high - resolution) / 2)
    return resized.crop((left, top, left + resolution, top + resolution))
