"""What must hold of every figure, as it is drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

SMALLEST = 5.5  # points that are still read in print
HIGHEST = 9.5  # inches of a page


def texts(figure: Figure) -> list[Text]:
    """Return the texts of a figure that are seen."""
    figure.draw_without_rendering()
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
        and (text.axes is None or text.axes.axison or text in text.axes.texts)
    ]  # fmt: skip


def check_legible(figure: Figure) -> None:
    """Check that a figure fits a page, its letters are large enough, and nothing is cut off."""
    assert figure.get_figheight() < HIGHEST
    seen = texts(figure)
    for text in seen:
        assert float(text.get_fontsize()) >= SMALLEST, text.get_text()
    frame = figure.bbox
    ticks = {id(label) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)
             for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
             for label in (tick.label1, tick.label2)}  # fmt: skip
    for text in seen:
        if id(text) in ticks:
            continue  # those outside the limits are never drawn
        box = text.get_window_extent()
        assert box.x0 >= frame.x0 - 1, text.get_text()
        assert box.x1 <= frame.x1 + 1, text.get_text()
        assert box.y0 >= frame.y0 - 1, text.get_text()
        assert box.y1 <= frame.y1 + 1, text.get_text()


def check_apart(figure: Figure) -> None:
    """Check that no two texts of a figure overlap by more than a hair."""
    seen = texts(figure)
    boxes = np.array([text.get_window_extent().extents for text in seen])  # left, low, right, high
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    shared = np.minimum(high, boxes[None, :, 2:]) - np.maximum(low, boxes[None, :, :2])
    points = figure.dpi / 72
    overlap = np.triu((shared > 0.5 * points).all(-1), 1)
    pairs = [(seen[one].get_text(), seen[two].get_text()) for one, two in np.argwhere(overlap)]
    assert not pairs, pairs
