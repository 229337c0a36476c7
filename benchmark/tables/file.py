"""The project's own table file: one Arrow IPC batch, mapped into memory rather than read.

The columns are ``code``, one per accuracy, and where the table has them ``official_index``,
``seeds``, ``std`` and ``loss`` before the name of an accuracy and ``cost`` before that of a cost.
The schema carries the version of the format, the table's name, description and source, how far
its seeds agree, and a SHA-256 of everything else in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.files import reason, replacing
from benchmark.tables.keys import AccuracyKey, CostKey
from benchmark.tables.measurements import Agreement, Measurements
from benchmark.tables.truth import Source, TruthTable

SUFFIX = ".nbtable"
VERSION = "2"

Key = TypeVar("Key")
Columns = dict[str, NDArray[Any]]


def write_table(table: TruthTable, path: str | Path) -> None:
    """Write a table; a reader sees the old file or the new one.

    Args:
        table: What to write.
        path: The file, by custom with the suffix ``.nbtable``.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile
        >>> key = AccuracyKey("cifar10", "valid", 12)
        >>> one = TruthTable("one", "", Source("-", "-"), np.array([5]), {key: np.array([42.0])})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_table(one, Path(folder) / "one.nbtable")
        ...     read_table(Path(folder) / "one.nbtable").accuracy(key, 5)
        42.0
    """
    measured = table.measurements
    columns: Columns = {"code": table.codes}
    columns.update({str(key): column for key, column in table.accuracies.items()})
    for prefix, group in (
        ("seeds", table.seeds),
        ("std", measured.deviations),
        ("loss", measured.losses),
        ("cost", measured.costs),
    ):
        columns.update({f"{prefix} {key}": column for key, column in group.items()})
    if table.official_index is not None:
        columns["official_index"] = table.official_index
    about = {
        "version": VERSION,
        "name": table.name,
        "description": table.description,
        "source": json.dumps(asdict(table.source)),
        "agreement": json.dumps({str(key): asdict(it) for key, it in measured.agreement.items()}),
    }
    about["checksum"] = _checksum(about, columns)
    batch = pa.record_batch(columns).replace_schema_metadata(about)
    with (
        replacing(path) as temporary,
        pa.OSFile(str(temporary), "wb") as file,
        pa.ipc.new_file(file, batch.schema) as writer,
    ):
        writer.write_batch(batch)


def read_table(path: str | Path) -> TruthTable:
    """Open a table in milliseconds; its columns are the mapped file, not copies.

    Args:
        path: A file that `write_table` wrote.

    Returns:
        The table, its contents checked against the checksum.

    Raises:
        InputError: The file cannot be read, is damaged, or has another version.
    """
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as reader:
            batch = reader.get_batch(0)
            about = {key.decode(): text.decode() for key, text in batch.schema.metadata.items()}
            columns = {
                name: column.to_numpy(zero_copy_only=True)
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            }
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    except (pa.ArrowException, AttributeError, ValueError) as error:
        raise InputError(f"{path} is no table file, or it is damaged; write it again") from error
    if about.get("version") != VERSION:
        raise InputError(
            f"{path} has version {about.get('version')} of the format, not {VERSION}; "
            "write it again"
        )
    if about.pop("checksum", None) != _checksum(about, columns):
        raise InputError(f"{path} is damaged (its checksum does not hold); write it again")
    try:
        return _table(about, columns)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no table file that this program wrote; import it again") from (
            error
        )


def _table(about: dict[str, str], columns: Columns) -> TruthTable:
    """Put a table together from what was found in a file."""

    def taken(prefix: str, parse: Callable[[str], Key]) -> dict[Key, NDArray[Any]]:
        names = [name for name in columns if name.startswith(f"{prefix} ")]
        return {parse(name.partition(" ")[2]): columns.pop(name) for name in names}

    source, agreement = json.loads(about["source"]), json.loads(about["agreement"])
    codes, index = columns.pop("code"), columns.pop("official_index", None)
    seeds, costs = taken("seeds", AccuracyKey.parse), taken("cost", CostKey.parse)
    deviations, losses = taken("std", AccuracyKey.parse), taken("loss", AccuracyKey.parse)
    return TruthTable(
        name=about["name"],
        description=about["description"],
        source=Source(**{field.name: str(source[field.name]) for field in fields(Source)}),
        codes=codes,
        accuracies={AccuracyKey.parse(name): column for name, column in columns.items()},
        seeds=seeds,
        official_index=index,
        measurements=Measurements(
            deviations=deviations,
            losses=losses,
            costs=costs,
            agreement={AccuracyKey.parse(k): Agreement(**v) for k, v in agreement.items()},
        ),
    )


def _checksum(about: dict[str, str], columns: Columns) -> str:
    """Return the SHA-256 of what a file says about its table and of all its columns."""
    layout = {name: column.dtype.str for name, column in columns.items()}
    digest = hashlib.sha256(json.dumps([about, layout], sort_keys=True).encode())
    for name in sorted(columns):
        digest.update(memoryview(np.ascontiguousarray(columns[name])))
    return digest.hexdigest()
