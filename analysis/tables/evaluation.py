"""From run records to numbers: one row a run, then one row a method.

A frame names its truth in every row, so numbers of different truths are never averaged together.
An undefined metric and a wall time that was not recorded are NaN.
"""

from __future__ import annotations

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

CONFIDENCE = 0.95
BOOTSTRAP_SEED = 0  # fixed: tables made twice are equal
TRUTH = ("table", "accuracy", "architectures")  # the columns that say what scores were held against


def evaluate(records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey) -> pd.DataFrame:
    """Measure every run against the truth.

    Args:
        records: Runs of one task, each method and seed once.
        table: The truth; only architectures that it has and that were scored are compared.
        key: Which accuracy of it.

    Returns:
        One row a run: method, seed, the truth (its table, accuracy and number of architectures),
        all of ``METRICS``, then budget, spent, scored and every kind of spending in images, and
        the wall time in seconds.

    Raises:
        InputError: No records, two tasks among them, or a run that stands there twice.
        MissingError: The table lacks the accuracy, or a record what was spent.

    Example:
        >>> from benchmark.budget import Budget, Ledger
        >>> from benchmark.truth import Source
        >>> key, codes = AccuracyKey("cifar10", "test", 200), np.array([25, 31])
        >>> table = TruthTable("two", "-", Source("-", "-"), codes, {key: np.array([90, 91])})
        >>> spent = Ledger(Budget(100)).to_dict()
        >>> record = RunRecord("gm", 0, {"preset": "ci"}, np.arange(15_625.0), spent, {}, {})
        >>> print(evaluate([record], table, key)[["method", "architectures", "kendall_tau"]])
          method  architectures  kendall_tau
        0     gm              2          1.0
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
    """Return a truth table without the architectures that runs of one task did not score.

    Raises:
        MissingError: It has none that they scored.
    """
    return table.only(runs[0].codes)


def summarise_methods(runs: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Summarise the metrics of each method over its seeds.

    Args:
        runs: What `evaluate` returns.
        order: Every method in it, once, in the order of rows.

    Returns:
        One row a method: method, runs, the truth, and for each of ``METRICS`` the mean, standard
        deviation and interval of the mean as ``<metric>_mean``, ``_std``, ``_low``, ``_high``.

    Raises:
        InputError: The rows have several truths, or the order does not name each method once.
        MissingError: The order names a method without runs.

    Example:
        >>> values = dict.fromkeys([*TRUTH, *METRICS], 0) | {"regret": [0.5, 1.5]}
        >>> runs = pd.DataFrame({"method": ["gm", "gm"], **values})
        >>> print(summarise_methods(runs, ["gm"])[["method", "runs", "regret_mean", "regret_low"]])
          method  runs  regret_mean  regret_low
        0     gm     2          1.0         0.0
    """
    truths = runs[list(TRUTH)].drop_duplicates()
    if len(truths) != 1:
        raise InputError(f"the runs are held against {len(truths)} truths: summarise each apart")
    against = truths.iloc[0].to_dict()
    return pd.DataFrame(
        {"method": method, "runs": len(of_method), **against, **_summaries(of_method)}
        for method, of_method in by_method(runs, order)
    )


def to_csv(frame: pd.DataFrame) -> str:
    r"""Return a frame as CSV: every digit of every number, nothing where one is undefined.

    Example:
        >>> to_csv(pd.DataFrame({"method": ["gm"], "mean": [0.1 + 0.2], "std": [math.nan]}))
        'method,mean,std\ngm,0.30000000000000004,\n'
    """
    return str(frame.to_csv(index=False, lineterminator="\n"))


def comparable(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Return the records as a list once it is sure that they may stand in one table.

    Raises:
        InputError: No records, two tasks or protocols among them, or a run that stands there twice.
    """
    runs = list(records)
    if not runs:
        raise InputError("there are no run records: run a method first")
    seen: set[tuple[str, int]] = set()
    first_of: dict[str, RunRecord] = {}
    for run in runs:
        if (run.name, run.seed) in seen:
            raise InputError(f"{_name(run)} stands there twice: give each run once")
        seen.add((run.name, run.seed))
        for other in (runs[0], first_of.setdefault(run.name, run)):
            differing = _differences(other, run)
            if differing:
                raise InputError(
                    f"{_name(other)} and {_name(run)} differ in {', '.join(differing)}: "
                    "compare runs of one task"
                )
    return runs


def by_method(runs: pd.DataFrame, order: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """Return each method with its runs, in the order given.

    Raises:
        InputError: The order does not name each method of the runs once.
        MissingError: The order names a method without runs.
    """
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
    """Return the column that holds a kind of spending, in images.

    Example:
        >>> column(Spending.LEAF_TRAINING)
        'leaf_training'
    """
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
        # a generator a cell: no row depends on the rows above it
        generator = np.random.default_rng(BOOTSTRAP_SEED)
        summary = asdict(
            summarise(runs[name], generator, confidence=CONFIDENCE, bounds=metric.bounds)
        )
        cells.update({f"{name}_{part}": summary[part] for part in ("mean", "std", "low", "high")})
    return cells


def _differences(one: RunRecord, other: RunRecord) -> list[str]:
    """Return in what two tasks differ; each method has options and a base of its own."""
    if one.protocol != other.protocol:
        return ["protocol"]
    keys = {*one.task, *other.task} - {"search", "truth"}
    if one.method != other.method:
        keys.discard("options")
    found = {key for key in keys if one.task.get(key) != other.task.get(key)}
    if one.base and other.base and _but_base(one) != _but_base(other):
        found.add("search")
    return sorted(found)


def _but_base(record: RunRecord) -> dict[str, Any]:
    return {name: value for name, value in record.task["search"].items() if name != "base"}


def _name(record: RunRecord) -> str:
    return f"{record.name} seed {record.seed}"
