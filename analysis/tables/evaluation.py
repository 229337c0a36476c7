"""From run records to numbers: one row per run, then one row per method.

A frame names its truth in every row, so numbers of different truths are never averaged together.
An undefined metric and a wall time that was not recorded are NaN.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analysis.metrics.ranking import METRICS, rank_metrics
from analysis.statistics.intervals import summarise
from benchmark.budget import Spending
from benchmark.errors import InputError, MissingError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.space_choice import check_space

CONFIDENCE = 0.95
BOOTSTRAP_SEED = 0  # fixed: tables made twice are equal
TRUTH = ("table", "accuracy", "architectures")  # the columns that name the truth


def evaluate(records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey) -> pd.DataFrame:
    """Measure every run against the truth, on the architectures that both have.

    Returns:
        One row per run: method, seed, the truth (table, accuracy, number of architectures), all of
        ``METRICS``, then budget, spent, scored and every kind of spending in images, and the wall
        time in seconds.
    """
    runs = comparable(records)
    table = scored_part(table, runs)
    truth = table.accuracy(key)
    against = dict(zip(TRUTH, (table.name, str(key), len(table)), strict=True))
    return pd.DataFrame(
        {
            "method": record.name,
            "seed": record.seed,
            **against,
            **asdict(rank_metrics(record.scores_of(table.codes), truth)),
            **_cost(record),
        }
        for record in runs
    )


def scored_part(table: TruthTable, runs: Sequence[RunRecord]) -> TruthTable:
    """Return a truth table restricted to the architectures that runs of one task scored."""
    check_space(f"table {table.name!r} is", table.space, runs[0].space)
    return table.only(runs[0].codes)


def summarise_methods(runs: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Summarise the metrics of each method over its seeds, one row per method.

    Returns:
        Method, runs, the truth, and for each of ``METRICS`` mean, standard deviation and interval
        of the mean as ``<metric>_mean``, ``_std``, ``_low``, ``_high``.
    """
    truths = runs[list(TRUTH)].drop_duplicates()
    if len(truths) != 1:
        raise InputError(f"the runs are measured against {len(truths)} truths: summarise each")
    against = truths.iloc[0].to_dict()
    return pd.DataFrame(
        {"method": method, "runs": len(of_method), **against, **_summaries(of_method)}
        for method, of_method in by_method(runs, order)
    )


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV with every digit; an undefined number is an empty field."""
    return str(frame.to_csv(index=False, lineterminator="\n"))


def comparable(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Return the records as a list after checking that they may be compared."""
    runs = list(records)
    if not runs:
        raise InputError("there are no run records: run a method first")
    seen: set[tuple[str, int]] = set()
    searching = next((run for run in runs if run.base), runs[0])
    first_of: dict[str, RunRecord] = {}
    for run in runs:
        if (run.name, run.seed) in seen:
            raise InputError(f"{_name(run)} is given twice: give each run once")
        seen.add((run.name, run.seed))
        for other in (runs[0], searching, first_of.setdefault(run.name, run)):
            differing = _differences(other, run)
            if differing:
                raise InputError(
                    f"{_name(other)} and {_name(run)} differ in {', '.join(differing)}: "
                    "compare runs of one task"
                )
    return runs


def by_method(runs: pd.DataFrame, order: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return each method with its runs, in the order given."""
    groups = dict(iter(runs.groupby("method")))
    absent = [method for method in order if method not in groups]
    if absent:
        raise MissingError(f"no run of {', '.join(absent)}: run it, or leave it out of the order")
    if sorted(order) != sorted(map(str, groups)):
        raise InputError(
            f"the order is {', '.join(order)}: name each of {', '.join(map(str, groups))} once"
        )
    return [(method, groups[method]) for method in order]


def column(kind: Spending) -> str:
    """Return the column that holds a kind of spending, in images."""
    return kind.value.replace(" ", "_")


def _cost(record: RunRecord) -> dict[str, float]:
    ledger = record.budget
    try:
        parts = {column(kind): ledger["parts"][kind.value] for kind in Spending}
        totals = {name: ledger[name] for name in ("budget", "spent", "scored")}
    except KeyError as error:
        raise MissingError(
            f"{_name(record)} does not say its {error.args[0]}: run it again"
        ) from error
    seconds = record.provenance.get("seconds")
    return {**totals, **parts, "seconds": math.nan if seconds is None else float(seconds)}


def _summaries(runs: pd.DataFrame) -> dict[str, float]:
    cells = {}
    for name, metric in METRICS.items():
        # a new generator for each cell: no row depends on the rows above it
        generator = np.random.default_rng(BOOTSTRAP_SEED)
        summary = asdict(
            summarise(runs[name], generator, confidence=CONFIDENCE, bounds=metric.bounds)
        )
        cells.update({f"{name}_{part}": summary[part] for part in ("mean", "std", "low", "high")})
    return cells


def _differences(one: RunRecord, other: RunRecord) -> list[str]:
    """Return the settings in which two tasks differ, except options and base of other methods."""
    if one.protocol != other.protocol:
        return ["protocol"]
    keys = {*one.task, *other.task} - {"search", "selection", "truth"}
    if one.method != other.method:
        keys.discard("options")
    found = {key for key in keys if one.task.get(key) != other.task.get(key)}
    if one.base and other.base:  # other methods have neither
        if _search_without_base(one) != _search_without_base(other):
            found.add("search")
        if one.task.get("selection") != other.task.get("selection"):
            found.add("selection")
    return sorted(found)


def _search_without_base(record: RunRecord) -> dict[str, Any]:
    return {name: value for name, value in record.task["search"].items() if name != "base"}


def _name(record: RunRecord) -> str:
    return f"{record.name} seed {record.seed}"
