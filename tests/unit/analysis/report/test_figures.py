from __future__ import annotations

import numpy as np
import pytest

from analysis.figures.style import COLUMN, PAGE_WIDTH
from analysis.report import Report, Study
from analysis.report.figures import FIGURES
from analysis.statistics.ceiling import table_quality
from tests.unit.analysis.report.drawn import check_apart, check_legible

DRAWN = sorted(FIGURES)


@pytest.mark.parametrize("name", DRAWN)
def test_figures_fit_a_page_and_letters_are_read(report: Report, name: str) -> None:
    figure = report.figures[name].figure
    assert figure.get_figwidth() in (COLUMN, PAGE_WIDTH) or name == "scores"
    check_legible(figure)
    if name in ("distances", "splits"):
        check_apart(figure)


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
