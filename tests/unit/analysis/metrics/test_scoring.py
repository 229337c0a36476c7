from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
from scipy import stats

from analysis.metrics.ranking import RankMetrics, rank_metrics
from analysis.metrics.scoring import (
    Score,
    same_architectures,
    sample_warning,
    score_predictions,
    score_warnings,
)
from benchmark.errors import MissingError
from benchmark.spaces.nb201 import to_string
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable
from benchmark.truth.predictions import Predictions

NB201 = open_space("nb201")

KEY = AccuracyKey("imagenet16-120", "valid", 12)
CODES = np.arange(0, 15_000, 10)
GENERATOR = np.random.default_rng(0)
PERCENT = GENERATOR.uniform(10, 95, len(CODES))
TABLE = TruthTable("mine", "made up", Source("-", "-"), CODES, {KEY: PERCENT}, space=NB201)
PREDICTED = Predictions(
    "mine.csv", CODES, PERCENT + GENERATOR.normal(0, 30, len(CODES)), space=NB201
)


def part(count: int, file: str = "part.csv", *, maybe_cut_off: bool = False) -> Predictions:
    return Predictions(file, CODES[:count], PREDICTED.scores[:count], maybe_cut_off, space=NB201)


def test_all_that_is_predicted_is_scored() -> None:
    score = score_predictions(PREDICTED, TABLE, KEY)
    assert score.metrics == rank_metrics(PREDICTED.scores, PERCENT)
    tau = stats.kendalltau(PREDICTED.scores, PERCENT).statistic
    assert score.metrics.kendall_tau == pytest.approx(tau)
    np.testing.assert_array_equal(score.codes, CODES)
    score = score_predictions(part(1_200), TABLE, KEY)
    assert score.metrics == rank_metrics(PREDICTED.scores[:1_200], PERCENT[:1_200])


def test_a_subset_restricts() -> None:
    chosen = CODES[7::3]
    score = score_predictions(PREDICTED, TABLE, KEY, chosen)
    assert score.metrics == rank_metrics(PREDICTED.scores[7::3], PERCENT[7::3])
    np.testing.assert_array_equal(score.codes, chosen)


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(MissingError) as caught:
        score_predictions(part(3), TABLE, KEY, CODES[:5])
    assert str(caught.value) == (
        f"part.csv: no score of 2 of the 5 architectures to compare, the first is {to_string(30)}; "
        "add them, or leave them out of the subset"
    )
    with pytest.raises(MissingError, match="table 'mine' has no cifar10_test_200"):
        score_predictions(PREDICTED, TABLE, AccuracyKey("cifar10", "test", 200))


def test_a_table_that_lacks_architectures_says_so() -> None:
    more = Predictions("more.csv", np.array([0, 3, 4, 10]), np.arange(4.0), space=NB201)
    with pytest.raises(MissingError) as caught:
        score_predictions(more, TABLE, KEY)
    assert str(caught.value) == (
        f"table 'mine' lacks 2 of the 4 architectures of more.csv, the first is {to_string(3)}; "
        "name those to compare in a subset"
    )
    with pytest.raises(MissingError) as caught:
        score_predictions(more, TABLE, KEY, np.array([3, 10]))
    assert str(caught.value) == (
        f"table 'mine' lacks 1 of the 2 architectures to compare, the first is {to_string(3)}; "
        "leave them out of the subset"
    )


def test_plain_values() -> None:
    score = score_predictions(PREDICTED, TABLE, KEY)
    metrics = score.metrics
    assert score.to_dict() == {
        "file": "mine.csv",
        "table": "mine",
        "space": "nb201",
        "dataset": "imagenet16-120",
        "split": "valid",
        "epochs": 12,
        "n_architectures": 1_500,
        "n_networks": len(np.unique(NB201.network(CODES))),
        "kendall_tau": metrics.kendall_tau,
        "spearman_rho": metrics.spearman_rho,
        "precision_at_1pct": metrics.precision_at_1pct,
        "precision_at_5pct": metrics.precision_at_5pct,
        "precision_at_10pct": metrics.precision_at_10pct,
        "tau_top_10pct": metrics.tau_top_10pct,
        "top1_accuracy": metrics.predicted_best,
        "top10_best_accuracy": metrics.best_of_top_10,
        "regret": metrics.regret,
        "kendall_tau_networks": score.kendall_tau_networks,
    }
    assert len(score.to_dict()) == 9 + len(fields(RankMetrics))


def test_each_network_counts_once_with_its_mean() -> None:
    score = score_predictions(PREDICTED, TABLE, KEY)
    groups: dict[int, list[int]] = {}
    for row, code in enumerate(NB201.network(CODES).tolist()):
        groups.setdefault(code, []).append(row)
    means = [(PREDICTED.scores[rows].mean(), PERCENT[rows].mean()) for rows in groups.values()]
    assert score.n_networks == len(groups) < len(CODES)
    expected = stats.kendalltau(*np.array(means).T).statistic
    assert score.kendall_tau_networks == pytest.approx(expected, abs=1e-12)


def test_what_networks_share_stays_tied() -> None:
    # means of 0.1 over groups of different sizes differ in their last bits
    constant = Predictions("-", CODES, np.full(len(CODES), 0.1), space=NB201)
    assert np.isnan(score_predictions(constant, TABLE, KEY).kendall_tau_networks)


def test_an_undefined_metric_is_null() -> None:
    tied = Predictions("tied.csv", CODES[:20], np.zeros(20), space=NB201)
    values = score_predictions(tied, TABLE, KEY).to_dict()
    assert [values[name] for name in ("kendall_tau", "spearman_rho", "tau_top_10pct")] == [None] * 3
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["precision_at_10pct"] == pytest.approx(0.1)


def scores(*predictions: Predictions) -> list[Score]:
    return [score_predictions(one, TABLE, KEY) for one in predictions]


def test_doubts() -> None:
    assert score_warnings(scores(PREDICTED, PREDICTED)) == []
    assert score_warnings(scores(part(1_000))) == []
    few = sample_warning(999)
    assert few is not None
    assert score_warnings(scores(part(999))) == [f"part.csv: {few}"]
    cut = part(1_200, maybe_cut_off=True)
    assert score_warnings(scores(cut)) == [
        "part.csv ends without a line break; if it was cut off there, its last score is too"
    ]
    (line,) = score_warnings(scores(part(1_200), PREDICTED))
    assert line.startswith("the files are scored on different architectures, so their numbers")


def test_the_same_architectures() -> None:
    other = Predictions("other.csv", CODES[1:1_201], np.zeros(1_200), space=NB201)
    assert same_architectures(scores(PREDICTED, PREDICTED))
    assert not same_architectures(scores(PREDICTED, PREDICTED, part(1_200)))
    assert not same_architectures(scores(part(1_200), other))


@pytest.mark.parametrize("count", [1, 13, 999])
def test_a_small_sample_is_warned_about(count: int) -> None:
    warning = sample_warning(count)
    assert warning is not None
    assert warning.startswith(f"only {count} architectures are compared; with fewer than 1,000")
    assert sample_warning(1_000) is None
    assert sample_warning(15_625) is None
