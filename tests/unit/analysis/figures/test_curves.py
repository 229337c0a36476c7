from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from analysis.figures.curves import (
    PRECISION_TOPS,
    TAU_TOPS,
    draw_curves,
    precision_data,
    tau_over_top_data,
)
from analysis.statistics.ceiling import ceiling_tau
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Agreement, Measurements, Source, TruthTable

SPACE = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)
VALID = AccuracyKey("cifar10", "valid", 200)


@pytest.fixture(scope="module")
def table() -> TruthTable:
    generator = np.random.default_rng(1)
    truth = generator.permutation(SPACE.size) / SPACE.size * 90  # no ties
    valid = truth + generator.normal(0, 2, SPACE.size)
    columns = {KEY: truth, VALID: np.clip(valid, 0, 100)}
    return TruthTable("made", "-", Source("-", "-"), np.arange(SPACE.size), columns, space=SPACE)


@pytest.fixture(scope="module")
def records(table: TruthTable) -> list[RunRecord]:
    generator = np.random.default_rng(2)

    def noisy() -> NDArray[np.float64]:
        return table.accuracy(KEY) + generator.normal(0, 9, SPACE.size)

    return [
        RunRecord(method, seed, {"preset": "x", "space": "nb201"}, noisy(), {}, {}, {})
        for method in ("gm", "one-shot")
        for seed in (0, 1)
    ]


def test_tau_inside_the_top_is_scipys(table: TruthTable, records: list[RunRecord]) -> None:
    data = tau_over_top_data(records, table, KEY, ["one-shot", "gm"])
    truth = table.accuracy(KEY)
    order = np.argsort(-truth)
    assert [curve.name for curve in data.curves] == ["one-shot", "gm"]
    for place, percent in enumerate(TAU_TOPS):
        top = order[: percent * SPACE.size // 100]
        taus = [
            stats.kendalltau(one.scores[top], truth[top]).statistic
            for one in records
            if one.method == "gm"
        ]
        assert data.curves[1].mean[place] == pytest.approx(np.mean(taus))
        assert data.curves[1].low[place] == pytest.approx(min(taus))
        assert data.curves[1].high[place] == pytest.approx(max(taus))
        assert data.validation is not None
        limit = stats.kendalltau(table.accuracy(VALID)[top], truth[top]).statistic
        assert data.validation[place] == pytest.approx(limit)


def test_precision_is_what_two_sets_share(table: TruthTable, records: list[RunRecord]) -> None:
    data = precision_data(records, table, KEY, ["gm", "one-shot"])
    best = np.argsort(-table.accuracy(KEY))
    for place, percent in enumerate(PRECISION_TOPS):
        size = int(round(percent * SPACE.size) // 100)
        shares = [
            len({*best[:size].tolist()} & {*np.argsort(-one.scores)[:size].tolist()}) / size
            for one in records
            if one.method == "gm"
        ]
        assert data.curves[0].mean[place] == pytest.approx(np.mean(shares))
        assert data.chance[place] == pytest.approx(size / SPACE.size)


def test_lines_are_called_what_they_are(table: TruthTable, records: list[RunRecord]) -> None:
    """The validation accuracy taken as scores is no ceiling; what seeds tell is one."""
    agreement = {KEY: Agreement(0.6, SPACE.size, rho=0.8, seeds=3)}
    measured = replace(table, measurements=Measurements(agreement=agreement))
    for truth, ceiling in ((table, None), (measured, ceiling_tau(0.6, 3))):
        order = ["gm", "one-shot"]
        tau = tau_over_top_data(records, truth, KEY, order)
        assert tau.ceiling == ceiling
        shown = draw_curves(tau, Figure().subplots(), label="tau").lines
        labels = [str(line.get_label()) for line in shown]
        assert "validation" in labels
        drawn = [line for line in shown if line.get_label() == "noise ceiling"]
        assert [np.asarray(line.get_ydata())[0] for line in drawn] == (
            [] if ceiling is None else [ceiling]
        )
        precision = precision_data(records, truth, KEY, order)
        lines = draw_curves(precision, Figure().subplots(), label="precision").lines
        assert "noise ceiling" not in [line.get_label() for line in lines]


def test_without_a_validation_accuracy_there_is_no_such_curve(
    table: TruthTable, records: list[RunRecord]
) -> None:
    alone = TruthTable(
        "x", "-", Source("-", "-"), table.codes, {KEY: table.accuracy(KEY)}, space=SPACE
    )
    data = precision_data(records, alone, KEY, ["gm", "one-shot"])
    assert data.validation is None
    ax = draw_curves(data, Figure().subplots(), label="precision")
    assert [line.get_label() for line in ax.lines] == ["gm", "one-shot", "chance"]


def test_a_method_without_runs_is_missing(table: TruthTable, records: list[RunRecord]) -> None:
    with pytest.raises(MissingError, match="no run of few-shot"):
        precision_data(records, table, KEY, ["gm", "one-shot", "few-shot"])
