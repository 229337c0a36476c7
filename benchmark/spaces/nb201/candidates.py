"""The architectures that a task scores: the whole space, a sample, or a list."""

from collections.abc import Sequence

import numpy as np

from benchmark.errors import InputError
from benchmark.seeds import Streams
from benchmark.spaces.nb201.codes import SIZE, Codes, checked_codes

ALL = "all"


def candidate_codes(candidates: str | int | Sequence[int]) -> Codes:
    """Return the codes [n] that a task scores, ascending, each once.

    ``candidates`` is ``all``, a sample size, or codes. The sample depends on its size only, so all
    seeds and methods score the same one, and a larger sample contains every smaller one.
    """
    if isinstance(candidates, str):
        if candidates != ALL:
            raise InputError(
                f"candidates are {candidates[:60]!r}: give {ALL!r}, a number or a list of codes"
            )
        return np.arange(SIZE)
    if isinstance(candidates, int):
        return np.sort(sample_codes(candidates))
    if not len(candidates):
        raise InputError("the list of candidates is empty: give at least one code")
    codes = np.sort(checked_codes(np.asarray(candidates)))
    repeated = codes[1:][np.diff(codes) == 0]
    if len(repeated):
        raise InputError(f"candidates list code {repeated[0]} twice: give each code once")
    return codes


def sample_codes(count: int) -> Codes:
    """Return codes [count] drawn without replacement; larger samples begin with smaller ones."""
    if not 1 <= count <= SIZE:
        raise InputError(f"cannot sample {count} architectures: give a number from 1 to {SIZE:,}")
    drawn = Streams(0).numpy("table/architectures").random(SIZE)
    return np.argsort(drawn, kind="stable")[:count]
