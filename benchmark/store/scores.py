"""Scores of the whole space as a short text, every bit of them.

Bytes of equal weight stand together before they are compressed: the upper ones of all scores are
alike and nearly vanish. Scores that a network computed in float32 take half the room.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.space import SIZE

_TYPES: dict[str, np.dtype[np.float32] | np.dtype[np.float64]] = {
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}


def encode_scores(scores: NDArray[np.float64]) -> dict[str, str]:
    """Return scores as text.

    Args:
        scores: Finite scores [15625].

    Returns:
        ``type``, the narrower of float32 and float64 that holds each score exactly, and ``data``:
        the little-endian numbers, first bytes first, compressed by zlib, in base64.

    Example:
        >>> text = encode_scores(np.arange(SIZE) / 8)
        >>> text["type"], np.array_equal(decode_scores(text), np.arange(SIZE) / 8)
        ('float32', True)
    """
    with np.errstate(over="ignore", under="ignore"):  # then the comparison fails
        is_narrow = np.array_equal(scores.astype(np.float32).astype(np.float64), scores)
    name = "float32" if is_narrow else "float64"
    numbers = scores.astype(_TYPES[name])
    planes = numbers.view(np.uint8).reshape(SIZE, numbers.itemsize).T
    return {
        "type": name,
        "data": base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode(),
    }


def decode_scores(text: Any) -> NDArray[np.float64]:
    """Return the scores [15625] of a text from `encode_scores`.

    Raises:
        InputError: The text is something else; nothing larger than the scores is ever unpacked.
    """
    try:
        kind = _TYPES[text["type"]]
        packed = base64.b64decode(text["data"], validate=True)
        length = SIZE * kind.itemsize
        unpacker = zlib.decompressobj()
        planes = unpacker.decompress(packed, length + 1)  # one more, to see that there is an end
    except (LookupError, TypeError, ValueError, zlib.error) as error:
        raise InputError("the scores cannot be unpacked") from error
    if len(planes) != length or not unpacker.eof or unpacker.unused_data:
        raise InputError(f"the scores are not {SIZE:,} numbers of type {text['type']}")
    numbers = np.frombuffer(planes, np.uint8).reshape(kind.itemsize, SIZE).T.tobytes()
    return np.frombuffer(numbers, kind).astype(np.float64)
