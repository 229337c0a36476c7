"""A folder of run records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.records.json_values import json_copy
from benchmark.records.record import PROTOCOL, RunRecord
from benchmark.records.record_file import read_record, record_path
from benchmark.records.unit import Unit
from benchmark.settings import differences

_ADVICE = "give another --out, or delete it"
_NAMED = 3  # settings that a message names
_LONGEST = 40  # characters of a value in a message


def read_records(folder: str | Path) -> list[RunRecord]:
    """Read all records of a folder, ``<name>-seed<seed>.json``; other files are skipped."""
    return sorted((_read(path) for path in _paths(folder)), key=lambda record: record.unit)


def read_whole_records(folder: str | Path) -> tuple[list[RunRecord], dict[str, str]]:
    """Read the records of a folder by name and seed, and say what is wrong with damaged files."""
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
    """Return the record of a finished run, or None, so that it need not be run again.

    It must be of the same task and the same kind of device; any, if ``device`` is None.
    """
    path = record_path(folder, unit)
    if not path.exists():
        return None
    record = _read(path)
    other = _differing(record.task, json_copy(task, "task"))
    if other:
        raise InputError(f"{path} is a run of another task: {other}; {_ADVICE}")
    if record.protocol != PROTOCOL:
        raise InputError(
            f"{path} was made by protocol {record.protocol}, this code has {PROTOCOL}: "
            f"its scores cannot be mixed with new ones; {_ADVICE}"
        )
    made_on = str(record.provenance.get("device", device))
    if device is not None and made_on.partition(":")[0] != device.partition(":")[0]:
        raise InputError(
            f"{path} was made on the device {made_on}, this is {device}: they round differently; "
            f"{_ADVICE}, or give --device {made_on}"
        )
    return record


def _differing(there: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Return in words in which settings that decide scores two tasks differ."""
    found = [
        f"{name} is {_shown(one)} there, {_shown(other)} here"
        for name, (one, other) in differences(there, here).items()
        if name.partition(".")[0] != "truth"
    ]
    more = [f"and {len(found) - _NAMED} more settings"] if len(found) > _NAMED else []
    return ", ".join(found[:_NAMED] + more)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _paths(folder: str | Path) -> list[Path]:
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"no folder {folder}: name one that nasbench run wrote records to")
    return sorted(folder.glob("[!.]*-seed*.json"))  # a name with a dot was never finished


def _read(path: Path) -> RunRecord:
    """Read a record and check that its file has its name: no run counts twice."""
    record = read_record(path)
    name = record_path(path.parent, record.unit).name
    if path.name != name:
        raise InputError(f"{path} holds what belongs in {name}; delete it or give it that name")
    return record
