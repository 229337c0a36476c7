"""Which architectures a table is to hold."""

from __future__ import annotations

import re

from benchmark.spaces.nb201 import SIZE, Codes, sample_codes
from benchmark.spaces.nb201.lists import read_subset


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
    return sample_codes(SIZE if text == "all" else int(text[:9]))
