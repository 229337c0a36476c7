"""What is committed under results/ and shown in the README follows from the committed records."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from analysis.metrics.ranking import BRIEF
from analysis.report import read_study
from analysis.report.tables.catalogue import TABLES as REPORT_TABLES
from analysis.tables import (
    comparison_context,
    evaluate,
    ranking_table,
    summarise_methods,
    to_csv,
    to_markdown,
)
from analysis.tables.published import read_published
from baselines.registry import METHODS
from benchmark.app.running.single_run import describe
from benchmark.records import read_records
from benchmark.spaces.nb201 import is_connected, network_codes
from benchmark.tasks.task import load_preset
from benchmark.truth import AccuracyKey, open_table
from tests.command_line import ROOT, nasbench

RESULTS = ROOT / "results"
VERDICT = RESULTS / "fashion-verdict"
TABLES = VERDICT / "report" / "tables"


@dataclass(frozen=True)
class Committed:
    """What was compared, at how many seeds, and by which truth."""

    seeds: int
    supernets: tuple[str, ...] = ("one-shot", "few-shot", "gm")
    truth: tuple[str | Path, ...] = ()
    inside: int = 0  # runs in folders inside

    @property
    def runs(self) -> int:
        """Those of supernets and of chance; parameters and FLOPs need no seeds."""
        return (len(self.supernets) + 1) * self.seeds + 2 + self.inside


COMPARISONS = {  # by their folder, which has its preset's name
    "laptop": Committed(5),
    "fashion": Committed(3),
    "fashion-verdict": Committed(
        20,
        ("one-shot", "few-shot", "gm", "gm-random"),
        ("--table", VERDICT / "truth" / "fashion-truth.nbtable"),
        inside=30,
    ),
}


@pytest.fixture(scope="module", params=COMPARISONS)
def committed(request: pytest.FixtureRequest) -> Path:
    """Return the folder of a committed comparison."""
    return RESULTS / str(request.param)


def test_every_number_follows_from_the_records(committed: Path) -> None:
    """Table and numbers, to twelve digits: processors differ in the order in which they sum."""
    what = COMPARISONS[committed.name]
    called = nasbench("verify", committed, *what.truth)
    assert called.code == 0, called.out + called.err
    assert f"{committed}: {what.runs} runs, all " in called.out


def test_the_records_are_of_todays_preset(committed: Path) -> None:
    records = read_records(committed)
    assert {record.seed for record in records} == set(range(COMPARISONS[committed.name].seeds))
    task = load_preset(committed.name)
    for record in records:
        assert record.task == describe(task, record.unit), record.method


def test_the_verdicts_runs_with_other_options_are_of_todays_preset() -> None:
    preset = "fashion-verdict-papers"
    records = read_records(VERDICT / "papers-shares")
    task = load_preset(preset)
    assert len(records) == 30
    for seed in range(10):
        at_seed = {record.method for record in records if record.seed == seed}
        assert at_seed == {"few-shot", "gm", "gm-random"}
    for record in records:
        assert record.task == describe(task, record.unit), record.method


def test_the_readme_shows_their_table() -> None:
    records = read_records(RESULTS / "laptop")
    table, key = open_table("analog-nasbench"), AccuracyKey("cifar10", "test", 200)
    names = [name for name in METHODS if name in {record.method for record in records}]
    summary = summarise_methods(evaluate(records, table, key), names)
    references = [name for name in names if METHODS[name].reference]
    context = comparison_context(records, table, key)
    shown = ranking_table(summary, context, metrics=BRIEF, references=references)
    rows = [line for line in to_markdown(shown).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(names)
    assert "\n".join(rows) in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.nightly
def test_the_verdicts_tables_are_those_of_its_records() -> None:
    truth = open_table(VERDICT / "truth" / "fashion-truth.nbtable", allow_subset=True)
    references = [name for name, method in METHODS.items() if method.reference]
    study = read_study(
        VERDICT,
        truth,
        AccuracyKey("fashion-mnist", "test", 2),
        order=list(METHODS),
        references=references,
        published=read_published(RESULTS / "published.csv"),
    )
    for name, make in REPORT_TABLES.items():
        made = make(study)
        assert to_markdown(made.shown) == (TABLES / f"{name}.md").read_text("utf-8"), name
        again = pd.read_csv(StringIO(to_csv(made.numbers)))
        there = pd.read_csv(TABLES / f"{name}.csv")
        pd.testing.assert_frame_equal(again, there, rtol=1e-12, atol=1e-12)


def test_the_verdict_names_seeds_budget_interval_and_adjusted_p() -> None:
    found = pd.read_csv(TABLES / "comparisons.csv")
    pairs = set(combinations(COMPARISONS[VERDICT.name].supernets, 2))
    for metric in ("kendall_tau", "predicted_best"):
        rows = found[found["metric"] == metric]
        assert set(zip(rows["method"], rows["other"], strict=True)) == pairs
        assert len(rows) == len(pairs)
    assert set(found["seeds"]) == {" ".join(map(str, range(20)))}
    assert set(found["budget"]) == set(found["other_budget"]) == {320_000}
    assert (found["low"] <= found["difference"]).all()
    assert (found["difference"] <= found["high"]).all()
    assert found["adjusted_p"].between(found["p_value"], 1).all()
    shown = (TABLES / "comparisons.md").read_text("utf-8").splitlines()[2]
    for heading in ("Seeds", "Budget, images", "95% interval", "p, Holm"):
        assert f"| {heading} " in shown or f" {heading} |" in shown


@pytest.mark.parametrize(("table", "pairs"), [("comparisons", 6), ("ablation-comparisons", 9)])
def test_the_verdicts_page_shows_how_methods_compare_in_tau(table: str, pairs: int) -> None:
    page = (ROOT / "docs" / "fashion-verdict.md").read_text("utf-8")
    shown = (TABLES / f"{table}.md").read_text("utf-8").splitlines()
    rows = [line for line in shown if "Kendall" in line]
    assert len(rows) == pairs
    assert "\n".join(rows) in page


def test_the_verdicts_page_shows_how_much_depends_on_what_is_counted() -> None:
    """By SciPy from the records: tau over all, over the connected, and over each network once."""
    page = (ROOT / "docs" / "fashion-verdict.md").read_text("utf-8")
    truth = open_table(str(VERDICT / "truth" / "fashion-truth.nbtable"), allow_subset=True)
    accuracies = truth.accuracy(AccuracyKey("fashion-mnist", "test", 2))
    every = np.arange(len(truth))
    counted = [
        ("all 1,000 architectures", VERDICT, every),
        ("the 978 that are connected", VERDICT, np.flatnonzero(is_connected(truth.codes))),
        (
            "each of the 563 networks once",
            VERDICT,
            np.unique(network_codes(truth.codes), return_index=True)[1],
        ),
        ("all, `results/fashion`", RESULTS / "fashion", every),
    ]
    for label, folder, places in counted:
        taus: dict[str, list[float]] = {}
        for record in read_records(folder):
            scores = record.scores[truth.codes[places]]
            tau = kendalltau(scores, accuracies[places]).statistic
            taus.setdefault(record.method, []).append(float(tau))
        cells = [
            f"{np.mean(taus[method]):.3f}" if method in taus else "–"
            for method in ("one-shot", "few-shot", "gm", "gm-random", "params")
        ]
        assert f"| {label} | {' | '.join(cells)} |" in page


def test_the_verdicts_supernets_are_at_chance_in_the_top() -> None:
    summary = pd.read_csv(VERDICT / "comparison.csv").set_index("method")
    trained = summary.loc[list(COMPARISONS[VERDICT.name].supernets)]
    assert (trained["precision_at_1pct_mean"] == 0).all()
    page = (ROOT / "docs" / "fashion-verdict.md").read_text("utf-8").replace("−", "-")
    fifth, top = trained["precision_at_5pct_mean"], trained["tau_top_10pct_mean"]
    assert f"Precision at 5 % is {fifth.min():.3f} to {fifth.max():.3f}" in page
    assert f"τ is {top.max():.2f} to {top.min():.2f}" in page
