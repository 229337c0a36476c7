"""Exporting a table: accuracies as CSV or Parquet, or everything in the project's own format."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import InputError
from benchmark.files import replacing, write_atomic
from benchmark.truth.files.nbtable import SUFFIX, write_table
from benchmark.truth.table import TruthTable


def export_table(table: TruthTable, path: Path) -> None:
    """Write a table in the format that the suffix names; it can be imported again."""
    match path.suffix.lower():
        case ".csv":
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            columns = _columns(table)
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
            write_atomic(path, text.getvalue())
        case ".parquet":
            with replacing(path) as temporary:
                pq.write_table(pa.table(_columns(table)), temporary, compression="zstd")
        case suffix if suffix == SUFFIX:
            write_table(table, path)
        case _:
            raise InputError(f"cannot export to {path}: use the suffix .csv, .parquet or {SUFFIX}")


def _columns(table: TruthTable) -> dict[str, list[Any]]:
    """Return the columns that a CSV table has."""
    index = table.official_index
    return {
        **({} if index is None else {"index": index.tolist()}),
        "arch": [table.space.format(code) for code in table.codes.tolist()],
        **{str(key): column.tolist() for key, column in table.accuracies.items()},
    }
