"""Shares of the work, for machines that cannot reach each other."""

import re
from collections.abc import Sequence
from typing import TypeVar

from benchmark.errors import InputError

Item = TypeVar("Item")


def parse_shard(text: str) -> tuple[int, int]:
    """Read ``i/n``, the i-th of n shares, i from 1; another form raises an InputError.

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
    """Return a share of some work: every n-th item.

    Example:
        >>> share_of("abcde", (1, 2)), share_of("abcde", (2, 2))
        (['a', 'c', 'e'], ['b', 'd'])
    """
    place, count = shard
    return list(work[place - 1 :: count])
