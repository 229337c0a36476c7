"""Predictions as CSV: a header with ``arch`` and ``score``, and a line for each architecture."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.spaces.nb201.lists import csv_columns
from benchmark.truth.predictions.contents import Entry, Place


def csv_entries(text: str) -> Iterator[Entry]:
    r"""Yield the entries of a CSV file.

    Raises:
        InputError: Something in it is not as it must be; the message begins with the line.

    Example:
        >>> list(csv_entries("arch,score\n|none~0|,61.5\n"))
        [Entry(place=Place(line=2, column=1), arch='|none~0|', score='61.5')]
    """
    for line, (arch, score) in csv_columns(text, ("arch", "score")):
        yield Entry(Place(line), arch, score)
