"""Tables from CSV files: ``arch``, optionally ``index``, and columns of accuracies in percent.

A column is named ``<dataset>_<split>_<epochs>``, for example ``cifar10_test_200``. Rows may come
in any order. Every fault is reported with its line, the header being line 1.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import read_bounded
from benchmark.truth.sources.columns import table_from_columns
from benchmark.truth.table import Source, TruthTable

MAX_BYTES = 1 << 26  # a complete table with twelve accuracies has some 3 MB


def read_csv(
    path: str | Path,
    *,
    name: str | None = None,
    allow_subset: bool = False,
    epochs: int | None = None,
) -> TruthTable:
    r"""Read a table.

    Args:
        path: The file, UTF-8.
        name: Name of the table; the default is the file's name without its suffix.
        allow_subset: Whether architectures may be missing.
        epochs: Length of the training, for column names that do not state it.

    Returns:
        The table; its length says how many architectures it holds.

    Raises:
        InputError: The file cannot be read or its contents are wrong; the message names the line.

    Example:
        >>> import tempfile
        >>> from benchmark.spaces.nb201 import to_string
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "one.csv"
        ...     _ = path.write_text(f"arch,cifar10_valid_12\n{to_string(5)},10.0\n")
        ...     table = read_csv(path, allow_subset=True)
        >>> table.name, table.codes, [str(key) for key in table.keys]
        ('one', array([5]), ['cifar10_valid_12'])
    """
    path = Path(path)
    contents = read_bounded(path, MAX_BYTES, "a table has fewer")
    lines, rows = _rows(path, contents)
    header = rows.pop(0) if rows else []
    if not header:
        raise InputError(f"{path}: the file is empty; the first line must name the columns")
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise InputError(f"{path}: there are two columns {twice[0][:40]!r}; drop one")
    for line, row in zip(lines[1:], rows, strict=True):
        if len(row) != len(header):
            raise InputError(
                f"{path}, line {line}: {len(row)} fields where the header has {len(header)}; "
                "the line is damaged, or the file was cut off there"
            )
    return table_from_columns(
        path,
        {column: [row[place] for row in rows] for place, column in enumerate(header)},
        name=name,
        source=Source(path.name, hashlib.sha256(contents).hexdigest()),
        allow_subset=allow_subset,
        epochs=epochs,
        lines=lines[1:],
    )


def _rows(path: Path, contents: bytes) -> tuple[list[int], list[list[str]]]:
    """Return line numbers and fields of all lines that are not empty."""
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines, rows = [], []
    try:
        for row in reader:
            if row:
                lines.append(reader.line_num)
                rows.append(row)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not CSV ({error})") from error
    return lines, rows
