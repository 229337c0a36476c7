from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from analysis.figures import Panel, scores_against_truth_data, window
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

MakePanel = Callable[..., Panel]
KEY = AccuracyKey("cifar10", "test", 200)


def record(method: str, seed: int, scores: NDArray[np.float64]) -> RunRecord:
    return RunRecord(method, seed, {"preset": "ci", "space": "nb201"}, scores, {}, {}, {})


def test_a_panel_holds_the_lowest_seed_of_a_method() -> None:
    generator = np.random.default_rng(0)
    codes = np.arange(0, SPACE.size, 7)
    truth = generator.uniform(10, 95, codes.size)
    table = TruthTable("some", "-", Source("-", "-"), codes, {KEY: truth}, space=SPACE)
    scores = {
        unit: generator.normal(size=SPACE.size) for unit in [("gm", 4), ("snas", 1), ("gm", 2)]
    }
    panels = scores_against_truth_data([record(*u, s) for u, s in scores.items()], table, KEY)
    assert [(panel.method, panel.seed) for panel in panels] == [("gm", 2), ("snas", 1)]
    for panel in panels:
        expected = scores[panel.method, panel.seed][::7]
        np.testing.assert_array_equal(panel.scores, expected)
        np.testing.assert_array_equal(panel.truth, truth)
        np.testing.assert_array_equal(panel.connected, SPACE.works(codes))
        assert panel.tau == pytest.approx(stats.kendalltau(expected, truth).statistic)


def test_failures_do_not_squash_the_axes(make_panel: MakePanel) -> None:
    scores = np.arange(1_000.0)
    scores[30] = -1e9
    panel = make_panel(size=1_000, scores=scores)
    view = window(panel)
    assert view.scores == (np.percentile(scores[20:], 0.5), 999)
    assert view.truth == (np.percentile(panel.truth[20:], 0.5), panel.truth.max())
    expected = [
        i >= 20 and scores[i] >= view.scores[0] and panel.truth[i] >= view.truth[0]
        for i in range(1_000)
    ]
    assert view.inside.tolist() == expected
    assert not view.inside[30]
    assert 960 < view.inside.sum() < 980


def test_where_nothing_is_connected_all_count(make_panel: MakePanel) -> None:
    panel = make_panel(connected=np.zeros(500, bool), truth=np.full(500, 10.0))
    assert window(panel).truth == (10, 10)
    assert window(panel).inside.sum() == 497  # of 500, three lie below 0.5 %
