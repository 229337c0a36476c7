"""Reading and writing the strings of NAS-Bench-201, and finding the nearest to a misspelt one."""

from collections.abc import Iterable
from functools import cache

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.base import Arch
from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, Codes, checked_codes

_LONGEST = 200  # characters of a wrong text that are read and shown; twice a string


@cache
def all_strings() -> tuple[str, ...]:
    """Return the strings of the whole space, in the order of codes."""
    strings = [""]
    for edge in range(len(EDGES)):
        strings = [left + part for left in strings for part in _parts(edge)]
    return tuple(strings)


def to_string(code: int) -> str:
    """Return the string of one architecture.

    Example:
        >>> to_string(1)
        '|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|'
    """
    return all_strings()[int(checked_codes(code))]


def from_string(text: str) -> int:
    """Return the code of one architecture given as a string."""
    code = _code_of_string().get(text)
    if code is None:
        nearest = all_strings()[nearest_code(text)]
        shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
        raise InputError(f"not an architecture: {shown!r}; the nearest is {nearest!r}")
    return code


def to_codes(archs: Iterable[Arch]) -> Codes:
    """Return the codes [n] of architectures, given as codes, strings, or a mixture."""
    if isinstance(archs, np.ndarray) and archs.dtype.kind in "iu":
        return checked_codes(archs)
    codes = [from_string(arch) if isinstance(arch, str) else arch for arch in archs]
    return checked_codes(np.array(codes) if codes else np.empty(0, np.int64))


@cache
def _code_of_string() -> dict[str, int]:
    return {text: code for code, text in enumerate(all_strings())}


def _parts(edge: int) -> list[str]:
    """Return the parts of the string for one edge, one for each operation."""
    start, end = EDGES[edge]
    opening = "" if start else "|" if end == 1 else "+|"
    return [f"{opening}{operation}~{start}|" for operation in OPERATIONS]


def nearest_code(text: str) -> int:
    """Return the code whose string has the smallest Levenshtein distance to ``text``."""
    text = text[:_LONGEST]
    # row[i]: edits from the first i letters to the best string so far, and its code
    row = [(edits, 0) for edits in range(len(text) + 1)]
    for edge in range(len(EDGES)):
        rows = []
        for operation, part in enumerate(_parts(edge)):
            after = [(edits, code * len(OPERATIONS) + operation) for edits, code in row]
            for letter in part:
                after = _one_letter_more(after, letter, text)
            rows.append(after)
        row = [min(cells) for cells in zip(*rows, strict=True)]
    return row[-1][1]


def _one_letter_more(row: list[tuple[int, int]], letter: str, text: str) -> list[tuple[int, int]]:
    """Return the row of the same strings with ``letter`` appended (Levenshtein's recurrence)."""
    after = [(row[0][0] + 1, row[0][1])]
    for place, given in enumerate(text):
        kept = (row[place][0] + (given != letter), row[place][1])
        missing = (row[place + 1][0] + 1, row[place + 1][1])
        surplus = (after[place][0] + 1, after[place][1])
        after.append(min(kept, missing, surplus))
    return after
