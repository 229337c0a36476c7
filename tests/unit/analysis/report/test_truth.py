"""How far the truth agrees with itself; scipy computes it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.report import Study
from analysis.report.tables.truth import truth_table
from benchmark.errors import MissingError
from benchmark.truth import AccuracyKey, Agreement, BySeed, Measurements, TruthTable


def changed(study: Study, **measured: object) -> Study:
    """Return a study whose table has other measurements of its seeds."""
    kept = {name: getattr(study.table.measurements, name) for name in ("agreement", "by_seed")}
    table = replace(study.table, measurements=Measurements(**(kept | measured)))
    return replace(study, table=table)


def masks(table: TruthTable, study: Study) -> dict[str, np.ndarray[tuple[int, ...], np.dtype]]:
    truth = table.accuracy(study.key)
    order = np.sort(truth)[::-1]
    return {
        "all": np.ones(len(table), bool),
        "connected": table.space.works(table.codes),
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
        pairs = []
        for one, other, third in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
            chosen = part
            if name.startswith("true top"):  # by the seed that is not compared
                chosen = single[:, third] >= np.sort(single[:, third])[::-1][len(part) // 10 - 1]
            pairs.append((single[chosen, one], single[chosen, other]))
        tau = np.mean([stats.kendalltau(*pair).statistic for pair in pairs])
        rho = np.mean([stats.spearmanr(*pair).statistic for pair in pairs])
        assert row["tau"] == pytest.approx(tau)
        assert row["rho"] == pytest.approx(rho)
        of_scores = stats.kendalltau(valid[part], truth[part]).statistic
        assert row["tau_with_validation"] == pytest.approx(of_scores)
        if name.startswith("true top"):
            assert np.isnan([row["reliability"], row["ceiling"]]).all()
            continue
        assert row["reliability"] == pytest.approx(3 * rho / (1 + 2 * rho))
        assert tau < row["ceiling"] < 1


def test_in_the_top_seeds_agree_as_far_as_noise_lets_them(study: Study) -> None:
    """Not the less because they chose it: accuracies that are noise alone agree by 0 there."""
    single = study.table.measurements.by_seed[study.key]
    noise = 50 + np.random.default_rng(5).normal(0, 1, single.accuracies.shape)
    noisy = changed(study, by_seed={study.key: BySeed(single.seeds, noise, single.losses)})
    table = replace(noisy.table, accuracies={study.key: noise.mean(1)})
    top = truth_table(replace(noisy, table=table)).numbers.iloc[2]
    assert abs(top["rho"]) < 0.2


def test_two_seeds_alone_choose_no_top_to_compare_them_on(study: Study) -> None:
    single = study.table.measurements.by_seed[study.key]
    two = BySeed((0, 1), single.accuracies[:, :2], single.losses[:, :2])
    agreement = {study.key: Agreement(0.6, len(study.table), rho=0.8, seeds=2)}
    rows = truth_table(changed(study, agreement=agreement, by_seed={study.key: two})).shown.rows
    assert [cell.text for cell in rows[2][4:8]] == ["–"] * 4


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
    agreement = {study.key: Agreement(0.6, 9, rho=0.8)}
    (row,) = truth_table(changed(study, agreement=agreement, by_seed={})).shown.rows
    assert [cell.text for cell in row[3:8]] == ["–", "0.600", "0.800", "–", "–"]


def test_a_table_of_one_seed_has_no_such_table(study: Study) -> None:
    with pytest.raises(MissingError, match="table made does not record how far its seeds agree"):
        truth_table(changed(study, agreement={}))


def test_it_says_what_seeds_share(study: Study) -> None:
    caption = truth_table(study).shown.caption
    assert "one and the same set of test images" in caption
    assert "the same trained weights" in caption
    assert "k·ρ / (1 + (k − 1)·ρ)" in caption
