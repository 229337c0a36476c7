"""Columns of numbers in one Arrow IPC batch, which is mapped into memory instead of being read.

The schema's metadata carries the version of the format, texts about the columns, and a SHA-256 of
everything else in the file.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.files import reason, replacing

Columns = dict[str, NDArray[Any]]


def write_columns(path: str | Path, version: str, about: dict[str, str], columns: Columns) -> None:
    """Write columns of numbers, [n] or [n, m], and texts about them.

    A concurrent reader sees either the old file or the new one.
    """
    about = {"version": version, **about}
    about["checksum"] = _checksum(about, columns)
    arrays = {name: _to_arrow(column) for name, column in columns.items()}
    batch = pa.record_batch(arrays).replace_schema_metadata(about)
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_file(file, batch.schema) as writer,
    ):
        writer.write_batch(batch)


def read_columns(path: str | Path, version: str) -> tuple[dict[str, str], Columns]:
    """Map a file of `write_columns` into memory, check it, and return its texts and columns."""
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            metadata = reader.schema.metadata or {}
            if b"checksum" not in metadata:
                raise InputError(
                    f"{path} is an Arrow or Feather file of another program; save it as .parquet "
                    "or .csv"
                )
            about = {key.decode(): text.decode() for key, text in metadata.items()}
            batch = reader.get_batch(0)
            batch.validate(full=True)  # otherwise a damaged file can crash the process
            columns = {
                name: _to_numpy(column)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    except (pa.ArrowException, AttributeError, ValueError) as error:
        raise InputError(f"{path} is no table file, or it is damaged; write it again") from error
    if about.get("version") != version:
        raise InputError(
            f"{path} has version {about.get('version')} of the format, not {version}; "
            "write it again"
        )
    if about.pop("checksum", None) != _checksum(about, columns):
        raise InputError(f"{path} is damaged (its checksum does not hold); write it again")
    del about["version"]
    return about, columns


def _to_arrow(column: NDArray[Any]) -> Any:
    if column.ndim == 1:
        return pa.array(column)
    return pa.FixedSizeListArray.from_arrays(pa.array(column.ravel()), column.shape[1])


def _to_numpy(column: Any) -> NDArray[Any]:
    is_list = pa.types.is_fixed_size_list(column.type)
    kind = column.type.value_type if is_list else column.type
    if column.null_count or not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ValueError("a column holds something else than numbers")
    if is_list:
        values = column.flatten().to_numpy(zero_copy_only=True)
        return np.asarray(values.reshape(len(column), column.type.list_size))
    return np.asarray(column.to_numpy(zero_copy_only=True))


def _checksum(about: dict[str, str], columns: Columns) -> str:
    layout = {name: [column.dtype.str, *column.shape[1:]] for name, column in columns.items()}
    digest = hashlib.sha256(json.dumps([about, layout], sort_keys=True).encode())
    for name in sorted(columns):
        digest.update(np.ascontiguousarray(columns[name]).data)
    return digest.hexdigest()
