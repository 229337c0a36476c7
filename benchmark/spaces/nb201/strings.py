"""Reading and writing the strings of NAS-Bench-201, and finding the nearest to a misspelt one."""

from functools import cache

from benchmark.spaces.nb201.codes import EDGES, OPERATIONS, checked_codes, encode
from benchmark.spaces.texts.nearest import nearest_choices, not_an_architecture


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
        raise not_an_architecture(text, all_strings()[nearest_code(text)])
    return code


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
    return int(encode(nearest_choices(text, [_parts(edge) for edge in range(len(EDGES))])))
