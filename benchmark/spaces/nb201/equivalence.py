"""Dead edges, connectedness, and isomorphism classes."""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.spaces.nb201.codes import (
    EDGES,
    NONE,
    OPERATIONS,
    SIZE,
    SKIP,
    Codes,
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
def isomorphism_classes() -> Codes:
    """Return for every architecture the smallest code of its isomorphism class.

    These are the 6,466 classes of NAS-Bench-201 (section 2), which writes a cell as text: a node is
    the sorted, joined list of its incoming edges' texts; ``skip_connect`` copies the text of its
    source, other operations wrap it, and ``none`` gives a zero, as does an edge from a zero.
    Members of a class are the same function. The reverse does not hold: zeros stay in the text of a
    sum, and a sum copied by a skip is sorted as one term. Without these two effects there would be
    4,930 classes.
    """
    first: dict[str, int] = {}
    rows = enumerate(all_operations().tolist())
    return _read_only(np.array([first.setdefault(_cell_text(row), code) for code, row in rows]))


def _cell_text(operations: list[int]) -> str:
    """Return the text of the output node: ``x`` is the input, ``#`` is zero."""
    incoming: list[list[str]] = [["x"], [], [], []]
    for (start, end), operation in zip(EDGES, operations, strict=True):
        source = "+".join(sorted(incoming[start]))
        if operation == NONE or source == "#":
            incoming[end].append("#")
        elif operation == SKIP:
            incoming[end].append(source)
        else:
            # the official notation: other brackets would sort differently
            incoming[end].append(f"({source})@{OPERATIONS[operation]}")
    return "+".join(sorted(incoming[3]))


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
