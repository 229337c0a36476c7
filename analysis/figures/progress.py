"""Ranking quality while the budget was spent, of runs that kept it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import CEILING, look
from analysis.figures.traces import reading_trace
from analysis.metrics.ranking import kendall_tau
from analysis.metrics.topk import expected_best
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable


class Progress(NamedTuple):
    """Ranking quality of a fixed sample of architectures during a run.

    Attributes:
        name: The method.
        place: Its place in the order of rows.
        seed: The run's seed.
        spent: Images spent at each point, [points].
        tau: Kendall's tau-b over the sample, [points].
        found: True accuracy of the sample's best-scored architecture, percent, [points].
    """

    name: str
    place: int
    seed: int
    spent: NDArray[np.float64]
    tau: NDArray[np.float64]
    found: NDArray[np.float64]


def progress_data(
    records: Sequence[RunRecord], table: TruthTable, key: AccuracyKey, order: Sequence[str]
) -> tuple[Progress, ...]:
    """Return ranking quality over the budget for every run that kept it.

    A run keeps it as ``trace["trajectory"]``: the ``codes`` of a sample of architectures, and a
    list of ``points``, each with the images ``spent`` and the sample's ``scores``.

    Args:
        records: The runs.
        table: The truth.
        key: Which accuracy of it.
        order: Methods in the order of rows.

    Returns:
        One a run that kept its trajectory.

    Raises:
        MissingError: None did, or the table lacks an architecture.
        InputError: The parts of one do not fit together.
    """
    found = []
    for record in records:
        kept = record.trace.get("trajectory")
        if not kept:
            continue
        with reading_trace(record):
            points = kept["points"]
            true = table.accuracy(key, np.array(kept["codes"], np.int64))
            found.append(
                Progress(
                    record.name,
                    list(order).index(record.name),
                    record.seed,
                    np.array([point["spent"] for point in points], np.float64),
                    np.array([kendall_tau(point["scores"], true) for point in points]),
                    np.array([expected_best(point["scores"], true, 1) for point in points]),
                )
            )
    if not found:
        raise MissingError("no run kept scores at points of its budget")
    return tuple(found)


def mean_progress(
    runs: Sequence[Progress], what: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean over one method's runs at the points of the first of them.

    Gradient matching may take the next step to another point in each run: between its own points
    a run is read off a straight line.

    Args:
        runs: Runs of one method.
        what: ``tau`` or ``found``.

    Returns:
        Images spent [points] and means [points], NaN where a run's is.
    """
    spent = runs[0].spent
    read = [np.interp(spent, run.spent, getattr(run, what)) for run in runs]
    return spent, np.mean(read, axis=0)


def draw_progress(
    data: Sequence[Progress], ax: Axes, *, what: str, limit: float | None = None
) -> Axes:
    """Draw one of ``tau`` and ``found`` over the budget: a faint line a run, and a method's mean.

    Args:
        data: What `progress_data` returns.
        ax: Where to draw.
        what: ``tau`` or ``found``.
        limit: What the truth's own noise lets the best method reach, drawn as a line; or None.

    Returns:
        ``ax``.
    """
    if limit is not None:
        ax.axhline(limit, **CEILING)
    for name in dict.fromkeys(one.name for one in data):
        runs = [one for one in data if one.name == name]
        color, marker, linestyle = look(runs[0].place)
        if len(runs) > 1:
            for run in runs:
                ax.plot(run.spent, getattr(run, what), color=color, linewidth=0.6, alpha=0.5)
        spent, mean = mean_progress(runs, what)
        ax.plot(
            spent,
            mean,
            color=color,
            marker=marker,
            markersize=3.5,
            linestyle=linestyle,
            linewidth=1.4,
            label=name,
        )
    ax.set(
        xlabel="images spent",
        ylabel="Kendall τ-b of the sample" if what == "tau" else "true accuracy of the best (%)",
    )
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    # as wide whichever ticks are chosen: laying out may change them once more
    ax.yaxis.set_major_formatter("{x:.2f}" if what == "tau" else "{x:.1f}")
    return ax
