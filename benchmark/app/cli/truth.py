"""Which truth a command takes: nothing that the user has imported changes a default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.errors import InputError

if TYPE_CHECKING:
    from benchmark.spaces.base import Space
    from benchmark.tasks.sections import TruthSettings
    from benchmark.truth import AccuracyKey, TruthTable

EMBEDDED = "analog-nasbench"
VARIABLE = "NASBENCH_TABLE"


def table_or_default(table: str | None) -> str:
    """Return the table of a command that has no task: what ``--table`` or NASBENCH_TABLE names."""
    if table is not None:
        return table
    named = os.environ.get(VARIABLE)
    if named:
        click.echo(f"note: table {named}, which {VARIABLE} names", err=True)
    return named or EMBEDDED


def named_space(name: str | None) -> Space | None:
    """Return the space that ``--space`` names, or None where it is not given."""
    from benchmark.spaces.registry import open_space

    return None if name is None else open_space(name)


def truth_of_runs(folder: Path, table: str | None, accuracy: str | None) -> TruthSettings:
    """Return the truth to judge runs by: what the user names, else what their task names."""
    from benchmark.records import read_whole_records
    from benchmark.tasks.sections import TruthSettings
    from benchmark.truth import TABLES
    from benchmark.truth.files.cache import imported_names

    if table is not None and accuracy is not None:
        return TruthSettings(table, accuracy)
    records, damaged = read_whole_records(folder)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        records = [*records, *read_whole_records(inner)[0]]
    if not records:
        fault = f"{folder} holds no run records: name a folder that nasbench run wrote to"
        raise InputError(next(iter(damaged.values()), fault))
    named = set()
    for record in records:
        truth = record.task.get("truth")
        if isinstance(truth, dict):
            named.add((str(truth.get("table")), str(truth.get("accuracy"))))
    if len(named) != 1:
        several = "several truths" if named else "no truth"
        raise InputError(f"the runs in {folder} name {several}: give --table and --accuracy")
    ((their_table, their_accuracy),) = named
    if table is None and their_table not in [*TABLES, *imported_names()]:
        raise InputError(
            f"the runs in {folder} name table {their_table!r:.80}, which is not there: import it, "
            "or name its file with --table"
        )
    return TruthSettings(table or their_table, accuracy or their_accuracy)


def open_truth(
    truth: TruthSettings, *, allow_subset: bool = False, space: Space | None = None
) -> tuple[TruthTable, AccuracyKey]:
    """Open a table, of the space of the runs if given, and check that it has the accuracy."""
    from benchmark.truth import AccuracyKey, open_table

    table, key = (
        open_table(truth.table, allow_subset=allow_subset, space=space),
        AccuracyKey.parse(truth.accuracy),
    )
    table.accuracy(key)
    return table, key


def show_truth(table: TruthTable, key: AccuracyKey) -> None:
    """Print which truth was used."""
    click.echo(f"Truth: {key} of table {table.name}, {len(table):,} architectures")
