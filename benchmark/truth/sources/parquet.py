"""Tables in Parquet files, with the columns that a CSV table has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import InputError
from benchmark.files import replacing
from benchmark.spaces.nb201 import SIZE, to_string
from benchmark.truth.table import TruthTable

MAX_COLUMNS = 200
MAX_SIZE = 1 << 28  # bytes of the file, and of what it unpacks to
INDEX = "__index_level_0__"  # where pandas keeps the row labels


def read_parquet(path: Path) -> dict[str, list[Any]]:
    """Read the columns of a file.

    Args:
        path: The file.

    Returns:
        The columns by name, as lists of numbers and texts.

    Raises:
        InputError: The file is damaged, or holds more than a table of the space can.
    """
    try:
        with pa.OSFile(str(path)) as source, pq.ParquetFile(source, memory_map=False) as file:
            facts = file.metadata
            size = sum(
                facts.row_group(group).total_byte_size for group in range(facts.num_row_groups)
            )
            if not 0 < facts.num_rows <= SIZE or facts.num_columns > MAX_COLUMNS:
                raise InputError(
                    f"has {facts.num_rows:,} rows and {facts.num_columns} columns; a table has at "
                    f"most {SIZE:,} and {MAX_COLUMNS}"
                )
            if not 0 <= size <= MAX_SIZE or facts.num_row_groups > SIZE:
                raise InputError(f"unpacks to more than {MAX_SIZE >> 20} MB")
            types = {field.name: field.type for field in file.schema_arrow}
            for name, kind in types.items():
                if not (
                    pa.types.is_integer(kind)
                    or pa.types.is_floating(kind)
                    or pa.types.is_string(kind)
                    or pa.types.is_large_string(kind)
                ):
                    raise InputError(f"has a column {name[:40]!r} of {kind}, not numbers or texts")
            table = file.read(use_threads=False)
            return {name: table[name].to_pylist() for name in types if name != INDEX}
    except InputError:
        raise
    except Exception as error:  # a damaged file can raise anything
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"is no sound Parquet file ({text[:80]})") from error


def write_parquet(table: TruthTable, path: Path) -> None:
    """Write architectures, official index and accuracies, which `read_parquet` understands.

    Args:
        table: The table.
        path: The file to create or replace.

    Raises:
        CheckError: The system refused.
    """
    columns: dict[str, Any] = {}
    if table.official_index is not None:
        columns["index"] = pa.array(table.official_index)
    columns["arch"] = pa.array([to_string(int(code)) for code in table.codes])
    columns.update({str(key): pa.array(column) for key, column in table.accuracies.items()})
    with replacing(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")
