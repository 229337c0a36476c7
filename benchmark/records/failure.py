"""The report of a failed run: how far it got, and why it failed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.records.json_file import JsonKind, write_json
from benchmark.records.json_values import json_copy
from benchmark.records.record_file import record_path
from benchmark.records.unit import Unit

SUFFIX = ".failed"

KIND = JsonKind(
    format="nasbench failure",
    schema=1,
    name="report of a failed run",
    writer="nasbench run",
    remedy="delete it",
)


@dataclass(frozen=True)
class Failure:
    """A run that failed."""

    method: str
    seed: int
    task: Mapping[str, Any]
    fault: str  # what went wrong, one line
    budget: Mapping[str, Any]  # what it had spent, from `benchmark.budget.Ledger.to_dict`
    provenance: Mapping[str, Any]  # what ran where, from `benchmark.records.provenance.provenance`


def failure_path(folder: str | Path, unit: Unit) -> Path:
    """Return where the report of a failed run is kept."""
    return record_path(folder, unit).with_suffix(SUFFIX)


def write_failure(failure: Failure, unit: Unit, folder: str | Path) -> Path:
    """Write the report of a failed run into a folder, replacing an earlier one."""
    path = failure_path(folder, unit)
    write_json(KIND, json_copy(asdict(failure), "failure"), path)
    return path
