"""Scores of architectures as a short text, without any loss.

Bytes of equal significance are stored together, so that they compress well, and in float32 where
that is exact. Where architectures that are one function score alike, each function is stored once.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.nb201 import Codes, live_codes

_TYPES: dict[str, np.dtype[np.float32] | np.dtype[np.float64]] = {
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
_FUNCTIONS = "functions"


def encode_scores(scores: NDArray[np.float64], codes: Codes) -> dict[str, str]:
    """Return scores as text.

    Args:
        scores: Finite scores [n].
        codes: The architectures [n], ascending.

    Returns:
        ``type``, the narrower of float32 and float64 that holds each score exactly; ``data``, the
        little-endian numbers, all first bytes first, compressed by zlib, in base64; and ``of``
        only where each live code is stored once, ascending: ``functions``.

    Example:
        >>> codes = np.arange(15625)
        >>> text = encode_scores(codes / 8, codes)
        >>> text["type"], np.array_equal(decode_scores(text, codes), codes / 8)
        ('float32', True)
        >>> encode_scores(np.zeros(15625), codes)["of"]
        'functions'
    """
    _, first, places = _functions(codes)
    bits = scores.astype(np.float64).view(np.int64)  # 0 and −0 are equal as numbers
    of_functions = np.array_equal(bits, bits[first][places])
    kept = scores[first] if of_functions else scores
    with np.errstate(over="ignore", under="ignore"):  # the comparison fails instead
        is_narrow = np.array_equal(kept.astype(np.float32).astype(np.float64), kept)
    name = "float32" if is_narrow else "float64"
    numbers = kept.astype(_TYPES[name])
    planes = numbers.view(np.uint8).reshape(len(numbers), numbers.itemsize).T
    data = base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()
    return {"type": name, "data": data} | ({"of": _FUNCTIONS} if of_functions else {})


def decode_scores(text: Any, codes: Codes) -> NDArray[np.float64]:
    """Return the scores [n] of a text from `encode_scores`.

    Args:
        text: Its result.
        codes: The architectures [n], ascending.

    Raises:
        InputError: The text is something else; no more than the scores is ever unpacked.
    """
    _, first, places = _functions(codes)
    try:
        kind = _TYPES[text["type"]]
        packed = base64.b64decode(text["data"], validate=True)
        of_functions = {None: False, _FUNCTIONS: True}[text.get("of")]
        count = len(first) if of_functions else len(codes)
        length = count * kind.itemsize
        unpacker = zlib.decompressobj()
        planes = unpacker.decompress(packed, length + 1)  # one more, to notice more data
    except (LookupError, TypeError, ValueError, zlib.error) as error:
        raise InputError("the scores cannot be unpacked") from error
    if len(planes) != length or not unpacker.eof or unpacker.unused_data:
        raise InputError(f"the scores are not {count:,} numbers of type {text['type']}")
    numbers = np.frombuffer(planes, np.uint8).reshape(kind.itemsize, count).T.tobytes()
    scores = np.frombuffer(numbers, kind).astype(np.float64)
    return scores[places] if of_functions else scores


def _functions(codes: Codes) -> tuple[Codes, NDArray[np.int64], NDArray[np.int64]]:
    """Return the live codes, the first place of each, and the index of each architecture's."""
    live, first, places = np.unique(live_codes(codes), return_index=True, return_inverse=True)
    return live, first, places
