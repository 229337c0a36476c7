"""Truth from a CSV file: ``arch``, optionally ``index``, and columns of accuracies in percent.

A column is named ``<dataset>_<split>_<epochs>``, for example ``cifar10_test_200``. Rows may
come in any order. Every fault is reported with its line, the header being line 1.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.files import read_bounded
from benchmark.spaces.nb201 import SIZE, from_string, to_string
from benchmark.truth.table import AccuracyKey, Source, TruthTable

MAX_BYTES = 1 << 26  # of a file; one of twelve accuracies has some 3 MB


def read_csv(
    path: str | Path, *, name: str | None = None, allow_subset: bool = False
) -> TruthTable:
    r"""Read a table.

    Args:
        path: The file, UTF-8.
        name: Name of the table; without it the file's name less its suffix.
        allow_subset: Whether the file may lack architectures.

    Returns:
        The table; its length says how many architectures it holds.

    Raises:
        InputError: The file cannot be read, or something in it is wrong; the message names the
            line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "one.csv"
        ...     _ = path.write_text(f"arch,cifar10_valid_12\n{to_string(5)},10.0\n")
        ...     table = read_csv(path, allow_subset=True)
        >>> table.name, table.codes, [str(key) for key in table.keys]
        ('one', array([5]), ['cifar10_valid_12'])
    """
    path = Path(path)
    contents = read_bounded(path, MAX_BYTES, "a table has fewer")
    lines = _lines(path, contents)
    _, header = next(lines, (1, []))
    keys = _keys(path, header)
    rows = _rows(path, header, lines)
    if not rows:
        raise InputError(f"{path}: there is no architecture in it; add one line for each")
    if len(rows) < SIZE and not allow_subset:
        first = to_string(next(code for code in range(SIZE) if code not in rows))
        raise InputError(
            f"{path}: {SIZE - len(rows):,} of {SIZE:,} architectures are missing, the first is "
            f"{first}; add them, or allow a subset (--allow-subset)"
        )
    codes = sorted(rows)
    values = dict(zip(header, zip(*(rows[code] for code in codes), strict=True), strict=True))
    return TruthTable(
        name=path.stem if name is None else name,
        description=f"accuracies read from {path.name}",
        source=Source(path.name, hashlib.sha256(contents).hexdigest()),
        codes=np.array(codes, np.int64),
        accuracies={key: np.array(values[column]) for column, key in keys.items()},
        official_index=np.array(values["index"], np.int32) if "index" in values else None,
    )


def _lines(path: Path, contents: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and fields; empty lines are passed over."""
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV ({error})") from error


def _keys(path: Path, header: list[str]) -> dict[str, AccuracyKey]:
    """Return the accuracy columns of a header after checking all of it."""
    if not header:
        raise InputError(f"{path}, line 1: the file is empty; the first line names the columns")
    doubled = [column for column in header if header.count(column) > 1]
    if doubled:
        raise InputError(f"{path}, line 1: column {doubled[0]!r} stands there twice; drop one")
    if "arch" not in header:
        raise InputError(f"{path}, line 1: no column 'arch' among {', '.join(header)}")
    keys = {}
    for column in header:
        if column not in ("arch", "index"):
            try:
                keys[column] = AccuracyKey.parse(column)
            except InputError as error:
                raise InputError(f"{path}, line 1: unknown column: {error}") from error
    if not keys:
        raise InputError(f"{path}, line 1: no accuracy; name a column as cifar10_test_200")
    if len(set(keys.values())) < len(keys):
        raise InputError(f"{path}, line 1: two columns are the same accuracy; drop one")
    return keys


def _rows(
    path: Path, header: list[str], lines: Iterator[tuple[int, list[str]]]
) -> dict[int, list[float]]:
    """Return the numbers of each architecture, in the order of the header."""
    rows: dict[int, list[float]] = {}
    line_of: dict[tuple[str, float], int] = {}  # of every architecture and official index so far
    for line, fields in lines:
        if len(fields) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(fields)} fields where the header has {len(header)}; "
                "the line is damaged, or the file was cut off there"
            )
        try:
            numbers = [_number(*cell) for cell in zip(header, fields, strict=True)]
        except InputError as error:
            raise InputError(f"{path}, line {line}: {error}") from error
        for column, number in zip(header, numbers, strict=True):
            if column in ("arch", "index"):
                earlier = line_of.setdefault((column, number), line)
                if earlier != line:
                    shown = fields[header.index(column)]
                    raise InputError(
                        f"{path}, line {line}: {column} {shown} stands on line {earlier} already"
                    )
        rows[int(numbers[header.index("arch")])] = numbers
    return rows


def _number(column: str, text: str) -> float:
    """Return the number in a field: a code, an official index, or a percentage."""
    if column == "arch":
        return from_string(text)
    if column == "index":
        if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) >= SIZE:
            raise InputError(f"index is {text!r}: it must be an integer from 0 to {SIZE - 1}")
        return int(text)
    try:
        number = float(text.replace("_", "?"))  # Python alone reads 9_1 as 91
    except ValueError:
        number = math.nan
    if not 0 <= number <= 100:  # NaN fails
        raise InputError(f"{column} is {text!r}: it must be a percentage from 0 to 100")
    return number
