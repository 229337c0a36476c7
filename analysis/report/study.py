"""The input of a report: the records of a folder, and the truth they are measured against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.paired import PairedComparison, compare_methods
from analysis.tables import ComparisonContext, comparison_context, evaluate
from analysis.tables.evaluation import BOOTSTRAP_SEED, scored_part
from analysis.tables.published import PublishedNumber
from benchmark.errors import InputError, MissingError
from benchmark.files import sha256
from benchmark.records import RunRecord, read_records, record_path
from benchmark.spaces.base import Space
from benchmark.truth import AccuracyKey, TruthTable

COMPARED = ("kendall_tau", "predicted_best")  # how well methods rank, and what they find


@dataclass(frozen=True, eq=False)
class Study:
    """Runs of one task, and what they are measured against."""

    records: tuple[RunRecord, ...]  # the runs, methods in the order of rows, then by seed
    table: TruthTable  # the truth, restricted to what was scored
    key: AccuracyKey  # the main accuracy
    order: tuple[str, ...]  # every method once
    references: frozenset[str] = frozenset()  # those that train nothing
    files: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of records' files, by name
    published: tuple[PublishedNumber, ...] = ()  # numbers of others
    # runs with other options, by the name of their folder
    variants: Mapping[str, tuple[RunRecord, ...]] = field(default_factory=dict)

    @property
    def space(self) -> Space:
        """The search space of the runs."""
        return self.records[0].space

    @cached_property
    def context(self) -> ComparisonContext:
        """What captions say about the comparison."""
        return comparison_context(self.records, self.table, self.key)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run, against the main accuracy."""
        return evaluate(self.records, self.table, self.key)

    def evaluated(self, key: AccuracyKey) -> pd.DataFrame:
        """Return one row per run against any accuracy of the table."""
        return self.runs if key == self.key else evaluate(self.records, self.table, key)

    @property
    def trained(self) -> list[str]:
        """The methods that are no references, in order."""
        return [method for method in self.order if method not in self.references]

    @property
    def keys(self) -> list[AccuracyKey]:
        """One accuracy per data set and split: of as many epochs as the main one, or the most."""
        best: dict[tuple[str, str], AccuracyKey] = {}
        for key in self.table.keys:  # ascending in epochs
            previous = best.get((key.dataset, key.split))
            if previous is None or previous.epochs != self.key.epochs:
                best[key.dataset, key.split] = key
        return sorted(best.values(), key=lambda key: (key.dataset, key.split == "test"))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of trained methods that share a seed, in order."""
        return [pair for pair in combinations(self.trained, 2) if self._shares_seed(*pair)]

    @property
    def unpaired(self) -> list[tuple[str, str]]:
        """The pairs that do not, and so cannot be compared."""
        return [pair for pair in combinations(self.trained, 2) if not self._shares_seed(*pair)]

    @cached_property
    def comparisons(self) -> list[PairedComparison]:
        """All pairs, metric by metric; empty where there are none."""
        if not self.pairs:
            return []
        runs = self.runs[self.runs["method"].isin(self.trained)]
        return [
            one
            for metric in COMPARED
            for one in compare_methods(
                runs, metric, np.random.default_rng(BOOTSTRAP_SEED), pairs=self.pairs
            )
        ]

    def of_method(self, method: str) -> list[RunRecord]:
        """Return the runs of a method by seed."""
        return [record for record in self.records if record.name == method]

    def _shares_seed(self, method: str, other: str) -> bool:
        seeds = {record.seed for record in self.of_method(method)}
        return any(record.seed in seeds for record in self.of_method(other))


def read_study(
    folder: Path,
    table: TruthTable,
    key: AccuracyKey,
    *,
    order: Sequence[str],
    references: Sequence[str] = (),
    published: Sequence[PublishedNumber] = (),
) -> Study:
    """Read the records of a folder, and those of the folders inside it as variants."""
    records = read_records(folder)
    variants = {
        inner.name: tuple(found)
        for inner in sorted(folder.iterdir())
        if inner.is_dir() and (found := read_records(inner))
    }
    if not records:
        inside = ", ".join(str(folder / name) for name in variants)
        advice = f"name one of {inside}" if inside else "name one that nasbench run wrote"
        raise InputError(f"{folder} holds no run records: {advice}")
    everything = [*records, *(one for found in variants.values() for one in found)]
    spaces = sorted({one.space.name for one in everything})
    if len(spaces) > 1:
        raise InputError(
            f"{folder} holds runs of the spaces {' and '.join(spaces)}: give the runs of each "
            "space a folder of their own"
        )
    methods = {record.name: record.method for record in records}
    rows = [name for method in order for name in methods if methods[name] == method]
    rows += [name for name in methods if name not in rows]
    study = Study(
        records=tuple(sorted(records, key=lambda one: (rows.index(one.name), one.seed))),
        table=scored_part(table, records),
        key=key,
        order=tuple(rows),
        references=frozenset(references) & frozenset(rows),
        files={
            record_name(one, inside): sha256(record_path(folder / inside, one.unit))
            for inside, of_folder in {"": records, **variants}.items()
            for one in of_folder
        },
        published=tuple(published),
        variants=variants,
    )
    _ = study.runs  # fails now if the records cannot be compared
    return study


def record_name(record: RunRecord, folder: str = "") -> str:
    """Return the name of a record's file without suffix, with its folder inside the study's."""
    return f"{folder}/{record.unit.stem}" if folder else record.unit.stem


def base_of(record: RunRecord) -> str:
    """Return the one-shot base of a run, RSPS where a tree names none; – without supernets."""
    return record.base or ("rsps" if record.trace.get("leaves") else "–")


def require(condition: object, reason: str) -> None:
    """Raise unless a table or figure has what it needs."""
    if not condition:
        raise MissingError(reason)
