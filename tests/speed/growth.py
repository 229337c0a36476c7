"""How the time of scoring, training and matching grows, with exponents fitted on log–log axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from baselines.splitting import gradient_distances
from baselines.training.weights import StepRange, path_training
from benchmark.spaces.nb201.complexity import NetworkScale
from tests.speed.comparisons import score_all
from tests.speed.measuring import shown, side_by_side
from tests.speed.page import Section
from tests.speed.scales import (
    DECISIONS,
    SMALL,
    TRAINING,
    WHOLE_SPACE,
    Effort,
    batches,
    both_networks,
    drawn_paths,
    noise,
    some_codes,
)

ARCHITECTURES, IMAGES = 100, 128
STEPS, MATCHED = 20, 2
FIGURE = "growth"


class Growth(NamedTuple):
    """The time of one kind of work as one quantity grows.

    Attributes:
        work: What is timed.
        over: The quantity that grows.
        sizes: Its values.
        seconds: The time at each.
    """

    work: str
    over: str
    sizes: Sequence[int]
    seconds: Sequence[float]

    @property
    def exponent(self) -> float:
        """Slope of the least-squares line through the logarithms."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])


def growth(effort: Effort, folder: Path) -> Section:
    """Time everything at every size, plot it, and tabulate the exponents."""
    found = list(_measured(effort))
    folder.mkdir(parents=True, exist_ok=True)
    figure = draw_growth(found)
    for kind in ("png", "svg"):
        figure.savefig(folder / f"{FIGURE}.{kind}", dpi=110)
    rows = [
        [
            one.work,
            one.over,
            f"{one.sizes[0]} to {one.sizes[-1]}",
            f"{shown(one.seconds[0])} to {shown(one.seconds[-1])}",
            f"{one.exponent:.2f}",
        ]
        for one in found
    ]
    note = (
        f"At {SMALL.name}, one number grown at a time; cost ∝ numberᵉˣᵖᵒⁿᵉⁿᵗ. Multiply-adds grow "
        "with the square of the channels and in proportion to all else; less than that is shared "
        "or fixed work."
    )
    header = ["work", "over", "range", "cost", "exponent"]
    return Section("Growth", header, rows, [note], f"{FIGURE}.png")


def draw_growth(found: Sequence[Growth]) -> Figure:
    """Plot a panel for each kind of work, with a line for each quantity."""
    works = list(dict.fromkeys(one.work for one in found))
    figure = Figure(figsize=(4 * len(works), 3.5), layout="constrained")
    panels = figure.subplots(1, len(works), squeeze=False)[0]
    for panel, work in zip(panels, works, strict=True):
        for one in found:
            if one.work == work:
                relative = np.asarray(one.sizes) / one.sizes[0]
                label = f"{one.over}, {one.exponent:.2f}"
                panel.loglog(relative, one.seconds, marker="o", label=label)
        panel.set(title=work, xlabel="times the smallest", ylabel="seconds")
        panel.set_xticks([1, 2, 4, 8, 16])
        panel.xaxis.set_minor_locator(NullLocator())
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("{x:g}")
        panel.set_xlim(0.9, 18)
        panel.legend(title="over, exponent", fontsize="small")
    return figure


def _measured(effort: Effort) -> list[Growth]:
    small = SMALL.network
    channels = {c: replace(small, channels=c) for c in (4, 8, 16, 32)}
    cells = {n: replace(small, cells=n) for n in (1, 2, 4, 8)}
    resolutions = {r: replace(small, resolution=r) for r in (8, 16, 32)}
    some = max(10, effort.of(ARCHITECTURES))
    counts = [some, 4 * some, 16 * some]
    images = [IMAGES // 4, IMAGES, 4 * IMAGES]

    def scoring(scale: NetworkScale, architectures: int = some, images: int = IMAGES) -> Work:
        _, network = both_networks(scale)
        codes, pixels = some_codes(architectures), noise(scale, images)
        return lambda: score_all(network, codes, pixels)

    def over(work: str, what: str, works: Mapping[int, Work]) -> Growth:
        times = side_by_side({str(size): one for size, one in works.items()}, effort.rounds)
        return Growth(work, what, list(works), [times[str(size)].seconds for size in works])

    found = [
        over("scoring", "architectures", {n: scoring(small, n) for n in counts}),
        over("scoring", "images", {n: scoring(small, images=n) for n in images}),
    ]
    for what, scales in (("channels", channels), ("cells", cells), ("resolution", resolutions)):
        found += [
            over("scoring", what, {size: scoring(scale) for size, scale in scales.items()}),
            over("training", what, {n: _training(scale, effort) for n, scale in scales.items()}),
            over("matching", what, {n: _matching(scale) for n, scale in scales.items()}),
        ]
    return found


Work = Callable[[], object]


def _training(scale: NetworkScale, effort: Effort) -> Work:
    steps = max(2, effort.of(STEPS))
    _, network = both_networks(scale)
    given, paths = batches(scale, steps), drawn_paths(steps)

    def train() -> None:
        training = path_training(network, given, paths, StepRange(0, steps, steps), TRAINING)
        for _ in paths:
            training.step()

    return train


def _matching(scale: NetworkScale) -> Work:
    _, network = both_networks(scale)
    given, paths = batches(scale, MATCHED), drawn_paths(MATCHED)
    return lambda: gradient_distances(network, WHOLE_SPACE, DECISIONS, given, paths, lambda: None)
