from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.report import Report, Study
from analysis.report.figures import FIGURES
from analysis.statistics.ceiling import table_quality

SMALLEST = 5.5  # points that are still read in print
DRAWN = sorted(FIGURES)


def texts(figure: Figure) -> list[Text]:
    figure.draw_without_rendering()
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
        and (text.axes is None or text.axes.axison or text in text.axes.texts)
    ]  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_figures_fit_a_page_and_letters_are_read(report: Report, name: str) -> None:
    figure = report.figures[name].figure
    assert figure.get_figwidth() in (COLUMN, PAGE_WIDTH) or name == "scores"
    assert figure.get_figheight() < 9.5
    for text in texts(figure):
        assert float(text.get_fontsize()) >= SMALLEST, text.get_text()


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off(report: Report, name: str) -> None:
    figure = report.figures[name].figure
    frame = figure.bbox
    ticks = {id(label) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)
             for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
             for label in (tick.label1, tick.label2)}  # fmt: skip
    for text in texts(figure):
        if id(text) in ticks:
            continue  # those outside the limits are never drawn
        box = text.get_window_extent()
        assert box.x0 >= frame.x0 - 1, text.get_text()
        assert box.x1 <= frame.x1 + 1, text.get_text()
        assert box.y0 >= frame.y0 - 1, text.get_text()
        assert box.y1 <= frame.y1 + 1, text.get_text()


@pytest.mark.parametrize("name", DRAWN)
def test_words_say_what_a_figure_shows(report: Report, name: str) -> None:
    captioned = report.figures[name]
    assert len(captioned.caption) > 40
    assert len(captioned.alternative) > 40
    assert (
        any(method in captioned.alternative for method in report.study.order) or name == "distances"
    )


def test_the_noise_ceiling_is_drawn_where_there_is_one(report: Report) -> None:
    (ax,) = report.figures["tau-over-top"].figure.axes
    labels = [line.get_label() for line in ax.lines]
    assert labels.count("noise ceiling") == labels.count("validation") == 1
    caption = report.figures["tau-over-top"].caption
    assert "Validation: the table's own validation accuracy, CIFAR-10, 200 epoch" in caption


def test_every_figure_of_tau_has_one_ceiling(report: Report, study: Study) -> None:
    (quality,) = table_quality(study.table)
    for name, part in (("tau-over-top", 1), ("tau-by-seed", 0), ("tau-over-budget", 1)):
        (ax,) = report.figures[name].figure.axes
        (line,) = [line for line in ax.lines if line.get_label() == "noise ceiling"]
        assert np.asarray(line.get_data()[part])[0] == quality.ceiling
        assert f"Noise ceiling: τ = {quality.ceiling:.3f} is what" in report.figures[name].caption
    for name in ("precision", "best-by-seed", "best-over-budget"):
        (ax,) = report.figures[name].figure.axes
        assert "noise ceiling" not in [line.get_label() for line in ax.lines]
        assert "Noise ceiling" not in report.figures[name].caption


def test_it_is_said_how_many_batches_were_matched(report: Report) -> None:
    captioned = report.figures["distances"]
    assert captioned.caption.endswith(
        "Batches matched, split by split: 100, 16, 8, of 100 planned."
    )
    assert "nor_conv_3x3 after 16 of 100 batches, root.1 on" in captioned.alternative
