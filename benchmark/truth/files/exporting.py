"""Writing a table for others: CSV, Parquet, or the project's own file with all it holds."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import write_atomic
from benchmark.spaces.nb201 import to_string
from benchmark.truth.files.nbtable import SUFFIX, write_table
from benchmark.truth.sources.parquet import write_parquet
from benchmark.truth.table import TruthTable


def write_csv(table: TruthTable, path: Path) -> None:
    """Write architectures, official index and accuracies, which `read_csv` understands.

    Args:
        table: The table.
        path: The file to create or replace.

    Raises:
        CheckError: The system refused.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    index = table.official_index
    writer.writerow([*([] if index is None else ["index"]), "arch", *table.accuracies])
    for row, code in enumerate(table.codes.tolist()):
        number = [] if index is None else [int(index[row])]
        values = [float(column[row]) for column in table.accuracies.values()]
        writer.writerow([*number, to_string(code), *values])
    write_atomic(path, text.getvalue())


WRITERS: Mapping[str, Callable[[TruthTable, Path], None]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    SUFFIX: write_table,
}


def export_table(table: TruthTable, path: Path) -> None:
    """Write a table in the form that the suffix names.

    Args:
        table: The table.
        path: A file with a suffix of `WRITERS`.

    Raises:
        InputError: The suffix is another.
        CheckError: The system refused.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise InputError(f"cannot export to {path}: end its name in {' or '.join(WRITERS)}")
    WRITERS[suffix](table, path)
