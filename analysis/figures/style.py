"""The style of figures, and writing them to files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.style
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

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
# the line of the noise ceiling
CEILING: Any = {"color": "0.2", "linewidth": 2.2, "alpha": 0.6, "label": "noise ceiling"}
# metadata that differs between two drawings of one figure, or two versions of the library
_METADATA = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    ".svg": {"Date": None, "Creator": None},
}


class MethodStyle(NamedTuple):
    """Colour, marker and dashes of one method in every figure."""

    color: str
    marker: str
    linestyle: Any


def method_style(place: int) -> MethodStyle:
    """Return the style of the method at a place in the order of rows, from 0 on."""
    return MethodStyle(
        _COLOURS[place % len(_COLOURS)],
        _MARKERS[place % len(_MARKERS)],
        _DASHES[place % len(_DASHES)],
    )


def draw_line(ax: Axes, x: ArrayLike, y: ArrayLike, place: int, **options: Any) -> None:
    """Draw a line in the style of the method at a place in the order of rows."""
    ax.plot(x, y, **{**method_style(place)._asdict(), "markersize": 3.5, **options})


@contextmanager
def style() -> Iterator[None]:
    """Set the style inside which everything is drawn and saved, whatever a user has set."""
    settings: Any = {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper", font_scale=0.9),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 8.5,
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so it is the same everywhere
        "pdf.fonttype": 42,  # fonts a publisher accepts
        "svg.fonttype": "path",  # letters as outlines: the reader needs no font
        "svg.hashsalt": SALT,
        "text.parse_math": False,  # dollar signs in names from records are not formulas
    }
    with mpl.style.context(["default", settings]):
        yield


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure atomically as PNG, PDF or SVG; the same figure gives the same bytes."""
    suffix = Path(path).suffix.lower()
    if suffix not in _METADATA:
        raise InputError(f"cannot draw {path}: let it end in {' or '.join(_METADATA)}")
    with style(), replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata=_METADATA[suffix])
