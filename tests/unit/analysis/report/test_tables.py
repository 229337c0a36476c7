from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.report import Report, Study, make_report, read_study
from analysis.report.figures import FIGURES
from analysis.report.tables.ablation import ablation_comparison_table, ablation_table
from analysis.report.tables.differences import comparison_table
from analysis.report.tables.outcome import outcome_table
from analysis.report.tables.quality import quality_table
from analysis.tables import TextTable
from benchmark.errors import InputError, MissingError
from benchmark.records import write_record
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")


def rows_of(table: TextTable) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_what_is_made_and_what_is_not(report: Report) -> None:
    assert list(report.tables) == [
        "quality", "outcome", "truth", "intervals", "comparisons", "ablation",
        "ablation-comparisons", "budget", "runs",
    ]  # fmt: skip
    assert list(report.figures) == list(FIGURES)
    assert report.skipped == {}


def test_every_table_is_rectangular_and_names_its_records(report: Report) -> None:
    known = {cell.records[0] for (cell, *_) in report.tables["runs"].shown.rows}
    assert known == set(report.study.files)
    assert len(known) == len(report.study.records) + 3 == 16
    for shown, numbers in report.tables.values():
        assert {len(row) for row in shown.rows} == {len(shown.header)}
        assert sum(map(len, shown.bodies)) == len(shown.rows)
        assert len(numbers) > 0
        for row in shown.rows:
            for cell in row:
                assert set(cell.records) <= known


def test_quality_is_method_by_base_by_data_set(report: Report, study: Study) -> None:
    shown = report.tables["quality"].shown
    rows = rows_of(shown)
    assert shown.groups[:2] == (5, 5)
    assert rows[0][:4] == ["one-shot", "rsps", "CIFAR-10, 200 ep.", "3"]
    assert rows[3][:2] == ["random †", "–"]
    assert rows[5][2] == "CIFAR-100, 200 ep."  # not the 12 epochs that it has as well
    assert rows[10][0] == "one-shot (Zhao 2021) ‡"
    for method, row in zip(study.order, shown.rows, strict=False):
        taus = [
            stats.kendalltau(one.scores, study.table.accuracy(study.key)).statistic
            for one in study.records
            if one.method == method
        ]
        assert row[4].value == pytest.approx(statistics.mean(taus))
    assert [row[4].bold for row in shown.rows[:5]] == [False, False, True, False, False]
    assert [row[4].underlined for row in shown.rows[:5]] == [False, True, False, False, False]
    assert not any(cell.bold for row in shown.rows[10:] for cell in row)


def test_significance_is_marked_only_where_it_is_reached(study: Study) -> None:
    shown = quality_table(study).shown
    assert "no difference is significant, and could not be with so few seeds." in shown.caption
    assert not any("*" in cell.text for row in shown.rows for cell in row)


def test_a_significant_difference_is_marked(study: Study) -> None:
    (one, *rest) = [found for found in study.comparisons if found.metric == "kendall_tau"]
    assert {one.method, one.other} == {"one-shot", "few-shot"}
    found = replace(one, is_significant=True, reachable=True)
    marked = replace(study)
    marked.__dict__["comparisons"] = [found, *rest]
    rows = quality_table(marked).shown.rows
    assert rows[1][4].text.endswith(" *")
    assert not any(cell.text.endswith("*") for cell in rows[2])
    reversed_one = replace(found, difference=-found.difference)
    marked.__dict__["comparisons"] = [reversed_one, *rest]
    assert quality_table(marked).shown.rows[1][4].text.endswith(" §")


def test_the_oracle_looks_into_the_leaves(report: Report, study: Study) -> None:
    rows = {
        (row[0].text, row[1].text): row[4] for row in report.tables["outcome"].shown.rows
    }  # CIFAR-10 test
    assert report.tables["outcome"].shown.header[4].startswith("CIFAR-10\ntest\n200 ep.")
    truth = study.table.accuracy(study.key)
    choices = SPACE.decode(SPACE.canonical(study.table.codes))
    for method in ("gm", "few-shot"):
        expected = []
        for record in study.of_method(method):
            best = []
            for leaf in record.trace["leaves"]:
                inside = [
                    place
                    for place in range(len(truth))
                    if all(
                        SPACE.decisions[number].options[choices[place, number]] in names
                        for number, names in enumerate(leaf["options"])
                        if len(names) < 5
                    )
                ]
                top = max(record.scores[inside])
                best.append([truth[place] for place in inside if record.scores[place] == top])
            values = [max(choice) for choice in product(*best)]
            expected.append(statistics.mean(values))
        cell = rows[method, "oracle: best leaf"]
        assert cell.value == pytest.approx(statistics.mean(expected))
        assert not cell.bold
        chosen = rows[method, "by score"].value
        assert chosen is not None
        assert chosen <= statistics.mean(expected)
    assert ("one-shot", "oracle: best leaf") not in rows
    assert rows["best of the table", "–"].value == truth.max()


def test_what_bases_select_is_looked_up(study: Study) -> None:
    """The choice by validation alone stands apart from the best of what leaves offer."""
    codes, truth = study.table.codes, study.table.accuracy(study.key)
    offers = {"gm": [17, 400, 900, 150], "few-shot": [1, 2, 3, 4, 5], "one-shot": [700]}
    records = []
    for record in study.records:
        if record.method in offers:
            leaves = [
                {
                    **leaf,
                    "selected": {"architecture": SPACE.format(codes[offer]), "score": float(place)},
                }
                for place, (leaf, offer) in enumerate(
                    zip(record.trace["leaves"], offers[record.method], strict=True)
                )
            ]
            trace = {**record.trace, "leaves": leaves, "choice": leaves[-1]["selected"]}
            record = replace(record, trace=trace)
        records.append(record)
    shown = outcome_table(replace(study, records=tuple(records))).shown
    rows = {(row[0].text, row[1].text): row[4] for row in shown.rows}
    for method, places in offers.items():
        assert rows[method, "by its base"].value == pytest.approx(truth[places[-1]])
    for method in ("gm", "few-shot"):
        best = max(truth[place] for place in offers[method])
        assert rows[method, "oracle: best leaf"].value == pytest.approx(best)
    assert ("one-shot", "oracle: best leaf") not in rows
    assert ("random †", "by its base") not in rows


def part_of_table(table: TruthTable, places: list[int]) -> TruthTable:
    """Return a table of some of its architectures, with their first accuracy alone."""
    key = AccuracyKey("cifar10", "test", 200)
    kept = np.array(sorted(places))
    columns = {key: table.accuracy(key)[kept]}
    return TruthTable("part", "-", Source("-", "-"), table.codes[kept], columns, space=SPACE)


def test_what_a_part_of_the_space_lacks_is_looked_up_by_its_network(study: Study) -> None:
    """Of gm's three choices one is there, one by another of its network, and one not at all."""
    codes = study.table.codes
    networks = SPACE.network(codes)
    sizes = np.bincount(networks, minlength=SPACE.size)
    twin, other = np.flatnonzero(networks == int(np.flatnonzero(sizes > 2)[-1]))[:2].tolist()
    (own, lost) = (
        int(np.flatnonzero(networks == network)[0]) for network in np.flatnonzero(sizes == 2)[5:7]
    )
    choices = dict(zip([("gm", 0), ("gm", 1), ("gm", 2)], [own, twin, lost], strict=True))
    choices |= {("few-shot", seed): lost for seed in range(3)}
    choices |= {("one-shot", seed): own for seed in range(3)}
    records = tuple(
        replace(
            record,
            trace={
                **record.trace,
                "choice": {
                    "architecture": SPACE.format(codes[choices[record.method, record.seed]]),
                    "score": 1.0,
                },
            },
        )
        if (record.method, record.seed) in choices
        else record
        for record in study.records
    )
    rest = np.flatnonzero(~np.isin(networks, networks[[own, twin, lost]]))[:200].tolist()
    table = part_of_table(study.table, [own, other, *rest])
    truth = study.table.accuracy(study.key)
    built = outcome_table(replace(study, records=records, table=table))
    rows = {(row[0].text, row[1].text): row[3] for row in built.shown.rows}
    partly = rows["gm", "by its base"]
    assert partly.value == pytest.approx((truth[own] + truth[other]) / 2)
    assert partly.text.endswith("(2 of 3)")
    assert partly.records == ("gm-seed0", "gm-seed1")
    assert not partly.bold
    assert rows["few-shot", "by its base"].text == "–"
    assert rows["one-shot", "by its base"].value == truth[own]
    assert "holds 202 of 15,625 architectures" in built.shown.caption
    by_base = built.numbers[built.numbers["choice"] == "by its base"].set_index("method")
    assert by_base.loc[["gm", "few-shot", "one-shot"], "runs"].tolist() == [2, 0, 3]


def test_a_leaf_that_scored_no_candidate_selected_none(study: Study) -> None:
    """Its trace names no selection, so the oracle looks at those of the other leaves."""
    codes, truth = study.table.codes, study.table.accuracy(study.key)
    records = []
    for record in study.of_method("gm"):
        one, two, *others = record.trace["leaves"]
        selected = {"architecture": SPACE.format(codes[17]), "score": 1.0}
        leaves = [{**one, "selected": selected}, {**two, "selected": selected}, *others]
        records.append(replace(record, trace={**record.trace, "leaves": leaves}))
    shown = outcome_table(replace(study, records=tuple(records), order=("gm",))).shown
    rows = {row[1].text: row[4] for row in shown.rows}
    assert rows["oracle: best leaf"].value == pytest.approx(truth[17])


def test_a_whole_table_lacks_no_choice(report: Report) -> None:
    shown = report.tables["outcome"].shown
    assert "looked up by its network" not in shown.caption


def test_comparisons_say_what_is_not_significant(report: Report) -> None:
    rows = rows_of(report.tables["comparisons"].shown)
    assert len(rows) == 6
    assert {row[4] for row in rows} == {"not significant, out of reach"}
    assert rows[0][1] == "one-shot − few-shot"
    assert rows[0][5].startswith("−")


def test_comparisons_name_both_budgets(report: Report, study: Study) -> None:
    assert {row[3] for row in rows_of(report.tables["comparisons"].shown)} == {"6,400"}
    more = {"budget": 9_600}
    records = tuple(
        replace(one, budget={**one.budget, **more}) if one.method == "few-shot" else one
        for one in study.records
    )
    made = comparison_table(replace(study, records=records))
    assert rows_of(made.shown)[0][3] == "6,400 / 9,600"
    assert made.numbers[["budget", "other_budget"]].iloc[0].tolist() == [6_400, 9_600]


def test_one_option_makes_one_row(report: Report) -> None:
    rows = rows_of(report.tables["ablation"].shown)
    assert [row[:3] for row in rows] == [
        ["gm", "as in the other tables", "3"],
        ["gm", "min_size = 1", "3"],
    ]


def test_another_experiment_is_no_ablation(study: Study) -> None:
    (variant,) = study.variants.values()
    scoring = {"candidates": len(study.table)}
    task = {**variant[0].task, "training": {"budget": 1, "batch_size": 1}, "scoring": scoring}
    other = tuple(replace(record, task=task) for record in variant)
    with pytest.raises(MissingError, match=r"left out: far \(gm: 5 settings differ\)"):
        ablation_table(replace(study, variants={"far": other}))
    with pytest.raises(MissingError, match="no runs with other options"):
        ablation_table(replace(study, variants={}))


def test_runs_that_score_other_candidates_are_no_ablation(study: Study) -> None:
    """Their metrics are over other architectures, so they are not comparable."""
    (variant,) = study.variants.values()
    scoring = {**variant[0].task["scoring"], "candidates": 500}
    task = {**variant[0].task, "scoring": scoring}
    fewer = tuple(replace(record, task=task, scores=record.scores[:500]) for record in variant)
    with pytest.raises(MissingError, match=r"left out: fewer \(gm: other candidates\)"):
        ablation_table(replace(study, variants={"fewer": fewer}))


def test_an_options_numbers_are_of_its_own_records(report: Report, study: Study) -> None:
    own, option = report.tables["ablation"].shown.rows
    truth = study.table.accuracy(study.key)
    for row, folder, records in (
        (own, "", study.of_method("gm")),
        (option, "one-level/", study.variants["one-level"]),
    ):
        taus = [stats.kendalltau(one.scores, truth).statistic for one in records]
        assert row[3].value == pytest.approx(statistics.mean(taus))
        assert row[3].records == tuple(f"{folder}gm-seed{seed}" for seed in range(3))


def with_options(study: Study, *methods: str, seeds: int = 8) -> Study:
    """Return a study of so many seeds in which some methods have runs that rank worse."""
    records, worse = [], []
    for method in ("one-shot", "few-shot", "gm"):
        (first, *_) = study.of_method(method)
        for seed in range(seeds):
            draw = np.random.default_rng([seed, len(method)]).normal
            scores = np.round(first.scores + draw(0, 3, len(first.scores)), 2)
            records.append(replace(first, seed=seed, scores=scores))
            if method in methods:
                task = {**first.task, "options": {**first.task["options"], "warm_up": 0.1}}
                scores = np.round(first.scores + draw(0, 30, len(first.scores)), 2)
                worse.append(replace(first, seed=seed, scores=scores, task=task))
    return replace(study, records=tuple(records), order=("one-shot", "few-shot", "gm"),
                   references=frozenset(), variants={"less": tuple(worse)})  # fmt: skip


def test_options_are_compared_with_the_others_and_with_themselves(study: Study) -> None:
    changed = with_options(study, "few-shot", "gm")
    built = ablation_comparison_table(changed)
    found = built.numbers[built.numbers["metric"] == "kendall_tau"]
    pairs = [
        ("one-shot", "few-shot (less)"),
        ("one-shot", "gm (less)"),
        ("few-shot (less)", "gm (less)"),
        ("few-shot", "few-shot (less)"),
        ("gm", "gm (less)"),
    ]
    assert list(zip(found["method"], found["other"], strict=True)) == pairs
    assert built.shown.groups == (3, 2, 3, 2)
    truth = study.table.accuracy(study.key)
    taus = {
        name: [stats.kendalltau(one.scores, truth).statistic for one in records]
        for name, records in {
            "one-shot": changed.of_method("one-shot"),
            "few-shot": changed.of_method("few-shot"),
            "gm": changed.of_method("gm"),
            "few-shot (less)": changed.variants["less"][:8],
            "gm (less)": changed.variants["less"][8:],
        }.items()
    }
    for (one, other), difference in zip(pairs, found["difference"], strict=True):
        expected = np.subtract(taus[one], taus[other])
        assert difference == pytest.approx(expected.mean())
    tested = [stats.permutation_test(
        (np.subtract(taus[one], taus[other]),), np.mean, permutation_type="samples"
    ).pvalue for one, other in pairs]  # fmt: skip
    assert found["p_value"].tolist() == pytest.approx(tested)
    own = found["adjusted_p"].tolist()[3:]
    assert own == pytest.approx([2 / 256 * 2] * 2)  # all of eight signs alike, two pairs
    assert {row[4].text for row in built.shown.rows[3:5]} == {"few-shot is better", "gm is better"}
    assert built.shown.rows[4][5].records == tuple(
        f"{folder}gm-seed{seed}" for folder in ("", "less/") for seed in range(8)
    )


def test_options_at_other_seeds_are_not_compared(study: Study) -> None:
    changed = with_options(study, "gm")
    moved = tuple(replace(one, seed=one.seed + 100) for one in changed.variants["less"])
    with pytest.raises(MissingError, match="share a seed"):
        ablation_comparison_table(replace(changed, variants={"less": moved}))


def test_an_option_of_a_method_that_was_not_run_is_left_out(study: Study) -> None:
    changed = with_options(study, "few-shot", "gm")
    gone = tuple(one for one in changed.records if one.method != "gm")
    built = ablation_table(replace(changed, records=gone, order=("one-shot", "few-shot")))
    assert "Left out, as other experiments: less (gm: not among the other runs)." in (
        built.shown.caption
    )


def test_the_budget_names_the_device(report: Report) -> None:
    rows = rows_of(report.tables["budget"].shown)
    assert rows[2][:4] == ["gm", "3", "6,400", "6,400"]
    assert rows[2][5] == "960 (15.0%)"
    assert rows[2][-1] == "cpu/a processor"


def test_runs_name_file_commit_and_checksum(report: Report, study: Study) -> None:
    row = rows_of(report.tables["runs"].shown)[0]
    assert row[:4] == ["one-shot-seed0.json", "one-shot", "cpu", "0123456789ab"]
    assert row[4] == study.files["one-shot-seed0"][:12]


def test_one_method_alone_has_a_report(study: Study) -> None:
    alone = replace(
        study, records=tuple(study.of_method("one-shot")[:1]), order=("one-shot",),
        references=frozenset(), variants={}, published=(),
    )  # fmt: skip
    made = make_report(alone)
    assert set(made.skipped) >= {"comparisons", "ablation", "splits", "distances"}
    assert "scores" in made.figures


def at_seeds(study: Study, **seeds: range) -> Study:
    """Return a study in which methods have runs at those seeds, other than it has them."""
    moved = [
        replace(record, seed=seed)
        for method, own in seeds.items()
        for record, seed in zip(study.of_method(method.replace("_", "-")), own, strict=True)
    ]
    methods = tuple(dict.fromkeys(record.method for record in moved))
    return replace(study, records=tuple(moved), order=methods, references=frozenset(), variants={})


def test_methods_that_share_no_seed_stand_side_by_side_uncompared(study: Study) -> None:
    apart = at_seeds(study, one_shot=range(3), few_shot=range(1, 4), gm=range(5, 8))
    quality, compared = quality_table(apart).shown, comparison_table(apart).shown
    together = quality_table(replace(study, references=frozenset())).shown
    for row in (0, 1, 2):
        assert [cell.value for cell in quality.rows[row]] == [
            cell.value for cell in together.rows[row]
        ]
    rows = rows_of(compared)
    assert [row[1] for row in rows] == ["one-shot − few-shot"] * 2
    assert [row[2] for row in rows] == ["1, 2"] * 2
    for caption in (quality.caption, compared.caption):
        assert (
            "Not compared, as they have no seed in common: one-shot and gm, few-shot and gm.\n"
            in f"{caption}\n"
        )


def test_where_none_share_a_seed_quality_is_still_told(study: Study) -> None:
    apart = at_seeds(study, one_shot=range(3), gm=range(5, 8))
    with pytest.raises(MissingError, match="no two trained methods have a seed in common: run"):
        comparison_table(apart)
    caption = quality_table(apart).shown.caption
    assert "Not compared, as they have no seed in common: one-shot and gm." in caption
    assert "significant" not in caption


def test_folders_without_records_are_refused(study: Study, tmp_path: Path) -> None:
    folder = tmp_path
    with pytest.raises(InputError, match="holds no run records: name one that nasbench run wrote"):
        read_study(folder, study.table, study.key, order=[])
    write_record(study.records[0], folder / "inner")
    with pytest.raises(InputError, match=r"holds no run records: name one of .*inner"):
        read_study(folder, study.table, study.key, order=[])
    with pytest.raises(InputError, match="no folder"):
        read_study(folder / "none", study.table, study.key, order=[])
    with pytest.raises(MissingError, match="has no cifar10_test_12"):
        read_study(folder / "inner", study.table, AccuracyKey("cifar10", "test", 12), order=[])
