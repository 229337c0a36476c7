"""A folder of run records: what is finished, and what can be judged together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.records.file import read_record, record_path
from benchmark.records.plain import task_digest
from benchmark.records.record import PROTOCOL, RunRecord
from benchmark.records.unit import Unit


def read_records(folder: str | Path) -> list[RunRecord]:
    """Read all records of a folder, ``<name>-seed<seed>.json``; other files are left alone.

    Args:
        folder: The folder.

    Returns:
        The records by name, then seed; none where the folder has none.

    Raises:
        InputError: There is no such folder, a record is damaged, or one has another's name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     read_records(folder)
        []
    """
    records = [_read(path) for path in _paths(folder)]
    return sorted(records, key=lambda record: record.unit)


def read_whole_records(folder: str | Path) -> tuple[list[RunRecord], dict[str, str]]:
    """Read the records of a folder that can be read, and say what is wrong with the others.

    Args:
        folder: The folder.

    Returns:
        The records by name, then seed; and for the name of each damaged file what is wrong.

    Raises:
        InputError: There is no such folder.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "gm-seed3.json").write_text("{")
        ...     records, damaged = read_whole_records(folder)
        ...     records, list(damaged)
        ([], ['gm-seed3.json'])
    """
    records, damaged = [], {}
    for path in _paths(folder):
        try:
            records.append(_read(path))
        except InputError as error:
            damaged[path.name] = str(error)
    return sorted(records, key=lambda record: record.unit), damaged


def find_record(
    folder: str | Path, unit: Unit, task: Mapping[str, Any], device: str | None = None
) -> RunRecord | None:
    """Return the record of a finished run, so that it need not be run again.

    Args:
        folder: Where records are kept; it need not exist.
        unit: The run's method, base and seed.
        task: The whole task, as plain JSON values.
        device: Where networks run, like ``cuda:0``; None takes a record of any kind of device.

    Returns:
        The record, or None where the run is still to do.

    Raises:
        InputError: A record is there, but damaged or of another task, protocol or kind of device.

    Example:
        >>> find_record("nowhere", Unit("gm", None, 3), {"preset": "ci"}) is None
        True
    """
    path = record_path(folder, unit)
    if not path.exists():
        return None
    record = _read(path)
    advice = "give another --out, or delete it"
    if record.key.task != task_digest(task):
        raise InputError(
            f"{path} is a run of another task (its preset is {record.task['preset']!r}, "
            f"this one's {task.get('preset')!r}); {advice}"
        )
    if record.protocol != PROTOCOL:
        raise InputError(
            f"{path} was made by protocol {record.protocol}, this code has {PROTOCOL}: "
            f"its scores cannot be mixed with new ones; {advice}"
        )
    made_on = str(record.provenance.get("device", device))
    if device is not None and made_on.partition(":")[0] != device.partition(":")[0]:
        raise InputError(
            f"{path} was made on the device {made_on}, this is {device}: they round differently; "
            f"{advice}, or give --device {made_on}"
        )
    return record


def _paths(folder: str | Path) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"no folder {folder}: name one that nasbench run wrote records to")
    return sorted(folder.glob("[!.]*-seed*.json"))  # a name with a dot was never finished


def _read(path: Path) -> RunRecord:
    """Read a record and check that the file has its name: no run counts twice."""
    record = read_record(path)
    name = record_path(path.parent, record.unit).name
    if path.name != name:
        raise InputError(f"{path} holds what belongs in {name}; delete it or give it that name")
    return record
