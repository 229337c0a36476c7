"""How figures look, and how they reach a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from benchmark.errors import InputError
from benchmark.files import replacing

DPI = 200
# what differs between two drawings of one figure, or two versions of the library, is left out
_METADATA = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


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
    }
    with mpl.rc_context(look):
        yield


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as a whole; the same figure gives the same bytes.

    Args:
        figure: What to write.
        path: Where to; ``.png`` or ``.pdf`` decides the format.

    Raises:
        InputError: The path ends in something else.
        CheckError: The system refused.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _METADATA:
        raise InputError(f"cannot draw {path}: let it end in {' or '.join(_METADATA)}")
    with style(), replacing(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata=_METADATA[suffix])
