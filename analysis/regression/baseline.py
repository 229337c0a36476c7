"""A baseline: the runs that later ones are held against, as one file for a repository.

The file keeps each run's task, budget, provenance and the ranks of all architectures, a quarter of
a record's size. Metrics alone would take less room yet, but then a corrected metric, another table
of accuracies or another gate would make the baseline worthless: from ranks both sides are measured
by the same code. The gates stand in the file too, so a looser one shows in its review. The values
of the gated metrics are there for the reader of a diff; nothing reads them back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.regression.gates import Gates, checked_gates, checked_reach
from analysis.tables.evaluation import comparable, evaluate
from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.records.json_file import JsonKind, read_json, write_json
from benchmark.records.ranks import decode_ranks, encode_ranks
from benchmark.records.record import candidates_of_task
from benchmark.truth import AccuracyKey, TruthTable

KIND = JsonKind(
    format="nasbench baseline",
    schema=1,
    name="baseline",
    writer="nasbench check --update",
    remedy="restore it, or make it again with nasbench check --update",
)

Measured = Mapping[tuple[str, int], Mapping[str, float]]  # the gated metrics of each run


@dataclass(frozen=True)
class Truth:
    """Which accuracies a baseline's gates were set for.

    Attributes:
        table: Name of the table.
        accuracy: Which of its accuracies, as a column name.
        sha256: Of the file that it came from.
        architectures: How many it holds.
    """

    table: str
    accuracy: str
    sha256: str
    architectures: int

    @classmethod
    def of(cls, table: TruthTable, key: AccuracyKey) -> Truth:
        """Return what identifies an accuracy of a table."""
        return cls(table.name, str(key), table.source.sha256, len(table))

    def __str__(self) -> str:
        """Return table, accuracy, and how many architectures."""
        return f"{self.accuracy} of table {self.table} ({self.architectures:,} architectures)"


@dataclass(frozen=True, eq=False)
class Baseline:
    """Runs to compare with, and how.

    Attributes:
        records: Comparable runs; of those read from a file the scores are ranks.
        truth: Which accuracies the gates were set for.
        gates: The smallest drop that counts, by metric, kept in the order of ``METRICS``.
        alpha: Level of significance for all gates together.

    Raises:
        InputError: The runs cannot be compared, a gate is not valid, or one could never fail for
            want of seeds.
    """

    records: tuple[RunRecord, ...]
    truth: Truth
    gates: Gates
    alpha: float

    def __post_init__(self) -> None:
        """Check that there is something to judge, and that it can be judged."""
        comparable(self.records)
        object.__setattr__(self, "gates", checked_gates(self.gates))
        checked_reach({method: list(runs) for method, runs in self.methods.items()}, self.alpha)

    @property
    def methods(self) -> dict[str, dict[int, RunRecord]]:
        """The runs of each method by seed, both in rising order."""
        methods: dict[str, dict[int, RunRecord]] = {}
        for record in sorted(self.records, key=lambda record: (record.name, record.seed)):
            methods.setdefault(record.name, {})[record.seed] = record
        return methods


def write_baseline(baseline: Baseline, path: str | Path, table: TruthTable) -> None:
    """Write a baseline into a file.

    Args:
        baseline: What to write.
        path: The file to create or replace.
        table: The truth that it names.

    Raises:
        InputError: A run leaves a gated metric undefined.
        CheckError: The system refused.
    """
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
    """Read a baseline and check that it is what was written, to the last sign.

    Raises:
        InputError: The file cannot be read, is no baseline or one of newer code, was changed by
            hand, or holds gates that could never fail.
    """
    try:
        contents = read_json(KIND, path)
    except InputError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            advice = "make it with nasbench check --update"
            raise InputError(f"no baseline {path}: {advice}") from error
        raise
    try:
        records = tuple(_records(contents["methods"]))
        return Baseline(records, Truth(**contents["truth"]), contents["gates"], contents["alpha"])
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
                "ranks": encode_ranks(run.scores, run.codes),
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
        for run in entry["runs"]:
            yield RunRecord(
                method=entry.get("method", name),
                seed=run["seed"],
                task=entry["task"],
                scores=decode_ranks(run["ranks"], candidates_of_task(entry["task"])),
                budget=run["budget"],
                trace={},
                provenance=run["provenance"],
                protocol=entry["protocol"],
            )
