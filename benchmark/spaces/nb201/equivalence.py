"""Which architectures are the same: dead edges, connectedness, isomorphism."""

from __future__ import annotations

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
    """Return the architectures with every dead edge set to ``none``.

    An edge is dead when no signal crosses it on a way from node 0 to node 3: it carries
    ``none``, or nothing arrives at its start, or nothing leaves its end. Inside a supernet two
    architectures with the same live code are one function, so 9,445 codes remain; the 341
    disconnected architectures all become code 0.

    Args:
        codes: Integers [...] from 0 to 15,624, or None for the whole space.

    Returns:
        Live codes [...].

    Raises:
        InputError: A code is outside the space.

    Example:
        >>> live_codes(encode([[3, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0]]))
        array([25, 25])
        >>> len(np.unique(live_codes()))
        9445
    """
    return _live() if codes is None else np.asarray(_live()[checked_codes(codes)])


@cache
def distinct_codes() -> Codes:
    """Return the live codes of the space, each once and ascending, [9445], read-only.

    Example:
        >>> len(distinct_codes())
        9445
    """
    distinct = np.unique(live_codes())
    distinct.flags.writeable = False
    return distinct


def is_connected(codes: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Tell which architectures carry a signal from the cell's input to its output.

    Args:
        codes: Integers [...] from 0 to 15,624, or None for the whole space.

    Returns:
        Booleans [...].

    Raises:
        InputError: A code is outside the space.

    Example:
        >>> int(np.sum(~is_connected()))
        341
    """
    return np.asarray(live_codes(codes) != 0)


@cache
def isomorphism_classes() -> Codes:
    """Return for every architecture the smallest code of its isomorphism class.

    These are the 6,466 classes that NAS-Bench-201 counts (section 2), and the number hangs on
    its way of writing a cell: the text of a node is the sorted and joined list of what its
    edges bring; ``skip_connect`` brings the text of its source unchanged, the other operations
    wrap it, and ``none`` brings a zero, as does any edge out of node 1 when that is zero.
    Members of a class are the same function. Equal functions can stay apart, because zeros
    inside a sum stay in its text, and a sum that a skip passes on is sorted as one piece;
    without these two effects 4,930 classes would remain.

    Returns:
        Codes [15625], read-only.

    Example:
        >>> len(np.unique(isomorphism_classes()))
        6466
    """
    first: dict[str, int] = {}
    rows = enumerate(all_operations().tolist())
    return _read_only(np.array([first.setdefault(_cell_text(row), code) for code, row in rows]))


def _cell_text(operations: list[int]) -> str:
    """Return what the output node computes, as text: ``x`` is the input, ``#`` is zero."""
    brought: list[list[str]] = [["x"], [], [], []]
    for (start, end), operation in zip(EDGES, operations, strict=True):
        source = "+".join(sorted(brought[start]))
        if operation == NONE or source == "#":
            brought[end].append("#")
        elif operation == SKIP:
            brought[end].append(source)
        else:
            # the wrapping is official too: other brackets would sort differently
            brought[end].append(f"({source})@{OPERATIONS[operation]}")
    return "+".join(sorted(brought[3]))


@cache
def _live() -> Codes:
    """Return the live code of every architecture."""
    crossed = all_operations() != NONE  # [15625, 6]
    reached = np.zeros((SIZE, 4), bool)
    reached[:, 0] = True
    needed = np.zeros((SIZE, 4), bool)
    needed[:, 3] = True
    for edge, (start, end) in enumerate(EDGES):  # every edge into a node comes before those out
        reached[:, end] |= reached[:, start] & crossed[:, edge]
    for edge, (start, end) in reversed(list(enumerate(EDGES))):
        needed[:, start] |= needed[:, end] & crossed[:, edge]
    starts, ends = np.transpose(EDGES)
    alive = reached[:, starts] & needed[:, ends]
    return _read_only(encode(np.where(alive, all_operations(), NONE)))


def _read_only(codes: Codes) -> Codes:
    codes.flags.writeable = False
    return codes
