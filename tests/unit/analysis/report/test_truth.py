"""How far the truth agrees with itself; scipy computes it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.report import Study
from analysis.report.truth import truth_table
from benchmark.errors import MissingError
from benchmark.space import is_connected
from benchmark.tables import AccuracyKey, Agreement, BySeed, Measurements, TruthTable


def changed(study: Study, **measured: object) -> Study:
    """Return a study whose table tells other things of its seeds."""
    kept = {name: getattr(study.table.measurements, name) for name in ("agreement", "by_seed")}
    table = replace(study.table, measurements=Measurements(**(kept | measured)))
    return replace(study, table=table)


def masks(table: TruthTable, study: Study) -> dict[str, np.ndarray[tuple[int, ...], np.dtype]]:
    truth = table.accuracy(study.key)
    order = np.sort(truth)[::-1]
    return {
        "all": np.ones(len(table), bool),
        "connected": is_connected(table.codes),
        "true top 10 %": truth >= order[len(table) // 10 - 1],
    }


def test_each_part_is_measured_by_itself(study: Study) -> None:
    rows = truth_table(study).numbers
    assert list(rows["accuracy"]) == [str(study.key)] * 3
    single = study.table.measurements.by_seed[study.key].accuracies
    valid = study.table.accuracy(AccuracyKey("cifar10", "valid", 200))
    truth = study.table.accuracy(study.key)
    for (name, part), (_, row) in zip(
        masks(study.table, study).items(), rows.iterrows(), strict=True
    ):
        assert (row["part"], row["architectures"], row["seeds"]) == (name, part.sum(), 3)
        pairs = [
            (single[part, one], single[part, other]) for one, other in ((0, 1), (0, 2), (1, 2))
        ]
        tau = np.mean([stats.kendalltau(*pair).statistic for pair in pairs])
        rho = np.mean([stats.spearmanr(*pair).statistic for pair in pairs])
        assert row["tau"] == pytest.approx(tau)
        assert row["rho"] == pytest.approx(rho)
        assert row["reliability"] == pytest.approx(3 * rho / (1 + 2 * rho))
        of_scores = stats.kendalltau(valid[part], truth[part]).statistic
        assert row["tau_with_validation"] == pytest.approx(of_scores)
        assert tau < row["ceiling"] < 1


def test_without_accuracies_by_seed_parts_are_left_out(study: Study) -> None:
    single = study.table.measurements.by_seed[study.key]
    holes = single.accuracies.copy()
    holes[17, 1] = np.nan
    torn = {study.key: BySeed(single.seeds, holes, single.losses)}
    for silent in (changed(study, by_seed={}), changed(study, by_seed=torn)):
        built = truth_table(silent)
        assert list(built.numbers["part"]) == ["all"]
        assert "does not hold the accuracies of each seed" in built.shown.caption


def test_uneven_seeds_have_no_reliability(study: Study) -> None:
    told = {study.key: Agreement(0.6, 9, rho=0.8)}
    (row,) = truth_table(changed(study, agreement=told, by_seed={})).shown.rows
    assert [cell.text for cell in row[3:8]] == ["–", "0.600", "0.800", "–", "–"]


def test_a_table_of_one_seed_has_no_such_table(study: Study) -> None:
    with pytest.raises(MissingError, match="the table made does not tell how far its seeds agree"):
        truth_table(changed(study, agreement={}))


def test_it_says_what_seeds_share(study: Study) -> None:
    caption = truth_table(study).shown.caption
    assert "one and the same set of test images" in caption
    assert "the same trained weights" in caption
    assert "k·ρ / (1 + (k − 1)·ρ)" in caption
