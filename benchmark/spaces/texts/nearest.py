"""The valid text that is nearest to a misspelt one."""

from collections.abc import Sequence

from benchmark.errors import InputError

LONGEST = 200  # characters of a misspelt text that are read


def nearest_choices(text: str, parts: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return which part to choose at each place so that the joined text is nearest to ``text``.

    Nearest has the smallest Levenshtein distance; of equals it is the first in the order of
    choices.

    Example:
        >>> nearest_choices("cola", [("tea", "cocoa"), ("", " with milk")])
        (1, 0)
    """
    text = text[:LONGEST]
    # row[i]: edits from the first i letters to the best text so far, and its choices
    row: list[Cell] = [(edits, ()) for edits in range(len(text) + 1)]
    for options in parts:
        rows = []
        for choice, part in enumerate(options):
            after = [(edits, (*chosen, choice)) for edits, chosen in row]
            for letter in part:
                after = _one_letter_more(after, letter, text)
            rows.append(after)
        row = [min(cells) for cells in zip(*rows, strict=True)]
    return row[-1][1]


def not_an_architecture(text: str, nearest: str) -> InputError:
    """Return the error of a text that is no architecture, which names the nearest valid one."""
    shown = text if len(text) <= LONGEST else text[:LONGEST] + "..."
    return InputError(f"not an architecture: {shown!r}; the nearest is {nearest!r}")


Cell = tuple[int, tuple[int, ...]]


def _one_letter_more(row: list[Cell], letter: str, text: str) -> list[Cell]:
    """Return the row of the same texts with ``letter`` appended (Levenshtein's recurrence)."""
    after = [(row[0][0] + 1, row[0][1])]
    for place, given in enumerate(text):
        kept = (row[place][0] + (given != letter), row[place][1])
        missing = (row[place + 1][0] + 1, row[place + 1][1])
        surplus = (after[place][0] + 1, after[place][1])
        after.append(min(kept, missing, surplus))
    return after
