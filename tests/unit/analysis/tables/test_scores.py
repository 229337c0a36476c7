from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.metrics.ranking import METRICS
from analysis.metrics.scoring import Score, score_predictions
from analysis.tables import TableCell, scores_table
from analysis.tables.cells import UNDEFINED
from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.predictions import Predictions

NB201 = open_space("nb201")


@pytest.fixture
def good(five: TruthTable, key: AccuracyKey) -> Score:
    return scored("runs/good.csv", [1, 2, 3, 4, 5], five, key)


@pytest.fixture
def bad(five: TruthTable, key: AccuracyKey) -> Score:
    return scored("runs/bad.csv", [1, 2, 3, 5, 4], five, key)


def scored(file: str, scores: list[float], table: TruthTable, key: AccuracyKey) -> Score:
    codes = table.codes[: len(scores)]
    return score_predictions(
        Predictions(file, codes, np.array(scores, float), space=NB201), table, key
    )


def test_one_row_a_file(good: Score, bad: Score, five: TruthTable) -> None:
    table = scores_table([bad, good], five, metrics=["kendall_tau", "regret"])
    assert table.header == ("File", "Architectures", "Kendall τ-b ↑", "Regret (points) ↓")
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["bad.csv", "5", "0.8000", "1.00"],
        ["good.csv", "5", "1.0000", "0.00"],
    ]
    assert [[cell.bold for cell in row] for row in table.rows] == [
        [False, False, False, False],
        [False, False, True, True],
    ]
    first, *_, last = table.caption.splitlines()
    assert first == "Truth: test accuracy, CIFAR-10, 200 epochs; table five: made up."
    assert last == "Arrows point to the better side. Bold: the best."


def test_all_metrics_stand_in_the_order_of_the_registry(good: Score, five: TruthTable) -> None:
    table = scores_table([good], five)
    assert [heading.split(" (")[0].rstrip(" ↑↓") for heading in table.header[2:]] == [
        metric.title for metric in METRICS.values()
    ]
    values = [metric.of(good.metrics) for metric in METRICS.values()]
    for cell, value in zip(table.rows[0][2:], values, strict=True):
        if math.isnan(value):
            assert cell.text == UNDEFINED
        else:
            assert float(cell.text) == pytest.approx(value, abs=5e-3)


def test_a_file_alone_is_not_the_best(good: Score, five: TruthTable) -> None:
    table = scores_table([good], five)
    assert not any(cell.bold for cell in table.rows[0])
    assert "Bold" not in table.caption


def test_files_of_different_architectures_have_no_best(
    good: Score, five: TruthTable, key: AccuracyKey
) -> None:
    table = scores_table([good, scored("four.csv", [1, 2, 3, 4], five, key)], five)
    assert not any(cell.bold for row in table.rows for cell in row)
    assert "Bold" not in table.caption


def test_an_undefined_metric_is_never_the_best(
    good: Score, five: TruthTable, key: AccuracyKey
) -> None:
    tied = scored("tied.csv", [1, 1, 1, 1, 1], five, key)
    for order in ([tied, good], [good, tied]):
        table = scores_table(order, five, metrics=["kendall_tau"])
        cells = {row[0].text: row[2] for row in table.rows}
        assert cells["tied.csv"] == TableCell(UNDEFINED)
        assert cells["good.csv"] == TableCell("1.0000", bold=True)
    alone = scores_table([tied, tied], five, metrics=["kendall_tau"])
    assert not any(cell.bold for row in alone.rows for cell in row)


def test_files_of_one_name_keep_their_folders(
    five: TruthTable, key: AccuracyKey, good: Score
) -> None:
    other = scored("others/good.csv", [1, 2, 3, 4, 5], five, key)
    table = scores_table([good, other], five)
    assert [row[0].text for row in table.rows] == ["runs/good.csv", "others/good.csv"]


def test_an_unknown_metric_is_refused(good: Score, five: TruthTable) -> None:
    with pytest.raises(InputError, match="unknown metric 'kendal_tau': did you mean 'kendall_tau'"):
        scores_table([good], five, metrics=["kendal_tau"])
