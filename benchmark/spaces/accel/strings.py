"""Texts of architectures: a digit for each stage, as ``e6466611-k3535533-l1233222-se0000000``.

These are expansions, kernels, depths, and whether there is excitation. Digits alone, separated by
commas as in the columns of the benchmark's file, mean the same.
"""

from collections.abc import Sequence

from benchmark.spaces.accel.layers import KINDS, NUMBERS, STAGES
from benchmark.spaces.texts.nearest import nearest_choices, not_an_architecture

_ORDER = [
    stage * len(KINDS) + kind for kind in range(len(KINDS)) for stage in STAGES
]  # the decision of each digit


def to_text(choices: Sequence[int]) -> str:
    """Return the text of choices [28].

    Example:
        >>> to_text([0, 0, 0, 1] + [2, 1, 1, 0] * 6)
        'e1666666-k3555555-l1222222-se1000000'
    """
    digits = [str(NUMBERS[decision][choices[decision]]) for decision in _ORDER]
    return "".join(mark + digit for mark, digit in zip(_marks(), digits, strict=True))


def from_text(text: str) -> tuple[int, ...]:
    """Return the choices [28] of a text, or of four columns."""
    columns = text.split(",")
    if len(columns) == len(KINDS):
        text = "-".join(kind + column for kind, column in zip(KINDS, columns, strict=True))
    digits = [mark for mark in text if mark.isdecimal()]
    if len(digits) == len(_ORDER):
        choices = [0] * len(_ORDER)
        for decision, digit in zip(_ORDER, digits, strict=True):
            names = list(map(str, NUMBERS[decision]))
            choices[decision] = names.index(digit) if digit in names else 0
        if to_text(choices) == text:
            return tuple(choices)
    parts = [
        [f"{mark}{number}" for number in NUMBERS[decision]]
        for mark, decision in zip(_marks(), _ORDER, strict=True)
    ]
    nearest = [0] * len(_ORDER)
    for decision, choice in zip(_ORDER, nearest_choices(text, parts), strict=True):
        nearest[decision] = choice
    raise not_an_architecture(text, to_text(nearest))


def _marks() -> list[str]:
    """Return what stands before each digit."""
    later = [""] * (len(STAGES) - 1)
    marks = [mark for kind in KINDS for mark in [f"-{kind}", *later]]
    return [KINDS[0], *marks[1:]]
