"""An entry of a file of predictions, and its place."""

from __future__ import annotations

from typing import NamedTuple

_NEAR = 200  # columns within which a line's number leads to an entry


class Place(NamedTuple):
    """Where an entry begins in a file, both numbers counted from 1.

    Example:
        >>> str(Place(3)), str(Place(1, 2_000))
        ('line 3', 'line 1, column 2000')
    """

    line: int
    column: int = 1

    def __str__(self) -> str:
        """Return the place in words, with the column where the line alone would not help."""
        return f"line {self.line}" + (f", column {self.column}" if self.column > _NEAR else "")


class Entry(NamedTuple):
    """An architecture and its score as they stand in a file, unchecked."""

    place: Place
    arch: str
    score: str
