"""Training losses over the budget, each supernet where it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import draw_line
from analysis.figures.traces import reading_trace
from benchmark.budget import Spending
from benchmark.errors import MissingError
from benchmark.records import RunRecord

LOSS_POINTS = 60  # over the whole budget: all lines are equally smooth


class LossCurve(NamedTuple):
    """The losses of one supernet while it was trained."""

    node: str  # its name
    spent: NDArray[np.float64]  # images that the run had spent in the middle of each interval, [n]
    losses: NDArray[np.float64]  # mean training loss of each interval, [n]


def loss_data(record: RunRecord) -> tuple[LossCurve, ...]:
    """Return the losses of a run's supernets over its budget.

    Supernets of a level are trained one after the other.

    Raises:
        MissingError: The run recorded no losses.
        InputError: They are inconsistent with the rest of its record.
    """
    losses = record.trace.get("losses")
    if not losses:
        raise MissingError("no run recorded losses: run a method that trains")
    levels: dict[int, list[str]] = {}
    for name in sorted(losses, key=_place):
        levels.setdefault(name.count("."), []).append(name)
    curves, spent = [], 0.0
    with reading_trace(record):
        totals = _level_images(record, len(levels))
        matching = _matching_images(record)
        for level, names in sorted(levels.items()):
            for name, images in zip(names, _shares(totals[level], len(names), record), strict=True):
                curves.append(_loss_curve(name, losses[name], spent, images, images / sum(totals)))
                spent += images
            spent += matching.get(level, 0.0)
    return tuple(curves)


def draw_losses(data: Sequence[LossCurve], ax: Axes, *, name: str, place: int) -> Axes:
    """Draw the losses of one run, a line per supernet.

    Args:
        data: What `loss_data` returns.
        ax: Where to draw.
        name: The method, for the legend.
        place: Its place in the order of rows.
    """
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
    """Return a supernet's losses, averaged over intervals in proportion to its share of training.

    Args:
        node: Its name.
        losses: From the trace.
        start: Images spent before it was trained.
        images: Images it was trained on.
        share: Of all training of the run.
    """
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


def _place(name: str) -> list[int]:
    """Return the position of a supernet in its tree, for sorting."""
    return [int(part) for part in name.split(".")[1:]]


def _level_images(record: RunRecord, levels: int) -> list[float]:
    """Return the images that each level of the tree was trained on.

    If the trace does not record them: the root has the shared part, levels that are split again
    the share that the option ``between`` gives them, and the leaves the rest.
    """
    if "levels" in record.trace:
        return [float(level["images"]) for level in record.trace["levels"]]
    parts, training = record.budget["parts"], record.task["training"]
    batch = training["batch_size"]
    steps = training["budget"] // batch
    below = float(parts[Spending.LEAF_TRAINING.value])
    between = round(record.task.get("options", {}).get("between", 0) * steps) * batch
    middle = [float(between)] * (levels - 2)
    rest = [below - sum(middle)] if levels > 1 else []
    return [float(parts[Spending.SHARED_TRAINING.value]), *middle, *rest]


def _shares(images: float, nodes: int, record: RunRecord) -> list[float]:
    """Return the images of each of a level's supernets: equal to within one step."""
    batch = record.task["training"]["batch_size"]
    each, over = divmod(round(images / batch), nodes)
    return [float(batch * (each + (place < over))) for place in range(nodes)]


def _matching_images(record: RunRecord) -> dict[int, float]:
    """Return the images of gradient matching below each level.

    If the trace does not record them, they are in proportion to the distances computed.
    """
    if "levels" in record.trace:
        return {place: float(one["matching"]) for place, one in enumerate(record.trace["levels"])}
    total = float(record.budget["parts"][Spending.GRADIENT_MATCHING.value])
    weights: dict[int, int] = {}
    for split in record.trace.get("splits", ()):
        level = split["node"].count(".")
        weights[level] = weights.get(level, 0) + len(split.get("distances", ()))
    whole = sum(weights.values())
    return {level: total * weight / whole for level, weight in weights.items()} if whole else {}
