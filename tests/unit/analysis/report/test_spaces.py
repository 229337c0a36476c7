"""Tables and figures in spaces of other decisions and options, of which some cannot be listed."""

from __future__ import annotations

import statistics
from dataclasses import replace
from html import escape
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.report import Study, make_report, read_study, write_report
from analysis.report.figures import FIGURES
from analysis.report.page.page import render_page
from analysis.report.tables import intervals
from analysis.report.tables.outcome import outcome_table
from analysis.report.tables.quality import quality_table
from analysis.report.tables.truth import truth_table
from analysis.tables.captions import share_of_space
from analysis.tables.latex import escaped
from analysis.tables.published import published_path, read_published
from benchmark.errors import InputError
from benchmark.records import RunRecord, write_record
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.truth import TruthTable
from tests.unit.analysis.report.drawn import check_apart, check_legible

MACRO = open_space("macro")


def test_a_report_of_any_space_has_all_tables(
    other_study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 5)
    monkeypatch.setattr("analysis.report.tables.catalogue.FIGURES", {})
    report = make_report(other_study)
    assert set(report.skipped) == {"ablation", "ablation-comparisons"}
    space = other_study.space
    whole = "1,000 of 6,561 architectures" if space.is_enumerable else "all 1,000 candidates"
    assert f"Compared: {whole}" in report.tables["quality"].shown.caption
    page = render_page(report, {})
    line = f"Space: {space.title}, {space.description} ({space.source})."
    assert escape(line) in page
    write_report(replace(report, tables={}), tmp_path)
    assert escaped(line) in (tmp_path / "report.tex").read_text("utf-8")


@pytest.mark.parametrize("name", ["distances", "splits", "scores"])
def test_figures_of_any_space_can_be_read(other_study: Study, name: str) -> None:
    captioned = FIGURES[name].draw(other_study)
    check_legible(captioned.figure)
    record = other_study.of_method("gm")[0]
    if name != "scores":
        check_apart(captioned.figure)
        for split in record.trace["splits"]:
            assert f"{split['node']} on {split['decisions'][0]} into" in captioned.alternative
            assert ", ".join(split["groups"][0]) in captioned.alternative


def test_the_oracle_looks_into_the_leaves_of_any_space(other_study: Study) -> None:
    rows = {(row[0].text, row[1].text): row[4] for row in outcome_table(other_study).shown.rows}
    for method in ("gm", "few-shot"):
        records = other_study.of_method(method)
        expected = [naive_oracle(other_study, record) for record in records]
        cell = rows[method, "oracle: best leaf"]
        assert cell.value == pytest.approx(statistics.mean(expected))


def naive_oracle(study: Study, record: RunRecord) -> float:
    """Return the expected best truth among the best-scored of each leaf, architecture by one."""
    space, codes = study.space, study.table.codes
    truth = study.table.accuracy(study.key)
    names = [
        [decision.options[index] for decision, index in zip(space.decisions, row, strict=True)]
        for row in space.decode(space.canonical(codes)).tolist()
    ]
    proposed = []
    for leaf in record.trace["leaves"]:
        inside = [
            place
            for place, chosen in enumerate(names)
            if all(one in allowed for one, allowed in zip(chosen, leaf["options"], strict=True))
        ]
        best = max((record.scores[place] for place in inside), default=0)
        proposed.append([truth[place] for place in inside if record.scores[place] == best])
    values = [max(choice) for choice in product(*filter(None, proposed))]
    return float(statistics.mean(values))


def test_published_numbers_are_shown_in_their_space(other_study: Study) -> None:
    path = published_path()
    assert path is not None
    numbers = read_published(path)
    assert any(one.key == other_study.key and one.space.name == "nb201" for one in numbers)
    for space, shown in ((other_study.space, True), (open_space("nb201"), False)):
        own = tuple(replace(one, space=space) for one in numbers)
        table = quality_table(replace(other_study, published=own)).shown
        assert any("‡" in row[0].text for row in table.rows) is shown
        note = f"published by others against {space.title}'s own table"
        assert (note in table.caption) is shown


def test_where_all_architectures_work_none_is_called_connected(other_study: Study) -> None:
    assert other_study.space.works(other_study.table.codes).all()
    built = truth_table(other_study)
    assert list(built.numbers["part"]) == ["all", "true top 10 %"]
    assert "Connected" not in built.shown.caption


def test_a_part_of_a_table_is_of_the_candidates_where_the_space_cannot_be_listed(
    other_study: Study,
) -> None:
    table = other_study.table.only(other_study.table.codes[:400])
    size = "6,561 architectures" if other_study.space.is_enumerable else "1,000 candidates"
    small = replace(other_study, table=table)
    assert small.context.size_line == f"Compared: 400 of {size}."
    lost = other_study.space.format(int(other_study.table.codes[-1]))
    chosen = {"architecture": lost, "score": 1.0}
    trace = {**other_study.of_method("gm")[0].trace, "choice": chosen}
    gm = tuple(replace(one, trace=trace) for one in other_study.of_method("gm"))
    built = outcome_table(replace(small, records=gm, order=("gm",)))
    assert f"The table holds 400 of {size}. A choice that" in built.shown.caption


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        ("nb201", 15_625, "all 15,625 architectures"),
        ("nb201", 1_000, "1,000 of 15,625 architectures"),
        ("macro", 1_000, "1,000 of 6,561 architectures"),
        ("darts", 1_000, "all 1,000 candidates"),
        ("darts", 545, "545 of 1,000 candidates"),
    ],
)
def test_how_many_of_how_many(name: str, number: int, text: str) -> None:
    assert share_of_space(number, 1_000, open_space(name)) == text


def joint_trace(record: RunRecord) -> dict[str, Any]:
    """Return a trace in which two decisions of NAS-Bench-Macro were split together."""
    one, two = MACRO.decisions[:2]
    pairs = [f"{first} & {second}" for first in one.options for second in two.options]
    split = {
        "node": "root",
        "decisions": [one.name, two.name],
        "groups": [pairs[::2], pairs[1::2]],
        "distances": {f"{one.name} & {two.name}": (1 - np.eye(9)).tolist()},
    }
    leaves = [
        {"node": node, "options": part.to_lists(), "architectures": part.size, "steps": 7}
        for node, part in subspaces_of([split], MACRO).items()
        if node != "root"
    ]
    return {**record.trace, "splits": [split], "leaves": leaves, "losses": {}}


@pytest.mark.parametrize("other_study", ["macro"], indirect=True)
def test_decisions_that_are_split_together_are_shown_together(other_study: Study) -> None:
    gm = other_study.of_method("gm")[:1]
    record = replace(gm[0], trace=joint_trace(gm[0]))
    study = replace(other_study, records=(record,), order=("gm",))
    for name in ("distances", "splits"):
        captioned = FIGURES[name].draw(study)
        check_legible(captioned.figure)
        check_apart(captioned.figure)
        names = " & ".join(record.trace["splits"][0]["decisions"])
        assert f"root on {names} into identity & identity, " in captioned.alternative
    # both leaves allow every option of both decisions, so that names alone do not tell them apart
    assert record.trace["leaves"][0]["options"] == record.trace["leaves"][1]["options"]
    rows = {row[1].text: row[4].value for row in outcome_table(study).shown.rows}
    codes, truth = study.table.codes, study.table.accuracy(study.key)
    choices = MACRO.decode(MACRO.canonical(codes))
    first = (3 * choices[:, 0] + choices[:, 1]) % 2 == 0
    best = []
    for inside in (first, ~first):
        highest = record.scores[inside].max()
        best.append(truth[inside & (record.scores == highest)].tolist())
    expected = statistics.mean(max(choice) for choice in product(*best))
    assert rows["oracle: best leaf"] == pytest.approx(expected)


def test_a_leaf_that_no_split_leads_to_is_inconsistent(other_study: Study) -> None:
    gm = other_study.of_method("gm")[0]
    for change in ({"splits": gm.trace["splits"][:1]}, {"splits": gm.trace["splits"][1:]}):
        record = replace(gm, trace={**gm.trace, **change})
        with pytest.raises(InputError, match="the trace of gm, seed 0, is inconsistent"):
            outcome_table(replace(other_study, records=(record,), order=("gm",)))


@pytest.mark.parametrize("inside", [".", "variant"])
def test_runs_of_two_spaces_are_no_study(
    other_study: Study, table: TruthTable, tmp_path: Path, make_run: Any, inside: str
) -> None:
    write_record(make_run("gm", 0), tmp_path)
    write_record(other_study.of_method("one-shot")[0], tmp_path / inside)
    with pytest.raises(InputError) as caught:
        read_study(tmp_path, table, table.keys[0], order=[])
    spaces = " and ".join(sorted(["nb201", other_study.space.name]))
    message = f"{tmp_path} holds runs of the spaces {spaces}: give the runs of each space a folder"
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_runs_are_measured_by_a_truth_of_their_space(other_study: Study, table: TruthTable) -> None:
    with pytest.raises(InputError, match="table 'made' is of space nb201"):
        replace(other_study, table=table).runs  # noqa: B018
