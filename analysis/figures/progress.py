"""Ranking quality over the budget, for runs that recorded a trajectory."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import CEILING, draw_line, method_style
from analysis.figures.traces import reading_trace
from analysis.metrics.ranking import kendall_tau
from analysis.metrics.topk import expected_best
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable


class Progress(NamedTuple):
    """Ranking quality of a fixed sample of architectures during a run."""

    name: str  # the method
    place: int  # its place in the order of rows
    seed: int  # the run's seed
    architectures: int  # size of the sample: those of the trajectory that the table has
    spent: NDArray[np.float64]  # images spent at each point, [points]
    tau: NDArray[np.float64]  # Kendall's tau-b over the sample, [points]
    found: NDArray[np.float64]  # true accuracy of the best-scored in the sample, %, [points]


def progress_data(
    records: Sequence[RunRecord], table: TruthTable, key: AccuracyKey, order: Sequence[str]
) -> tuple[Progress, ...]:
    """Return ranking quality over the budget for every run that recorded a trajectory.

    ``trace["trajectory"]`` has the ``codes`` of a sample of architectures, and a list of
    ``points``, each with the images ``spent`` and the sample's ``scores``.
    """
    found = []
    for record in records:
        trajectory = record.trace.get("trajectory")
        if not trajectory:
            continue
        with reading_trace(record):
            codes = np.array(trajectory["codes"], np.int64)
            known = np.isin(codes, table.codes)
            if not known.any():
                raise MissingError(f"table {table.name!r} has no architecture of the trajectories")
            points = trajectory["points"]
            scores = [np.array(point["scores"], np.float64)[known] for point in points]
            truth = table.accuracy(key, codes[known])
            found.append(
                Progress(
                    record.name,
                    list(order).index(record.name),
                    record.seed,
                    int(known.sum()),
                    np.array([point["spent"] for point in points], np.float64),
                    np.array([kendall_tau(of_point, truth) for of_point in scores]),
                    np.array([expected_best(of_point, truth, 1) for of_point in scores]),
                )
            )
    if not found:
        raise MissingError("no run recorded scores during training: set [trajectory] points")
    return tuple(found)


def mean_progress(
    runs: Sequence[Progress], what: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return images spent [points] and the mean of ``tau`` or ``found`` over one method's runs.

    The points are those of the first run. Gradient matching may delay a point, differently in each
    run, so the others are interpolated linearly.
    """
    spent = runs[0].spent
    values = [np.interp(spent, run.spent, getattr(run, what)) for run in runs]
    return spent, np.mean(values, axis=0)


def draw_progress(
    data: Sequence[Progress], ax: Axes, *, what: str, limit: float | None = None
) -> Axes:
    """Draw ``tau`` or ``found`` over the budget: a thin line per run, a thick one for the mean.

    ``limit`` is the noise ceiling, drawn as a line.
    """
    if limit is not None:
        ax.axhline(limit, **CEILING)
    for name in dict.fromkeys(one.name for one in data):
        runs = [one for one in data if one.name == name]
        place = runs[0].place
        if len(runs) > 1:
            for run in runs:
                ax.plot(
                    run.spent,
                    getattr(run, what),
                    color=method_style(place).color,
                    linewidth=0.6,
                    alpha=0.5,
                )
        draw_line(ax, *mean_progress(runs, what), place, linewidth=1.4, label=name)
    ax.set(
        xlabel="images spent",
        ylabel="Kendall τ-b of the sample" if what == "tau" else "true accuracy of the best (%)",
    )
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    # of one width: other ticks do not move the layout
    ax.yaxis.set_major_formatter("{x:.2f}" if what == "tau" else "{x:.1f}")
    return ax
