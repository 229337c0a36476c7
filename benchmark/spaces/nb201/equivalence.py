"""Dead edges, connectedness, and isomorphism classes."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.base import Codes
from benchmark.spaces.nb201.codes import (
    EDGES,
    NONE,
    SIZE,
    all_operations,
    checked_codes,
    encode,
)


def live_codes(codes: ArrayLike | None = None) -> Codes:
    """Return codes [...], or the whole space, with every dead edge set to ``none``.

    An edge is dead if it is on no path without ``none`` from node 0 to node 3. Architectures with
    the same live code are the same function of the same supernet weights: 9,445 codes remain. The
    341 disconnected architectures all become code 0.

    Example:
        >>> live_codes(encode([[3, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0]]))
        array([25, 25])
        >>> len(np.unique(live_codes()))
        9445
    """
    return _live() if codes is None else np.asarray(_live()[checked_codes(codes)])


@cache
def distinct_codes() -> Codes:
    """Return the distinct live codes of the space, ascending, [9445], read-only."""
    distinct = np.unique(live_codes())
    distinct.flags.writeable = False
    return distinct


def is_connected(codes: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Return whether architectures [...] have a path without ``none`` from input to output."""
    return np.asarray(live_codes(codes) != 0)


@cache
def _live() -> Codes:
    """Return the live code of every architecture."""
    present = all_operations() != NONE  # [15625, 6]
    reached = np.zeros((SIZE, 4), bool)
    reached[:, 0] = True
    needed = np.zeros((SIZE, 4), bool)
    needed[:, 3] = True
    for edge, (start, end) in enumerate(EDGES):  # edges into a node come before edges out
        reached[:, end] |= reached[:, start] & present[:, edge]
    for edge, (start, end) in reversed(list(enumerate(EDGES))):
        needed[:, start] |= needed[:, end] & present[:, edge]
    starts, ends = np.transpose(EDGES)
    alive = reached[:, starts] & needed[:, ends]
    return _read_only(encode(np.where(alive, all_operations(), NONE)))


def _read_only(codes: Codes) -> Codes:
    codes.flags.writeable = False
    return codes
