"""Ranks of scores as a short text: all that ranking metrics need.

They take a quarter of the room of scores, about 21 kB a run, so that many runs fit in a repository.
"""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.spaces.nb201 import Codes, live_codes

_TYPE = np.dtype("<u2")  # there are fewer than 2^16 architectures


def encode_ranks(scores: NDArray[np.float64], codes: Codes) -> str:
    """Return the order of scores as text.

    Args:
        scores: Finite scores [n].
        codes: The architectures [n], ascending.

    Returns:
        Base64 of the zlib-compressed dense ranks from 0 (ties share one), two bytes each, lower
        bytes first: of all codes, or of each live code once if no function has two scores.

    Example:
        >>> codes = np.arange(15625)
        >>> decode_ranks(encode_ranks(codes / 8 - 3, codes), codes)[:4]
        array([0., 1., 2., 3.])
    """
    _, ranks = np.unique(scores, return_inverse=True)
    _, first, places = np.unique(live_codes(codes), return_index=True, return_inverse=True)
    if np.array_equal(ranks[first][places], ranks):
        ranks = ranks[first]
    planes = ranks.astype(_TYPE).view(np.uint8).reshape(-1, _TYPE.itemsize).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def decode_ranks(text: str, codes: Codes) -> NDArray[np.float64]:
    """Return ranks [n], which order architectures as the scores did.

    Args:
        text: Result of `encode_ranks`.
        codes: The architectures [n], ascending.

    Raises:
        InputError: The text is something else; no more than the ranks is ever unpacked.
    """
    live, places = np.unique(live_codes(codes), return_inverse=True)
    size = len(codes)
    try:
        unpacker = zlib.decompressobj()
        planes = unpacker.decompress(
            base64.b64decode(text, validate=True), size * _TYPE.itemsize + 1
        )
    except (TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise InputError("the ranks cannot be unpacked") from error
    count = len(planes) // _TYPE.itemsize
    if len(planes) % _TYPE.itemsize or count not in (size, live.size) or not unpacker.eof:
        raise InputError(f"the ranks are not those of {size:,} architectures")
    ranks = np.frombuffer(planes, np.uint8).reshape(_TYPE.itemsize, count).T.copy().view(_TYPE)
    whole = ranks.reshape(count).astype(np.float64)
    return whole if count == size else whole[places]
