"""Losses while the budget was spent, each supernet where it was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from analysis.figures.style import look
from analysis.figures.traces import reading_trace
from benchmark.budget import Spending
from benchmark.errors import MissingError
from benchmark.records import RunRecord

LOSS_POINTS = 60  # over the whole budget, so that all lines are equally smooth


class LossCurve(NamedTuple):
    """The losses of one supernet while it was trained.

    Attributes:
        node: Its name.
        spent: Images that the run had spent, the middle of each stretch, [n].
        losses: Mean training loss of each stretch, [n].
    """

    node: str
    spent: NDArray[np.float64]
    losses: NDArray[np.float64]


def loss_data(record: RunRecord) -> tuple[LossCurve, ...]:
    """Return the losses of a run's supernets, placed where they were in its budget.

    Supernets of a level are trained one after the other. A trace does not say where matching
    stood: its images are shared out over the levels by how many distances each computed.

    Raises:
        MissingError: The run kept no losses.
        InputError: They do not fit the rest of its record.

    Example:
        >>> parts = {"shared training": 60, "gradient matching": 0, "leaf training": 0}
        >>> task = {"preset": "ci", "training": {"batch_size": 10, "budget": 60}}
        >>> trace = {"losses": {"root": [3.0, 2.0, 1.0]}}
        >>> run = RunRecord("x", 0, task, np.zeros(15_625), {"parts": parts}, trace, {})
        >>> loss_data(run)[0].spent.tolist()
        [10.0, 30.0, 50.0]
    """
    losses = record.trace.get("losses")
    if not losses:
        raise MissingError("no run holds losses: run a method that trains")
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
    """Draw the losses of one run, a line a supernet.

    Args:
        data: What `loss_data` returns.
        ax: Where to draw.
        name: The method, for the legend.
        place: Its place in the order of rows.

    Returns:
        ``ax``.
    """
    color, marker, linestyle = look(place)
    for number, curve in enumerate(data):
        ax.plot(
            curve.spent,
            curve.losses,
            color=color,
            marker=marker,
            markersize=2.5,
            linestyle=linestyle,
            linewidth=1.1,
            label=None if number else name,
        )
    ax.set(ylabel="training loss", xlabel="images spent")
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    # as wide whichever ticks are chosen: laying out may change them once more
    ax.yaxis.set_major_formatter("{x:.2f}")
    return ax


def _loss_curve(
    node: str, losses: Sequence[float], start: float, images: float, share: float
) -> LossCurve:
    """Return a supernet's losses with as many points as its share of the budget allows, 2 or more.

    Args:
        node: Its name.
        losses: What the trace keeps of them.
        start: Images spent before it was trained.
        images: Those it was trained with.
        share: Of all training that the run did.
    """
    points = min(len(losses), max(2, round(LOSS_POINTS * share)))
    ends = start + images * np.linspace(0, 1, len(losses) + 1)
    middles = (ends[1:] + ends[:-1]) / 2
    parts = np.array_split(np.arange(len(losses)), points)
    kept = np.array(losses, np.float64)
    return LossCurve(
        node,
        np.array([middles[part].mean() for part in parts]),
        np.array([kept[part].mean() for part in parts]),
    )


def _place(name: str) -> list[int]:
    """Return where a supernet stands in its tree, for sorting."""
    return [int(part) for part in name.split(".")[1:]]


def _level_images(record: RunRecord, levels: int) -> list[float]:
    """Return the images that each level of the tree was trained with.

    Where the trace does not tell, the undivided supernet has the shared part; levels that are split
    again have the share of the budget that the option ``between`` gives them, the leaves the rest.
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
    """Return what each of a level's supernets had: equal to within one step, the first first."""
    batch = record.task["training"]["batch_size"]
    each, over = divmod(round(images / batch), nodes)
    return [float(batch * (each + (place < over))) for place in range(nodes)]


def _matching_images(record: RunRecord) -> dict[int, float]:
    """Return the images that matching took below each level."""
    if "levels" in record.trace:
        return {place: float(one["matching"]) for place, one in enumerate(record.trace["levels"])}
    total = float(record.budget["parts"][Spending.GRADIENT_MATCHING.value])
    weights: dict[int, int] = {}
    for split in record.trace.get("splits", ()):
        level = split["node"].count(".")
        weights[level] = weights.get(level, 0) + len(split.get("distances", ()))
    whole = sum(weights.values())
    return {level: total * weight / whole for level, weight in weights.items()} if whole else {}
