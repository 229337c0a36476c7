"""Tables from Parquet files, with the same columns as CSV files."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark.errors import InputError
from benchmark.files import sha256
from benchmark.truth.sources.columns import table_from_columns
from benchmark.truth.sources.options import NO_OPTIONS, ImportOptions
from benchmark.truth.table import Source
from benchmark.truth.table_with_curves import TableWithCurves

MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_TEXT = 1 << 10  # bytes of a text; an architecture has some 90
MAX_SIZE = 1 << 28  # bytes of a file after decompression


def read_parquet(path: Path, options: ImportOptions = NO_OPTIONS) -> TableWithCurves:
    """Read a table; arguments and errors are those of `read_csv`."""
    try:
        columns = _columns(path)
    except InputError as error:
        raise InputError(f"{path} {error}") from error
    except Exception as error:  # a damaged file can raise anything
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} is no valid Parquet file ({text[:80]})") from error
    return table_from_columns(path, columns, Source(path.name, sha256(path)), options)


def _columns(path: Path) -> dict[str, list[Any]]:
    """Return the columns of a file that is no larger than a table can be."""
    with pa.OSFile(str(path)) as source:
        metadata = pq.read_metadata(source)
    size = sum(
        metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
    )
    if not 0 < metadata.num_rows <= MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
        raise InputError(
            f"has {metadata.num_rows:,} rows and {metadata.num_columns} columns; a table has at "
            f"most {MAX_ROWS:,} and {MAX_COLUMNS}"
        )
    if not 0 <= size <= MAX_SIZE or metadata.num_row_groups > MAX_ROWS:
        raise InputError(f"unpacks to more than {MAX_SIZE >> 20} MB")
    types = {field.name: _plain_type(field.type) for field in metadata.schema.to_arrow_schema()}
    for name, kind in types.items():
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or _is_text(kind)):
            raise InputError(f"has a column {name[:40]!r} of {kind}, not numbers or texts")
    # Texts stay dictionaries: 15,000 times the same long text would not fit into memory.
    texts = [name for name, kind in types.items() if _is_text(kind)]
    with (
        pa.OSFile(str(path)) as source,
        pq.ParquetFile(source, memory_map=False, read_dictionary=texts) as file,
    ):
        table = file.read(use_threads=False)
    for name in texts:
        for chunk in table[name].chunks:
            texts_here = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
            if (pc.max(pc.binary_length(texts_here)).as_py() or 0) > MAX_TEXT:
                raise InputError(f"has a text of more than {MAX_TEXT:,} bytes in {name[:40]!r}")
    return {
        name: _shared_texts(table[name]) if name in texts else table[name].to_pylist()
        for name in types
    }


def _shared_texts(column: Any) -> list[str | None]:
    """Return the texts of a column; rows with equal texts share one object."""
    found: list[str | None] = []
    for chunk in column.chunks:
        if pa.types.is_dictionary(chunk.type):
            values = [*chunk.dictionary.to_pylist(), None]
            found += [values[-1 if it is None else it] for it in chunk.indices.to_pylist()]
        else:
            found += chunk.to_pylist()
    return found


def _plain_type(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )
