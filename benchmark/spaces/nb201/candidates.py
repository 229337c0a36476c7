"""The architectures that a task scores: all of the space, a sample, or a list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.errors import InputError
from benchmark.seeds import Streams
from benchmark.spaces.nb201.codes import SIZE, Codes, checked_codes

ALL = "all"


def candidate_codes(candidates: str | int | Sequence[int]) -> Codes:
    """Return the architectures that a task scores.

    Args:
        candidates: ``all``; a number of architectures, drawn once for all seeds and methods, so
            that a larger sample holds every smaller one; or codes.

    Returns:
        Codes [n], ascending, each once.

    Raises:
        InputError: The number or a code is out of bounds, or a code stands there twice.

    Example:
        >>> candidate_codes("all").shape, candidate_codes(3), candidate_codes([7, 2])
        ((15625,), array([ 7908, 10983, 13015]), array([2, 7]))
    """
    if isinstance(candidates, str):
        if candidates != ALL:
            raise InputError(f"candidates are {candidates[:60]!r}: write all, a number or a list")
        return np.arange(SIZE)
    if isinstance(candidates, int):
        return np.sort(sample_codes(candidates))
    codes = np.sort(checked_codes(np.asarray(candidates)))
    if not len(codes) or (np.diff(codes) == 0).any():
        raise InputError("candidates are a list of codes: name one at least, and none twice")
    return codes


def sample_codes(count: int) -> Codes:
    """Return architectures drawn uniformly, in one order: a larger sample begins with a smaller.

    Args:
        count: How many, from 1 to 15,625.

    Returns:
        Codes [count], each once.

    Raises:
        InputError: The number is out of bounds.

    Example:
        >>> few, many = sample_codes(20), sample_codes(1000)
        >>> bool((few == many[:20]).all()), len(np.unique(many))
        (True, 1000)
    """
    if not 1 <= count <= SIZE:
        raise InputError(f"cannot take {count} architectures: give a number from 1 to {SIZE:,}")
    drawn = Streams(0).numpy("table/architectures").random(SIZE)
    return np.argsort(drawn, kind="stable")[:count]
