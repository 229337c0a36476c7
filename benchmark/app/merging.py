"""Merging folders that several machines wrote: of run records, or of trainings for a table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from baselines.standalone import TrainingResult
from benchmark.app.building.journal import (
    SETTINGS,
    Journal,
    TrainingKey,
    difference,
    open_journal,
    read_journal,
)
from benchmark.errors import CheckError, InputError
from benchmark.files import write_atomic
from benchmark.records import RunRecord, Unit, read_records, record_path


@dataclass(frozen=True)
class MergeResult:
    """The result of a merge."""

    what: str  # ``runs`` or ``trainings``
    count: int  # how many the target folder has now
    added: int  # how many of them are new in it
    damaged: int = 0  # lines of journals that could not be used


def merge(folders: Sequence[Path], out: Path) -> MergeResult:
    """Copy the contents of folders into one; what several of them hold must be the same.

    Raises:
        InputError: A folder cannot be read or is empty, or they are of different kinds.
        CheckError: Two of them hold different results of one unit, or the system refused.
    """
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"no folder {folder}: name those that shares were written to")
    builds = [folder for folder in folders if (folder / SETTINGS).exists()]
    if not builds:
        return _merge_records(folders, out)
    if len(builds) < len(folders):
        other = next(folder for folder in folders if folder not in builds)
        raise InputError(f"{builds[0]} holds trainings, {other} does not: merge one kind at a time")
    return _merge_builds(folders, out)


def _merge_builds(folders: Sequence[Path], out: Path) -> MergeResult:
    journals = [read_journal(folder) for folder in folders]
    for journal in journals:
        if difference(journal.settings, journals[0].settings):
            raise InputError(
                f"{journal.folder} and {journals[0].folder} were built with different settings: "
                "merge shares of one build"
            )
    added, damaged = 0, sum(journal.damaged for journal in journals)
    with open_journal(out, journals[0].settings) as merged:
        for journal in journals:
            added += _add(journal, merged)
        count = len(merged.trained) + len(merged.failed)
        return MergeResult("trainings", count, added, damaged)


def _add(journal: Journal, merged: Journal) -> int:
    """Add the trainings that are missing, and return their number."""
    added = 0
    results: dict[TrainingKey, TrainingResult | str] = {**journal.trained, **journal.failed}
    for training, result in results.items():
        if training not in merged:
            merged.add(training, result, journal.machines[journal.made_on[training]])
            added += 1
        elif not merged.agrees(training, result):
            raise CheckError(
                f"{journal.folder} has other results for architecture {training.code} at seed "
                f"{training.seed} than {merged.folder}: they were made by different machines or "
                "versions, keep one of them"
            )
    return added


def _merge_records(folders: Sequence[Path], out: Path) -> MergeResult:
    by_unit: dict[Unit, tuple[Path, RunRecord]] = {}
    by_name: dict[str, tuple[Path, RunRecord]] = {}
    for folder in [*([out] if out.is_dir() else []), *folders]:
        for record in read_records(folder):
            other, first = by_name.setdefault(record.name, (folder, record))
            if replace(first.key, seed=record.seed) != record.key:
                raise InputError(
                    f"{folder} and {other} hold runs of {record.name} on different tasks or by "
                    "different protocols: merge shares of one run"
                )
            other, first = by_unit.setdefault(record.unit, (folder, record))
            if not np.array_equal(first.scores, record.scores):
                raise CheckError(
                    f"{folder} has other scores of {record.unit} than {other}: they were made by "
                    "different machines or versions, keep one of them"
                )
    if not by_unit:
        raise InputError(f"no run records in {', '.join(map(str, folders))}")
    added = {unit: folder for unit, (folder, _) in by_unit.items() if folder != out}
    for unit, folder in sorted(added.items()):
        write_atomic(record_path(out, unit), record_path(folder, unit).read_bytes())
    return MergeResult("runs", len(by_unit), len(added))
