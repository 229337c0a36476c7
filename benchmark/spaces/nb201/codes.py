"""Converting between operations and codes, in arrays of any shape."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Codes, checked_integers

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
SIZE: int = len(OPERATIONS) ** len(EDGES)

NONE, SKIP = OPERATIONS.index("none"), OPERATIONS.index("skip_connect")
_PLACES = len(OPERATIONS) ** np.arange(len(EDGES))[::-1]

Operations = NDArray[np.int8]


def encode(operations: ArrayLike) -> Codes:
    """Return the codes [...] of architectures, operations [..., 6] in the order of `EDGES`.

    Example:
        >>> encode([[0, 0, 0, 0, 0, 2], [4, 4, 4, 4, 4, 4]])
        array([    2, 15624])
    """
    given = np.asarray(operations)
    if given.ndim == 0 or given.shape[-1] != len(EDGES):
        raise InputError(f"operations have shape {given.shape}: the last axis must be six edges")
    return np.asarray(checked_integers(given, len(OPERATIONS), "operation") @ _PLACES)


def decode(codes: ArrayLike) -> Operations:
    """Return the operations [..., 6] of codes [...]; the inverse of `encode`."""
    return np.asarray(all_operations()[checked_codes(codes)])


@cache
def all_operations() -> Operations:
    """Return the operations of all codes, [15625, 6], read-only."""
    operations = (np.arange(SIZE)[:, None] // _PLACES % len(OPERATIONS)).astype(np.int8)
    operations.flags.writeable = False
    return operations


def checked_codes(codes: ArrayLike) -> Codes:
    """Return codes as int64."""
    return checked_integers(np.asarray(codes), SIZE, "code")
