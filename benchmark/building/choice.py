"""Which architectures a table is to hold, and which share of the work is one machine's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from benchmark.errors import InputError
from benchmark.predictions import read_subset
from benchmark.seeds import Streams
from benchmark.space import SIZE, Codes

Item = TypeVar("Item")


def chosen_architectures(text: str) -> Codes:
    """Return the architectures that a text asks for, in the order in which they are trained.

    Args:
        text: ``all``, a number of architectures to draw, or a file that `read_subset` reads. They
            are drawn in one order, whatever their number: a larger sample begins with the smaller.

    Returns:
        Codes [n], each once.

    Raises:
        InputError: The number is out of bounds, or the file cannot be used.

    Example:
        >>> few, many = chosen_architectures("20"), chosen_architectures("1000")
        >>> (few == many[:20]).all(), len(np.unique(chosen_architectures("all")))
        (np.True_, 15625)
    """
    if text != "all" and not re.fullmatch(r"[0-9]+", text):
        return read_subset(text)
    count = SIZE if text == "all" else int(text[:9])
    if not 1 <= count <= SIZE:
        raise InputError(
            f"cannot take {text[:9]} architectures: give all, a number from 1 to {SIZE:,}, or a "
            "file that lists them"
        )
    drawn = Streams(0).numpy("table/architectures").random(SIZE)
    return np.argsort(drawn, kind="stable")[:count]


def parse_shard(text: str) -> tuple[int, int]:
    """Return which of how many shares of the work is meant.

    Args:
        text: ``i/n``, the i-th of n shares, i from 1.

    Raises:
        InputError: The text has another form.

    Example:
        >>> parse_shard("2/3")
        (2, 3)
    """
    match = re.fullmatch(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,4})", text)
    if not match or int(match[1]) > int(match[2]):
        raise InputError(
            f"cannot use the share {text[:60]!r}: write 1/4 to 4/4 for four machines, say"
        )
    return int(match[1]), int(match[2])


def share_of(work: Sequence[Item], shard: tuple[int, int]) -> list[Item]:
    """Return a share of some work: every n-th piece.

    Example:
        >>> share_of("abcde", (1, 2)), share_of("abcde", (2, 2))
        (['a', 'c', 'e'], ['b', 'd'])
    """
    place, count = shard
    return list(work[place - 1 :: count])
