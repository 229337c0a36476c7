"""The architectures that a task scores: the whole space, a sample, or a list."""

from collections.abc import Sequence

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Space

ALL = "all"


def candidate_codes(candidates: str | int | Sequence[int], space: Space) -> Codes:
    """Return the codes [n] that a task scores, ascending, each once.

    ``candidates`` is ``all``, a sample size, or codes. The sample depends on its size only, so all
    seeds and methods score the same one, and a larger sample contains every smaller one.
    """
    if isinstance(candidates, str):
        if candidates != ALL:
            raise InputError(
                f"candidates are {candidates[:60]!r}: give {ALL!r}, a number or a list of codes"
            )
        return space.all_codes()
    if isinstance(candidates, int):
        return np.sort(space.sample(candidates))
    if not len(candidates):
        raise InputError("the list of candidates is empty: give at least one code")
    codes = np.sort(space.checked(np.asarray(candidates)))
    repeated = codes[1:][np.diff(codes) == 0]
    if len(repeated):
        raise InputError(f"candidates list code {repeated[0]} twice: give each code once")
    return codes
