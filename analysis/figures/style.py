"""How figures look, and how they reach a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from benchmark.errors import InputError
from benchmark.files import replacing

DPI = 200
COLUMN, PAGE_WIDTH = 3.35, 6.9  # inches: of a column of a two-column page, and of both
SALT = "nasbench"  # SVG's identifiers are hashed with it, so they are the same every time
# no two alike in colour, grey, marker or dash: seaborn's "colorblind", reordered by brightness
_COLOURS = ("#0173b2", "#d55e00", "#029e73", "#949494", "#000000", "#cc78bc", "#ca9161", "#56b4e9")
_MARKERS = ("o", "s", "^", "x", "+", "D", "v", "P")
_DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (3, 1, 1, 1)),
    (0, (1, 3)),
    (0, (6, 1, 1, 1, 1, 1)),
)
# the line of what perfect scores would reach
CEILING: Any = {"color": "0.2", "linewidth": 2.2, "alpha": 0.6, "label": "noise ceiling"}
# what differs between two drawings of one figure, or two versions of the library, is left out
_METADATA = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    ".svg": {"Date": None, "Creator": None},
}


class Look(NamedTuple):
    """What one method looks like in every figure."""

    color: str
    marker: str
    linestyle: Any


def look(place: int) -> Look:
    """Return the look of the method that stands at a place in the order of rows, from 0 on.

    Example:
        >>> look(0).marker, look(8).marker
        ('o', 'o')
    """
    return Look(
        _COLOURS[place % len(_COLOURS)],
        _MARKERS[place % len(_MARKERS)],
        _DASHES[place % len(_DASHES)],
    )


@contextmanager
def style() -> Iterator[None]:
    """Set how figures look; everything is drawn and saved inside."""
    look: Any = {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper", font_scale=0.9),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 8.5,
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so it is the same everywhere
        "pdf.fonttype": 42,  # fonts a publisher accepts
        "svg.fonttype": "path",  # letters as outlines: they need no font where they are read
        "svg.hashsalt": SALT,
        "text.parse_math": False,  # a stranger's dollar signs are dollar signs
    }
    with mpl.rc_context(look):
        yield


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as a whole; the same figure gives the same bytes.

    Args:
        figure: What to write.
        path: Where to; ``.png``, ``.pdf`` or ``.svg`` decides the format.

    Raises:
        InputError: The path ends in something else.
        CheckError: The system refused.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _METADATA:
        raise InputError(f"cannot draw {path}: let it end in {' or '.join(_METADATA)}")
    with style(), replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata=_METADATA[suffix])
