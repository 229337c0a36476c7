"""Training losses over the budget, each supernet where it was trained."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import draw_line
from analysis.figures.traces import position, reading_trace
from benchmark.errors import MissingError
from benchmark.records import RunRecord

LOSS_POINTS = 60  # over the whole budget: all lines are equally smooth


class LossCurve(NamedTuple):
    """The losses of one supernet while it was trained."""

    node: str  # its name
    spent: NDArray[np.float64]  # images that the run had spent in the middle of each interval, [n]
    losses: NDArray[np.float64]  # mean training loss of each interval, [n]


def loss_data(record: RunRecord) -> tuple[LossCurve, ...]:
    """Return the losses of a run's supernets, which are trained level by level, one by one."""
    losses = record.trace.get("losses")
    if not losses or "levels" not in record.trace:
        raise MissingError("no run recorded losses and their levels: run a method that trains")
    curves, spent = [], 0.0
    with reading_trace(record):
        batch = record.task["training"]["batch_size"]
        levels = record.trace["levels"]
        total = sum(level["images"] for level in levels)
        left = set(losses)
        for depth, level in enumerate(levels):
            names = sorted((name for name in losses if name.count(".") == depth), key=position)
            left -= set(names)
            # equal to within one step, the first supernets having one more
            each, over = divmod(round(level["images"] / batch), len(names) or 1)
            for place, name in enumerate(names):
                images = float(batch * (each + (place < over)))
                curves.append(_loss_curve(name, losses[name], spent, images, images / total))
                spent += images
            spent += level["matching"]
        if left:
            raise ValueError(f"losses of {left} are of no level")
    return tuple(curves)


def draw_losses(data: Sequence[LossCurve], ax: Axes, *, name: str, place: int) -> Axes:
    """Draw the losses of one run, a line per supernet, in the style of its method."""
    for number, curve in enumerate(data):
        label = None if number else name
        draw_line(ax, curve.spent, curve.losses, place, markersize=2.5, linewidth=1.1, label=label)
    ax.set(ylabel="training loss", xlabel="images spent")
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.yaxis.set_major_formatter("{x:.2f}")  # of one width: other ticks do not move the layout
    return ax


def _loss_curve(
    node: str, losses: Sequence[float], start: float, images: float, share: float
) -> LossCurve:
    """Return losses from an image count on, averaged over intervals by the share of training."""
    points = min(len(losses), max(2, round(LOSS_POINTS * share)))
    ends = start + images * np.linspace(0, 1, len(losses) + 1)
    middles = (ends[1:] + ends[:-1]) / 2
    parts = np.array_split(np.arange(len(losses)), points)
    values = np.array(losses, np.float64)
    return LossCurve(
        node,
        np.array([middles[part].mean() for part in parts]),
        np.array([values[part].mean() for part in parts]),
    )
