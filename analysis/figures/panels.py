"""The numbers behind scores against true accuracies, a panel a method.

Both axes start at a low percentile of the connected architectures, because a few failures would
squash everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.metrics.ranking import rank_metrics
from analysis.tables.evaluation import comparable, scored_part
from benchmark.records import RunRecord
from benchmark.spaces.nb201 import is_connected
from benchmark.truth import AccuracyKey, TruthTable

LOWEST = 0.5  # percentile of the connected architectures at which an axis starts


class Panel(NamedTuple):
    """One run against the truth.

    Attributes:
        method: Its name.
        seed: Its seed.
        scores: Higher is better, in the method's own unit, shape [n].
        truth: True accuracies of the same architectures, percent, shape [n].
        connected: Which of them carry a signal; the others predict chance, shape [n].
        tau: Kendall's tau-b over all n, NaN where it is undefined.
        key: Which accuracy the truth is.
    """

    method: str
    seed: int
    scores: NDArray[np.float64]
    truth: NDArray[np.float64]
    connected: NDArray[np.bool_]
    tau: float
    key: AccuracyKey


class PanelWindow(NamedTuple):
    """What a panel shows.

    Attributes:
        scores: Lowest and highest score.
        truth: Lowest and highest accuracy, percent.
        inside: Which architectures lie within both, shape [n].
    """

    scores: tuple[float, float]
    truth: tuple[float, float]
    inside: NDArray[np.bool_]


def scores_against_truth_data(
    records: Iterable[RunRecord], table: TruthTable, key: AccuracyKey
) -> tuple[Panel, ...]:
    """Return a panel for each method's lowest seed, methods in the order in which they come.

    Args:
        records: Runs of one task.
        table: The truth; of a partial table only its architectures are shown.
        key: Which accuracy of it.

    Returns:
        The panels.

    Raises:
        InputError: The records may not be compared.
        MissingError: The table lacks the accuracy.
    """
    runs = comparable(records)
    table = scored_part(table, runs)
    truth = table.accuracy(key)
    connected = is_connected(table.codes)
    first: dict[str, RunRecord] = {}
    for record in runs:
        if record.seed < first.setdefault(record.name, record).seed:
            first[record.name] = record
    panels = []
    for record in first.values():
        scores = record.scores_of(table.codes)
        tau = rank_metrics(scores, truth).kendall_tau
        panels.append(Panel(record.name, record.seed, scores, truth, connected, tau, key))
    return tuple(panels)


def window(panel: Panel) -> PanelWindow:
    """Return what a panel shows: each axis goes from a low percentile of the connected to the best.

    Args:
        panel: The run.

    Returns:
        The limits and which architectures lie within; without a connected one all count.

    Example:
        >>> scores, truth = np.array([1.0, 2, 3]), np.array([10.0, 80, 90])
        >>> connected = np.array([False, True, True])
        >>> key = AccuracyKey("cifar10", "test", 200)
        >>> panel = Panel("gm", 0, scores, truth, connected, 1.0, key)
        >>> window(panel).truth, window(panel).inside
        ((80.05, 90.0), array([False, False,  True]))
    """
    counted = panel.connected if panel.connected.any() else np.ones_like(panel.connected)
    scores, truth = (_limits(values[counted]) for values in (panel.scores, panel.truth))
    inside = counted & (panel.scores >= scores[0]) & (panel.truth >= truth[0])
    return PanelWindow(scores, truth, inside)


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.percentile(values, LOWEST)), float(values.max())
