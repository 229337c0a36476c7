"""Putting together what several machines did apart: folders of run records, or of trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from baselines.alone import TrainingResult
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
from benchmark.records import RunRecord, read_records, record_path


@dataclass(frozen=True)
class Merged:
    """What a merge put together.

    Attributes:
        what: ``runs`` or ``trainings``.
        count: How many there are now.
        added: How many of them came from the folders merged.
        damaged: Lines that could not be used.
    """

    what: str
    count: int
    added: int
    damaged: int = 0


def merge(folders: Sequence[Path], out: Path) -> Merged:
    """Put the contents of folders into one; what several of them hold must be the same.

    Args:
        folders: Where shares of a run, or of a build, were written to.
        out: Where all of it goes; what is there already stays.

    Returns:
        What there is then.

    Raises:
        InputError: A folder cannot be read or holds nothing, or they are of different kinds.
        CheckError: Two of them hold different results for the same, or the system refused.
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


def _merge_builds(folders: Sequence[Path], out: Path) -> Merged:
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
        return Merged("trainings", count, added, damaged)


def _add(journal: Journal, merged: Journal) -> int:
    """Add what is missing and return how much that was."""
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


def _merge_records(folders: Sequence[Path], out: Path) -> Merged:
    known: dict[str, tuple[Path, RunRecord]] = {}
    tasks: dict[str, tuple[Path, RunRecord]] = {}
    contents: dict[str, bytes] = {}
    already = set()
    for folder in [*([out] if out.is_dir() else []), *folders]:
        for record in read_records(folder):
            path = record_path(folder, record.unit)
            before = known.setdefault(path.name, (folder, record))
            if not np.array_equal(before[1].scores, record.scores):
                raise CheckError(
                    f"{folder} has other scores in {path.name} than {before[0]}: they were made by "
                    "different machines or versions, keep one of them"
                )
            first = tasks.setdefault(record.name, (folder, record))
            if replace(first[1].key, seed=record.seed) != record.key:
                raise InputError(
                    f"{folder} and {first[0]} hold runs of {record.name} on different tasks or by "
                    "different protocols: merge shares of one run"
                )
            contents.setdefault(path.name, path.read_bytes())
            if folder == out:
                already.add(path.name)
    if not known:
        raise InputError(f"no run records in {', '.join(map(str, folders))}")
    for name in sorted(contents.keys() - already):
        write_atomic(out / name, contents[name])
    return Merged("runs", len(contents), len(contents) - len(already))
