"""Tables from CSV files: ``arch``, optionally ``index``, and columns of accuracies in percent.

A column is named ``<dataset>_<split>_<epochs>``, for example ``cifar10_test_200``. Rows may come
in any order. Every fault is reported with its line, the header being line 1.
"""

import hashlib
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import read_bounded
from benchmark.text_files import csv_rows, decoded
from benchmark.truth.sources.columns import table_from_columns
from benchmark.truth.sources.options import NO_OPTIONS, ImportOptions
from benchmark.truth.table import Source
from benchmark.truth.table_with_curves import TableWithCurves

MAX_BYTES = 1 << 26  # a complete table with twelve accuracies has some 3 MB


def read_csv(path: str | Path, options: ImportOptions = NO_OPTIONS) -> TableWithCurves:
    r"""Read a table, see `table_from_columns`."""
    path = Path(path)
    contents = read_bounded(path, MAX_BYTES, "a table has fewer")
    text = decoded(contents, path)
    try:
        rows = list(csv_rows(text))
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not rows:
        raise InputError(f"{path}: the file is empty; the first line must name the columns")
    (_, header), *rows = rows
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise InputError(f"{path}: there are two columns {twice[0][:40]!r}; drop one")
    return table_from_columns(
        path,
        {column: [fields[place] for _, fields in rows] for place, column in enumerate(header)},
        Source(path.name, hashlib.sha256(contents).hexdigest()),
        options,
        lines=[line for line, _ in rows],
    )
