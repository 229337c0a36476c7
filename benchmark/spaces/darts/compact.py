"""Reading NASLib's compact lists: pairs of numbers instead of operations' names.

``[[(0, 3), (1, 2), …], [(0, 5), …]]`` or the same with tuples has for each of the eight inputs of
the normal and then of the reduction cell the node that it comes from and the number of its
operation, in the order of `OPERATIONS`. Source: automl/NASLib,
``naslib/search_spaces/nasbench301/conversions.py``. Older programs with this form count ``none`` as
operation 0 and all others from 1; their lists cannot be told apart and must not be given.
"""

import re

from benchmark.errors import InputError, readable
from benchmark.spaces.darts.codes import CELL_KEPT, OPERATIONS

_PAIR = r"[(\[]\s*\d\s*,\s*\d\s*[)\]]"
_CELL = rf"[(\[]\s*{_PAIR}(?:\s*,\s*{_PAIR}){{{CELL_KEPT - 1}}}\s*,?\s*[)\]]"
_COMPACT = re.compile(rf"\s*[(\[]\s*{_CELL}\s*,\s*{_CELL}\s*,?\s*[)\]]\s*")


def is_compact(text: str) -> bool:
    """Return whether a text, valid or not, is meant as compact lists."""
    return text.lstrip()[:1] in ("[", "(")


def read_compact(text: str) -> list[list[tuple[str, int]]]:
    """Return for each cell the operation and the node of its eight inputs."""
    if not _COMPACT.fullmatch(text):
        raise InputError(
            f"not an architecture of DARTS: {readable(text[:60])!r}: compact lists are "
            "[[(node, operation), … eight pairs], [… eight pairs]], for the normal and the "
            "reduction cell"
        )
    digits = [int(digit) for digit in re.findall(r"\d", text)]
    pairs = list(zip(digits[::2], digits[1::2], strict=True))
    for _, operation in pairs:
        if operation >= len(OPERATIONS):
            numbers = ", ".join(f"{number} {name}" for number, name in enumerate(OPERATIONS))
            raise InputError(
                f"operation {operation} in compact lists of DARTS: choose from {numbers}"
            )
    named = [(OPERATIONS[operation], node) for node, operation in pairs]
    return [named[:CELL_KEPT], named[CELL_KEPT:]]
