"""Runs that score few candidates, against a table that has only some of them.

Every place that joins scores and truth must compare the architectures that both have; the oracle
joins them by dictionaries.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.figures import scores_against_truth_data
from analysis.figures.curves import PRECISION_TOPS, TAU_TOPS, precision_data, tau_over_top_data
from analysis.figures.progress import progress_data
from analysis.regression import Baseline, BaselineTruth, judge, read_baseline, write_baseline
from analysis.report.study import Study
from analysis.report.tables.intervals import interval_table
from analysis.report.tables.outcome import outcome_table
from analysis.report.tables.quality import quality_table
from analysis.tables import comparison_context, evaluate
from benchmark.budget import Budget, Ledger
from benchmark.errors import MissingError
from benchmark.records import RunRecord
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)
CANDIDATES = 300
CODES = candidate_codes(CANDIDATES, SPACE)
TASK = {"preset": "tiny", "space": "nb201", "scoring": {"candidates": CANDIDATES}}
GENERATOR = np.random.default_rng(0)


def table_of(codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> TruthTable:
    percent = np.random.default_rng(1).permutation(len(codes)) / len(codes) * 90  # no ties
    return TruthTable("some", "-", Source("-", "a"), codes, {KEY: percent}, space=SPACE)


# of every second candidate, and of many others
TABLE = table_of(np.union1d(CODES[::2], np.setdiff1d(np.arange(0, SPACE.size, 9), CODES)))
TRUTH = dict(zip(TABLE.codes.tolist(), TABLE.accuracy(KEY).tolist(), strict=True))
SAMPLE = CODES[20:80]


def record(method: str, seed: int) -> RunRecord:
    scores = GENERATOR.normal(size=CANDIDATES)
    points = [{"spent": 50, "scores": scores[20:80]}, {"spent": 90, "scores": -scores[20:80]}]
    trace = {"trajectory": {"codes": SAMPLE, "points": points}}
    return RunRecord(method, seed, TASK, scores, Ledger(Budget(100)).to_dict(), trace, {})


RECORDS = tuple(record(method, seed) for method in ("gm", "one-shot") for seed in range(5))
ORDER = ("gm", "one-shot")


def joined(run: RunRecord) -> tuple[list[float], list[float]]:
    """Return the scores and truths of what was scored and is known, by dictionaries."""
    scores = dict(zip(run.codes.tolist(), run.scores.tolist(), strict=True))
    both = [code for code in scores if code in TRUTH]
    assert len(both) == CANDIDATES // 2
    return [scores[code] for code in both], [TRUTH[code] for code in both]


def tau_of(run: RunRecord) -> float:
    return float(stats.kendalltau(*joined(run)).statistic)


def best_of(run: RunRecord) -> float:
    scores, truth = joined(run)
    return truth[int(np.argmax(scores))]


def test_metrics_are_over_what_both_have() -> None:
    rows = evaluate(RECORDS, TABLE, KEY)
    assert set(rows["architectures"]) == {CANDIDATES // 2}
    assert rows["kendall_tau"].tolist() == pytest.approx([tau_of(run) for run in RECORDS])
    assert rows["predicted_best"].tolist() == pytest.approx([best_of(run) for run in RECORDS])
    most = max(joined(RECORDS[0])[1])
    assert rows["regret"].tolist() == pytest.approx([most - best_of(run) for run in RECORDS])
    assert (
        comparison_context(RECORDS, TABLE, KEY).size_line
        == "Compared: 150 of 15,625 architectures."
    )


def test_curves_are_over_what_both_have() -> None:
    tau = tau_over_top_data(RECORDS, TABLE, KEY, ORDER)
    precision = precision_data(RECORDS, TABLE, KEY, ORDER)
    pairs = [joined(run) for run in RECORDS if run.name == "gm"]
    size = CANDIDATES // 2
    for place, percent in enumerate(TAU_TOPS):
        top = sorted(pairs[0][1])[-max(1, percent * size // 100)]
        inside = [[pair for pair in zip(*one, strict=True) if pair[1] >= top] for one in pairs]
        taus = [
            stats.kendalltau(*zip(*one, strict=True)).statistic for one in inside if len(one) > 1
        ]
        expected = np.mean(taus) if taus else np.nan
        assert tau.curves[0].mean[place] == pytest.approx(expected, nan_ok=True)
    for place, percentage in enumerate(PRECISION_TOPS):
        k = max(1, int(percentage * size / 100 + 1e-9))
        shares = [
            len({*np.argsort(scores)[-k:].tolist()} & {*np.argsort(truth)[-k:].tolist()}) / k
            for scores, truth in pairs
        ]
        assert precision.curves[0].mean[place] == pytest.approx(np.mean(shares))
        assert precision.chance[place] == pytest.approx(k / size)


def test_panels_and_trajectories_are_over_what_both_have() -> None:
    (panel, _) = scores_against_truth_data(RECORDS, TABLE, KEY)
    assert panel.tau == pytest.approx(tau_of(RECORDS[0]))
    assert len(panel.scores) == CANDIDATES // 2
    (first, *_) = progress_data(RECORDS, TABLE, KEY, ORDER)
    scores = dict(zip(SAMPLE.tolist(), RECORDS[0].scores[20:80].tolist(), strict=True))
    both = [code for code in scores if code in TRUTH]
    truth = [TRUTH[code] for code in both]
    tau = stats.kendalltau([scores[code] for code in both], truth).statistic
    assert first.architectures == len(both) == 30
    assert first.tau.tolist() == pytest.approx([tau, -tau])
    assert first.found.tolist() == pytest.approx(
        [TRUTH[best(both, key=scores.__getitem__)] for best in (max, min)]
    )


def test_tables_of_a_report_are_over_what_both_have() -> None:
    study = Study(RECORDS, TABLE.only(CODES), KEY, ORDER)
    gm = [run for run in RECORDS if run.name == "gm"]
    for built, column in ((quality_table(study), 4), (interval_table(study), 2)):
        assert built.shown.rows[0][column].value == pytest.approx(np.mean([*map(tau_of, gm)]))
    chosen = outcome_table(study).shown.rows[0]
    assert chosen[3].value == pytest.approx(np.mean([*map(best_of, gm)]))


def test_a_baseline_of_candidates_is_judged(tmp_path_factory: pytest.TempPathFactory) -> None:
    gates = {"kendall_tau": 0.02, "regret": 0.5}
    path = tmp_path_factory.mktemp("baseline") / "b.json"
    write_baseline(Baseline(RECORDS, BaselineTruth.of(TABLE, KEY), gates, 0.05), path, TABLE)
    worse = [replace(run, scores=-run.scores) for run in RECORDS]
    result = judge(read_baseline(path), worse, {}, TABLE, KEY)
    (tau, *_) = result.judgements
    mean = np.mean([tau_of(run) for run in RECORDS if run.name == "gm"])
    assert tau.baseline == pytest.approx(mean)
    assert tau.now == pytest.approx(-mean)


def test_a_table_without_any_candidate_is_missing() -> None:
    none = table_of(np.setdiff1d(np.arange(SPACE.size), CODES))
    baseline = Baseline(
        RECORDS, BaselineTruth.of(none, KEY), {"kendall_tau": 0.02, "regret": 0.5}, 0.05
    )
    for join in (
        lambda: evaluate(RECORDS, none, KEY),
        lambda: comparison_context(RECORDS, none, KEY),
        lambda: tau_over_top_data(RECORDS, none, KEY, ORDER),
        lambda: precision_data(RECORDS, none, KEY, ORDER),
        lambda: scores_against_truth_data(RECORDS, none, KEY),
        lambda: progress_data(RECORDS, none, KEY, ORDER),
        lambda: judge(baseline, RECORDS, {}, none, KEY),
    ):
        with pytest.raises(MissingError, match=r"table 'some' has n"):
            join()
