"""Scores of architectures, or their ranks, as a short text.

Bytes of equal significance are stored together, so that they compress well. Where architectures
that are one function score alike, each function is stored once.
"""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Space

_TYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float64": np.dtype("<f8")}
_RANKS = (np.dtype("<u2"), np.dtype("<u4"))  # of up to 2^16 architectures, and of more
_FUNCTIONS = "functions"


def encode_scores(scores: NDArray[np.float64], codes: Codes, space: Space) -> dict[str, str]:
    """Return scores as text, without any loss.

    ``type`` is the narrower of float32 and float64 that holds each score exactly; ``data`` the
    little-endian numbers, all first bytes first, compressed by zlib, in base64; and ``of`` is there
    only where each canonical code is stored once, ascending: ``functions``.
    """
    first, places = _functions(codes, space)
    bits = scores.astype(np.float64).view(np.int64)  # 0 and −0 are equal as numbers
    of_functions = np.array_equal(bits, bits[first][places])
    kept = scores[first] if of_functions else scores
    with np.errstate(over="ignore", under="ignore"):  # the comparison fails instead
        is_narrow = np.array_equal(kept.astype(np.float32).astype(np.float64), kept)
    name = "float32" if is_narrow else "float64"
    packed = {"type": name, "data": _pack(kept.astype(_TYPES[name]))}
    return packed | ({"of": _FUNCTIONS} if of_functions else {})


def decode_scores(text: Any, codes: Codes, space: Space) -> NDArray[np.float64]:
    """Return the scores [n] of a text from `encode_scores`."""
    first, places = _functions(codes, space)
    try:
        name, data = text["type"], text["data"]
        kind = _TYPES[name]
        of_functions = {None: False, _FUNCTIONS: True}[text.get("of")]
        count = len(first) if of_functions else len(codes)
        numbers = _unpack(data, kind, count)
    except (LookupError, TypeError, ValueError, zlib.error) as error:
        raise InputError("the scores cannot be unpacked") from error
    if len(numbers) != count:
        raise InputError(f"the scores are not {count:,} numbers of type {name}")
    scores = numbers.astype(np.float64)
    return scores[places] if of_functions else scores


def encode_ranks(scores: NDArray[np.float64], codes: Codes, space: Space) -> str:
    """Return the ranks of scores as text: all that ranking metrics need, in a quarter of the space.

    Dense ranks from 0 (ties share one) are packed like scores: of all codes, or of each
    canonical code once if no function has two scores.
    """
    _, ranks = np.unique(scores, return_inverse=True)
    first, places = _functions(codes, space)
    if np.array_equal(ranks[first][places], ranks):
        ranks = ranks[first]
    return _pack(ranks.astype(_rank_type(codes)))


def decode_ranks(text: Any, codes: Codes, space: Space) -> NDArray[np.float64]:
    """Return ranks [n], which order architectures as the scores did."""
    first, places = _functions(codes, space)
    try:
        ranks = _unpack(text, _rank_type(codes), len(codes)).astype(np.float64)
    except (TypeError, ValueError, zlib.error) as error:
        raise InputError("the ranks cannot be unpacked") from error
    if len(ranks) not in (len(first), len(codes)):
        raise InputError(f"the ranks are not those of {len(codes):,} architectures")
    return ranks if len(ranks) == len(codes) else ranks[places]


def _rank_type(codes: Codes) -> np.dtype[Any]:
    return _RANKS[len(codes) > 1 << 16]


def _pack(numbers: NDArray[Any]) -> str:
    planes = numbers.view(np.uint8).reshape(len(numbers), numbers.itemsize).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def _unpack(text: Any, kind: np.dtype[Any], most: int) -> NDArray[Any]:
    """Return the numbers of a text; none if they are more than ``most`` or not whole."""
    unpacker = zlib.decompressobj()
    packed = base64.b64decode(text, validate=True)
    planes = unpacker.decompress(packed, most * kind.itemsize + 1)  # one more, to notice more data
    count, rest = divmod(len(planes), kind.itemsize)
    if rest or count > most or not unpacker.eof or unpacker.unused_data:
        return np.empty(0, kind)
    numbers = np.frombuffer(planes, np.uint8).reshape(kind.itemsize, count).T.tobytes()
    return np.frombuffer(numbers, kind)


def _functions(codes: Codes, space: Space) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each canonical code stands first [m], and which of them each code has [n]."""
    _, first, places = np.unique(space.canonical(codes), return_index=True, return_inverse=True)
    return first, places
