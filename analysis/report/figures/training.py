"""Figures of what happened during runs: distances, trees, losses, progress."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from analysis.figures import style
from analysis.figures.distance_grid import Shown, distance_figure, distance_grid
from analysis.figures.distances import distance_data
from analysis.figures.losses import draw_losses, loss_data
from analysis.figures.progress import draw_progress, progress_data
from analysis.figures.signs import explained, signs_of
from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.figures.tree import draw_tree, tree_data
from analysis.report.figures.captioned_figure import (
    CaptionedFigure,
    fix_layout,
    legend_below,
    limit_of,
    limit_text,
    new_axes,
    number_text,
)
from analysis.report.study import Study, require
from benchmark.records import RunRecord
from benchmark.spaces.base import JOINED

MOST_LINES, MOST_LEAVES = 40, 400  # beyond, a figure is longer than a page can be


def distances(study: Study) -> CaptionedFigure:
    """Draw the gradient distances of the first run that recorded them."""
    matched = [one for one in study.records if _matches(one)]
    require(matched, "no run recorded gradient distances: run gm")
    record, signs = matched[0], signs_of(matched[0].space)
    splits = record.trace["splits"]
    data = distance_data(record)
    grid = distance_grid(data, signs)
    require(grid.lines <= MOST_LINES, f"{len(splits)} splits are too many for a page")
    options = [option for one in grid.placed for option in one.matrix.options]
    place = "a row per supernet that is split, a column per decision"
    if grid.lines > len(grid.node_lines):
        place = "row by row the supernets that are split, side by side their decisions"
    if grid.shown == Shown.CUT:
        place = "split by split"
    omitted = "" if grid.shown == Shown.ALL else f" Shown: {grid.shown}, as all would not fit."
    cuts = ", ".join(_cut(split) for split in splits)
    return CaptionedFigure(
        distance_figure(data, signs),
        f"Gradient distances of {record.name}, seed {record.seed}: {place}; on the decision that "
        "was split, options that stay together are framed."
        f"{explained(options, signs)}{omitted}{_stopped(splits)}",
        f"Matrices of gradient distances between the options of each decision; cuts: {cuts}.",
    )


def trees(study: Study) -> CaptionedFigure:
    """Draw the trees of splits, the lowest seed of each method that splits."""
    firsts = [study.of_method(method)[0] for method in study.order]
    found = [record for record in firsts if record.trace.get("splits")]
    require(found, "no run recorded a split: run gm or few-shot")
    drawn = [tree_data(record) for record in found]
    signs = signs_of(study.space)
    heights = [sum(not node.splits for node in tree) for tree in drawn]
    require(sum(heights) <= MOST_LEAVES, f"trees of {sum(heights)} leaves are too large for a page")
    with style():
        figure = Figure((PAGE_WIDTH, 0.46 * sum(heights) + 0.4 * len(drawn)), layout="constrained")
        axes = figure.subplots(len(drawn), 1, squeeze=False, height_ratios=heights)[:, 0]
        for record, tree, ax in zip(found, drawn, axes, strict=True):
            draw_tree(tree, ax, signs)
            ax.set_title(f"{record.name}, seed {record.seed}", loc="left")
        fix_layout(figure)
    kept = [option for tree in drawn for node in tree for option in node.group]
    cuts = "; ".join(
        f"{record.name} {', '.join(_cut(split) for split in record.trace['splits'])}"
        for record in found
    )
    return CaptionedFigure(
        figure,
        "Trees of splits, the lowest seed of each method: lines are labelled with the options that "
        f"stay of the decision that is split.{explained(kept, signs)}{_first_by_seed(study)}",
        f"Trees of sub-supernets; splits: {cuts}.",
    )


def losses(study: Study) -> CaptionedFigure:
    """Draw losses over the budget, the lowest seed of each method that trains."""
    firsts = [study.of_method(method)[0] for method in study.order]
    records = [one for one in firsts if one.trace.get("losses") and "levels" in one.trace]
    require(records, "no run recorded losses and their levels: run a method that trains")
    with style():
        figure, ax = new_axes(PAGE_WIDTH, 2.5)
        ends = []
        for record in records:
            curves = loss_data(record)
            draw_losses(curves, ax, name=record.name, place=study.order.index(record.name))
            ends.append(f"{record.name} {curves[-1].losses[-1]:.2f}")
        ax.legend(frameon=False)
        fix_layout(figure)
    return CaptionedFigure(
        figure,
        "Training loss over the budget, the lowest seed of each method: a line per supernet, in "
        "the order of training; gaps are gradient matching. Losses of different supernets average "
        "over different architectures.",
        f"Training loss over images spent; last losses: {', '.join(ends)}.",
    )


def progress(what: str) -> Callable[[Study], CaptionedFigure]:
    """Return the function that draws ``tau`` or ``found`` over the budget."""

    def draw(study: Study) -> CaptionedFigure:
        data = progress_data(study.records, study.table, study.key, study.order)
        with style():
            figure, ax = new_axes(COLUMN, 2.6)
            draw_progress(data, ax, what=what, limit=limit_of(study) if what == "tau" else None)
            legend_below(figure)
            fix_layout(figure)
        values = [
            (one.name, one.seed, (one.tau if what == "tau" else one.found)[-1]) for one in data
        ]
        last = ", ".join(f"{name} seed {seed} {number_text(value)}" for name, seed, value in values)
        size = data[0].architectures
        name = "Kendall τ-b" if what == "tau" else "True accuracy of the best found"
        return CaptionedFigure(
            figure,
            f"{name} over the budget, in a fixed sample of {size:,} architectures: thick lines are "
            "means over seeds, thin ones the runs. While leaves are trained one after the other, "
            "each architecture is scored by the supernet that was trained last for it."
            + (limit_text(study) if what == "tau" else ""),
            f"{name} over images spent; at the end: {last}.",
        )

    return draw


def _cut(split: Mapping[str, Any]) -> str:
    groups = split["groups"]
    decisions = JOINED.join(split["decisions"])
    cut = f"{split['node']} on {decisions} into {' | '.join(', '.join(g) for g in groups)}"
    batches = split.get("batches")  # recorded where matching may stop early
    return f"{cut} after {batches['used']} of {batches['planned']} batches" if batches else cut


def _stopped(splits: Sequence[Mapping[str, Any]]) -> str:
    """Return how many batches were matched where matching may stop early."""
    counts = [split["batches"] for split in splits if "batches" in split]
    if not counts:
        return ""
    used = ", ".join(str(count["used"]) for count in counts)
    planned = ", ".join(str(number) for number in sorted({count["planned"] for count in counts}))
    return f" Batches matched, split by split: {used}, of {planned} planned."


def _first_by_seed(study: Study) -> str:
    """Return which decision each run that matched split first."""
    chosen = [
        f"{record.name} {record.seed}: {JOINED.join(record.trace['splits'][0]['decisions'])}"
        for record in study.records
        if _matches(record)
    ]
    return f" Split first, by seed: {', '.join(chosen)}." if chosen else ""


def _matches(record: RunRecord) -> bool:
    return any("distances" in split for split in record.trace.get("splits", ()))
