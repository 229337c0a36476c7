"""What is committed under results/ and shown in the README follows from the committed records."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.ranking import BRIEF
from analysis.tables import evaluate, gather_facts, ranking_table, summarise_methods, to_markdown
from baselines.registry import METHODS
from benchmark.store import read_records
from benchmark.tables import AccuracyKey, open_table
from benchmark.task import load_preset
from benchmark.unit import describe
from tests.command_line import nasbench

ROOT = Path(__file__).resolve().parents[2]
LAPTOP = ROOT / "results" / "laptop"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the committed records were reported again."""
    folder = tmp_path_factory.mktemp("laptop")
    for record in LAPTOP.glob("*.json"):
        (folder / record.name).write_bytes(record.read_bytes())
    called = nasbench("compare", "--seeds", "5", "--out", folder)
    assert called.code == 0, called.err
    assert "22 of 22 runs were found" in called.err  # nothing was run
    return folder


def test_the_committed_table_is_that_of_the_records(rebuilt: Path) -> None:
    again, committed = (folder / "comparison.md" for folder in (rebuilt, LAPTOP))
    assert again.read_text("utf-8") == committed.read_text("utf-8")


def test_the_committed_numbers_are_those_of_the_records(rebuilt: Path) -> None:
    """To twelve digits: processors differ in the order in which they sum."""
    again, committed = (pd.read_csv(folder / "comparison.csv") for folder in (rebuilt, LAPTOP))
    pd.testing.assert_frame_equal(again, committed, rtol=1e-12, atol=1e-12)


def test_the_records_are_of_todays_preset() -> None:
    records = read_records(LAPTOP)
    assert {record.seed for record in records} == set(range(5))
    task = load_preset("laptop")
    for record in records:
        assert record.task == describe(task, record.method), record.method


def test_the_readme_shows_their_table() -> None:
    records = read_records(LAPTOP)
    table, key = open_table("analog-nasbench"), AccuracyKey("cifar10", "test", 200)
    names = [name for name in METHODS if name in {record.method for record in records}]
    summary = summarise_methods(evaluate(records, table, key), names)
    references = [name for name in names if METHODS[name].reference]
    facts = gather_facts(records, table, key)
    shown = ranking_table(summary, facts, metrics=BRIEF, references=references)
    rows = [line for line in to_markdown(shown).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(names)
    assert "\n".join(rows) in (ROOT / "README.md").read_text("utf-8")
