"""A baseline: the runs that later ones are compared with, as one file in a repository.

The file holds each run's task, budget, provenance and the ranks of all candidates, in a quarter of
the size of a record. From ranks both sides are measured by the same code, whatever the metrics,
table and gates. The gates are in the file, so that a review sees when one is loosened. The values
of the gated metrics are for readers of a diff only.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.regression.gates import (
    DEFAULT_ALPHA,
    DEFAULT_GATES,
    Gates,
    checked_gates,
    checked_reach,
    parse_gates,
)
from analysis.tables.evaluation import comparable, evaluate
from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.records.json_file import JsonKind, read_json, write_json
from benchmark.records.record import candidates_of_task, space_of_task
from benchmark.records.scores import decode_ranks, encode_ranks
from benchmark.truth import AccuracyKey, TruthTable

KIND = JsonKind(
    format="nasbench baseline",
    schema=2,
    name="baseline",
    writer="nasbench check --update",
    remedy="restore it, or make it again with nasbench check --update",
)

Measured = Mapping[tuple[str, int], Mapping[str, float]]  # the gated metrics of each run


@dataclass(frozen=True)
class BaselineTruth:
    """The accuracy that a baseline's gates were set for."""

    table: str  # name of the table
    accuracy: str  # the accuracy, as a column name
    sha256: str  # of the table's source file
    architectures: int  # how many the table holds

    @classmethod
    def of(cls, table: TruthTable, key: AccuracyKey) -> BaselineTruth:
        """Return the identity of an accuracy of a table."""
        return cls(table.name, str(key), table.source.sha256, len(table))

    def __str__(self) -> str:
        return f"{self.accuracy} of table {self.table} ({self.architectures:,} architectures)"


@dataclass(frozen=True, eq=False)
class Baseline:
    """Runs to compare with, and how."""

    records: tuple[RunRecord, ...]  # comparable runs; scores read from a file are ranks
    truth: BaselineTruth  # the accuracy that the gates were set for
    gates: Gates  # the smallest drop that counts, by metric, in the order of ``METRICS``
    alpha: float  # level of significance for all gates together

    def __post_init__(self) -> None:
        comparable(self.records)
        object.__setattr__(self, "gates", checked_gates(self.gates))
        checked_reach({method: list(runs) for method, runs in self.methods.items()}, self.alpha)

    @property
    def methods(self) -> dict[str, dict[int, RunRecord]]:
        """The runs of each method by seed, both ascending."""
        methods: dict[str, dict[int, RunRecord]] = {}
        for record in sorted(self.records, key=lambda record: (record.name, record.seed)):
            methods.setdefault(record.name, {})[record.seed] = record
        return methods


def write_baseline(baseline: Baseline, path: str | Path, table: TruthTable) -> None:
    """Write a baseline to a file; ``table`` is the truth that it names."""
    key = AccuracyKey.parse(baseline.truth.accuracy)
    rows = evaluate(baseline.records, table, key).to_dict("records")
    measured = {
        (row["method"], row["seed"]): {gate: float(row[gate]) for gate in baseline.gates}
        for row in rows
    }
    contents = {
        "truth": asdict(baseline.truth),
        "gates": dict(baseline.gates),
        "alpha": baseline.alpha,
        "methods": {
            method: _method_entry(list(runs.values()), measured)
            for method, runs in baseline.methods.items()
        },
    }
    write_json(KIND, contents, path)


def read_baseline(path: str | Path) -> Baseline:
    """Read a baseline and check it."""
    try:
        contents = read_json(KIND, path)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            advice = "make it with nasbench check --update"
            raise InputError(f"no baseline {path}: {advice}") from error
        raise
    try:
        records = tuple(_records(contents["methods"]))
        return Baseline(
            records, BaselineTruth(**contents["truth"]), contents["gates"], contents["alpha"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} lacks a part of a baseline: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _method_entry(runs: Sequence[RunRecord], measured: Measured) -> dict[str, Any]:
    return {
        "method": runs[0].method,
        "task": runs[0].task,
        "protocol": runs[0].protocol,
        "runs": [
            {
                "seed": run.seed,
                "metrics": _shown(run, measured[run.name, run.seed]),
                "budget": run.budget,
                "provenance": run.provenance,
                "ranks": encode_ranks(run.scores, run.codes, run.space),
            }
            for run in runs
        ],
    }


def _shown(run: RunRecord, values: Mapping[str, float]) -> dict[str, float]:
    for gate, value in values.items():
        if math.isnan(value):
            raise InputError(
                f"{run.name} seed {run.seed} leaves {gate} undefined: nothing can be compared "
                "with that; gate another metric, or leave the method out"
            )
    return {gate: round(value, 6) for gate, value in values.items()}  # no noise in a diff


def _records(methods: Mapping[str, Any]) -> Iterator[RunRecord]:
    for name, entry in methods.items():
        space, codes = space_of_task(entry["task"]), candidates_of_task(entry["task"])
        for run in entry["runs"]:
            yield RunRecord(
                method=entry.get("method", name),
                seed=run["seed"],
                task=entry["task"],
                scores=decode_ranks(run["ranks"], codes, space),
                budget=run["budget"],
                trace={},
                provenance=run["provenance"],
                protocol=entry["protocol"],
            )


def updated_baseline(
    before: Baseline | None,
    records: Sequence[RunRecord],
    table: TruthTable,
    key: AccuracyKey,
    *,
    methods: Collection[str] = (),
    gates: Sequence[str] = (),
    alpha: float | None = None,
    references: Collection[str] = (),
) -> Baseline:
    """Return a baseline of new runs; what is not given stays as it was."""
    found = {record.name for record in records}
    kept = set(methods) or found - set(references)
    absent = sorted(kept - found)
    if absent:
        raise InputError(f"no run of {', '.join(absent)}: run it, or leave out its --method")
    old_gates = before.gates if before else DEFAULT_GATES
    old_alpha = before.alpha if before else DEFAULT_ALPHA
    return Baseline(
        records=tuple(record for record in records if record.name in kept),
        truth=BaselineTruth.of(table, key),
        gates=parse_gates(gates) if gates else old_gates,
        alpha=old_alpha if alpha is None else alpha,
    )
