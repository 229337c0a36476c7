"""Texts of architectures: the options of all layers, as ``k5e3-zero-zero-zero|k3e6-…``.

A dash stands between layers, and a bar between stages, so that a field of a CSV needs no quotes.
"""

import re
from collections.abc import Sequence

from benchmark.spaces.mobilenet.layers import STAGES
from benchmark.spaces.texts.nearest import nearest_choices, not_an_architecture

Names = Sequence[Sequence[str]]  # of the options of each layer


def to_text(choices: Sequence[int], names: Names) -> str:
    """Return the text of choices [21]."""
    pairs = zip(_separators(), names, choices, strict=True)
    return "".join(separator + options[choice] for separator, options, choice in pairs)


def from_text(text: str, names: Names) -> tuple[int, ...]:
    """Return the choices [21] of a text."""
    found = re.split("[-|]", text)
    if len(found) == len(names):
        places = zip(found, names, strict=True)
        if all(name in options for name, options in places):
            choices = [options.index(name) for name, options in zip(found, names, strict=True)]
            if to_text(choices, names) == text:
                return tuple(choices)
    parts = [
        [mark + name for name in options]
        for mark, options in zip(_separators(), names, strict=True)
    ]
    raise not_an_architecture(text, to_text(nearest_choices(text, parts), names))


def _separators() -> list[str]:
    """Return what stands before each layer."""
    marks = [mark for count in STAGES for mark in ["|", *["-"] * (count - 1)]]
    return ["", *marks[1:]]
