"""Whether a folder of records holds together: each record, all of them, and what lies beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analysis.tables.evaluation import comparable
from baselines.registry import METHODS
from benchmark.app.checking.comparison import (
    TableChoice,
    check_comparisons,
    check_manifests,
)
from benchmark.app.checking.findings import Checks
from benchmark.app.checking.record import check_record
from benchmark.app.running.runner import run_units
from benchmark.errors import InputError
from benchmark.files import marked_folder
from benchmark.images import data_folder, dataset_record
from benchmark.records import PROTOCOL, RunRecord, read_whole_records, record_path
from benchmark.tasks.task import described_task

_FIRST_STREAMS = {"batches", "initial weights"}  # what all who train share at one seed


def verify_folder(
    folder: Path, choice: TableChoice, checks: Checks, data: Path | None = None
) -> list[RunRecord]:
    """Check all that can be checked without training.

    Args:
        folder: Where records are.
        choice: Which truth to take for the tables beside them.
        checks: Where the outcome goes.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        The records that can be read.

    Raises:
        InputError: There is no such folder.
    """
    records, damaged = read_whole_records(folder)
    for name, fault in damaged.items():
        checks.that(False, name, fault)
    for record in records:
        check_record(record, _name(record), checks)
    if records:
        with checks.of(str(folder), "records"):
            comparable(records)
            _check_together(folder, records, checks, data_folder(data))
    manifests = check_manifests(folder, checks)
    if not manifests:
        checks.notes.append(f"{folder} has no manifest: a file that is gone may not be missed")
    check_comparisons(folder, records, manifests, choice, checks)
    return records


def _check_together(folder: Path, records: Sequence[RunRecord], checks: Checks, data: Path) -> None:
    """Check that runs are of one experiment, and that none stands there twice."""
    scores = Counter((record.name, record.scores.tobytes()) for record in records)
    for record in records:
        checks.that(
            scores[record.name, record.scores.tobytes()] == 1,
            _name(record),
            "another seed of the method has the very same scores",
        )
    images = {record.provenance.get("images") for record in records} - {None}
    same_machine = len({str(record.provenance.get("instructions")) for record in records}) == 1
    if same_machine:
        checks.that(len(images) <= 1, str(folder), "its runs were shown different images")
    for record in records:
        streams = record.provenance.get("streams")
        if streams is not None and record.trace.get("leaves"):
            checks.that(
                set(streams) >= _FIRST_STREAMS,
                _name(record),
                "it did not start from the weights and batches of its seed",
            )
    _check_cheap(records, checks, data)


def _check_cheap(records: Sequence[RunRecord], checks: Checks, data: Path) -> None:
    """Run again what takes no time: methods that train nothing and pass no images.

    Nothing is downloaded for it: where the images of a task are not there, that is noted.
    """
    for record in records:
        method = METHODS.get(record.method)
        if method is None or not method.reference or method.expensive:
            continue
        if record.protocol != PROTOCOL:
            checks.notes.append(f"{_name(record)} is of another protocol: it was not run again")
            continue
        try:
            task = described_task(record.method, record.task)
            if not dataset_record(task.data.dataset).is_there(data):
                raise InputError(f"no {task.data.dataset} in {data}, name its folder with --data")
        except InputError as error:
            checks.notes.append(f"{_name(record)} was not run again: {error}")
            continue
        with checks.of(_name(record), "task"), marked_folder() as folder:
            runs = run_units(task, [record.method], [record.seed], folder, data=data)
            (again,) = runs.records
            checks.that(
                again.scores.tobytes() == record.scores.tobytes(),
                _name(record),
                f"its scores are not those that {record.method} gives at seed {record.seed}",
            )


def _name(record: RunRecord) -> str:
    return record_path("", record.unit).name
