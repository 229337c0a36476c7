"""Predictions as CSV: a header with ``arch`` and ``score``, and a line for each architecture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from benchmark.errors import InputError
from benchmark.truth.predictions.contents import Entry, Place, shown


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


def csv_columns(text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the number and the fields of each line, of some columns alone.

    Args:
        text: What the file holds. Empty lines and other columns are passed over.
        columns: Names in the header, in the order in which the fields are wanted.

    Raises:
        InputError: Something in it is not as it must be; the message begins with the line.

    Example:
        >>> list(csv_columns("index,arch\n0,a\n\n1,b\n", ["arch"]))
        [(2, ['a']), (4, ['b'])]
    """
    lines = _lines(text)
    first, header = next(lines, (1, []))
    if not header:
        raise InputError(f"line {first}: the file is empty; name the columns {_listed(columns)}")
    for column in columns:
        if header.count(column) != 1:
            there = "no" if column not in header else "more than one"
            raise InputError(
                f"line {first}: {there} column {column!r} in {shown(','.join(header))}; the first "
                f"line must name the columns {_listed(columns)} once"
            )
    wanted = [header.index(column) for column in columns]
    for line, fields in lines:
        if len(fields) != len(header):
            raise InputError(
                f"line {line}: the header has {len(header)} fields, this line {len(fields)}; it "
                "is damaged, or the file was cut off there"
            )
        yield line, [fields[place] for place in wanted]


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise InputError(
            f"line {reader.line_num}: not CSV ({error}); the line is damaged, or the file was cut "
            "off there"
        ) from error


def _listed(columns: Sequence[str]) -> str:
    return " and ".join(columns)
