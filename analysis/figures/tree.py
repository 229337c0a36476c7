"""The tree of splits: the decisions and groups of each split, and what each leaf holds."""

import textwrap
from collections.abc import Mapping
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from analysis.figures.signs import sign_of
from analysis.figures.style import PAGE_WIDTH
from analysis.figures.traces import position, reading_trace
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.spaces.base import JOINED

_BEND = 0.3  # of the way to the next level, where lines part
_LETTER = 0.062  # inches of a letter
_BOX = 0.55  # inches of half a node's box and a margin


class DrawnNode(NamedTuple):
    """A supernet of a tree."""

    name: str  # its name: that of its parent, a dot and a number
    depth: int  # number of splits above it
    height: float  # vertical position; leaves are at 0, 1, 2, … from the top
    group: tuple[str, ...]  # options it keeps of what its parent splits; empty for the root
    splits: str | None  # the decisions that are split below it; None for a leaf
    architectures: int | None  # how many a leaf holds, else None
    steps: int | None  # training steps of a leaf's weights, else None
    loss: float | None  # the last training loss in the trace, or None

    @property
    def parent(self) -> str:
        """Name of the supernet above."""
        return self.name.rpartition(".")[0]


def tree_data(record: RunRecord) -> tuple[DrawnNode, ...]:
    """Return the supernets of a run, parents before children."""
    splits = {split["node"]: split for split in record.trace.get("splits", ())}
    if not splits:
        raise MissingError("no run recorded a split: run gm or few-shot")
    with reading_trace(record):
        return _laid_out(record, splits)


def _laid_out(record: RunRecord, splits: Mapping[str, Any]) -> tuple[DrawnNode, ...]:
    """Place the leaves one below the other, and each parent midway between its children."""
    leaves = {leaf["node"]: leaf for leaf in record.trace["leaves"]}
    losses = record.trace.get("losses", {})
    order = sorted(leaves, key=position)
    heights: dict[str, float] = {name: place for place, name in enumerate(order)}
    for name in sorted(splits, key=lambda one: -one.count(".")):
        children = [heights[f"{name}.{place}"] for place in range(len(splits[name]["groups"]))]
        heights[name] = (children[0] + children[-1]) / 2
    nodes = []
    for name in sorted(heights, key=lambda one: (one.count("."), position(one))):
        parent, _, place = name.rpartition(".")
        group = splits[parent]["groups"][int(place)] if parent else ()
        leaf = leaves.get(name, {})
        nodes.append(
            DrawnNode(
                name,
                name.count("."),
                heights[name],
                tuple(group),
                JOINED.join(splits[name]["decisions"]) if name in splits else None,
                leaf.get("architectures"),
                leaf.get("steps"),
                losses[name][-1] if losses.get(name) else None,
            )
        )
    return tuple(nodes)


def draw_tree(data: tuple[DrawnNode, ...], ax: Axes, signs: Mapping[str, str]) -> Axes:
    """Draw a tree from left to right; lines are labelled with the signs of the group's options."""
    named = {node.name: node for node in data}
    depth = max(node.depth for node in data)
    letters = int((PAGE_WIDTH * (1 - _BEND) / (depth + 0.75) - _BOX) / _LETTER)
    for node in data:
        if node.parent:
            above = named[node.parent]
            bend = above.depth + _BEND
            ax.plot(
                [above.depth, bend, node.depth],
                [above.height, node.height, node.height],
                color="0.55",
                linewidth=1,
                zorder=1,
            )
            ax.text(
                (bend + node.depth) / 2,
                node.height - 0.05,
                _group_text(node.group, signs, letters),
                ha="center",
                va="bottom",
                size=6.5,
            )
        ax.text(
            node.depth,
            node.height,
            _label(node),
            ha="left" if node.depth == depth else "center",
            va="center",
            size=6.5,
            linespacing=1.25,
            bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": "0.3"},
            zorder=2,
        )
    ax.set(xlim=(-0.2, depth + 0.55), ylim=(max(n.height for n in data) + 0.5, -0.6))
    ax.set_axis_off()
    return ax


def _label(node: DrawnNode) -> str:
    loss = "" if node.loss is None else f"loss {node.loss:.2f}"
    if node.splits is not None:
        return f"splits\n{node.splits}" + (f"\n{loss}" if loss else "")
    lines = [
        f"{_count_text(node.architectures)} architectures",
        f"{node.steps:,} steps, {loss}".rstrip(", "),
    ]
    return "\n".join(lines)


def _count_text(number: int | None) -> str:
    return f"{number:.1e}" if number is not None and number >= 1e9 else f"{number:,}"


def _group_text(group: tuple[str, ...], signs: Mapping[str, str], letters: int) -> str:
    """Return the signs of a group in at most two lines of so many letters, or else their number."""
    text = ", ".join(sign_of(option, signs) for option in group)
    lines = textwrap.wrap(text, max(letters, 1), break_long_words=False, break_on_hyphens=False)
    fits = len(lines) <= 2 and all(len(line) <= letters for line in lines)
    return "\n".join(lines) if fits else f"{len(group)} options"
