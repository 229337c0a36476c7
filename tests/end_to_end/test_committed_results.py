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
RESULTS = ROOT / "results"
SEEDS = {"laptop": 5, "fashion": 3}  # of each comparison, named after its preset


@pytest.fixture(scope="module", params=SEEDS)
def committed(request: pytest.FixtureRequest) -> Path:
    """Return the folder of a committed comparison."""
    return RESULTS / str(request.param)


@pytest.fixture(scope="module")
def rebuilt(committed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which its records were reported again."""
    folder = tmp_path_factory.mktemp(committed.name)
    for record in committed.glob("*.json"):
        (folder / record.name).write_bytes(record.read_bytes())
    seeds = SEEDS[committed.name]
    called = nasbench("compare", "--preset", committed.name, "--seeds", str(seeds), "--out", folder)
    assert called.code == 0, called.err
    runs = 4 * seeds + 2  # three supernets and chance; parameters and FLOPs need no seeds
    assert f"{runs} of {runs} runs were found" in called.err  # nothing was run
    return folder


def test_the_committed_table_is_that_of_the_records(rebuilt: Path, committed: Path) -> None:
    again, there = (folder / "comparison.md" for folder in (rebuilt, committed))
    assert again.read_text("utf-8") == there.read_text("utf-8")


def test_the_committed_numbers_are_those_of_the_records(rebuilt: Path, committed: Path) -> None:
    """To twelve digits: processors differ in the order in which they sum."""
    again, there = (pd.read_csv(folder / "comparison.csv") for folder in (rebuilt, committed))
    pd.testing.assert_frame_equal(again, there, rtol=1e-12, atol=1e-12)


def test_the_records_are_of_todays_preset(committed: Path) -> None:
    records = read_records(committed)
    assert {record.seed for record in records} == set(range(SEEDS[committed.name]))
    task = load_preset(committed.name)
    for record in records:
        assert record.task == describe(task, record.method), record.method


def test_the_readme_shows_their_table() -> None:
    records = read_records(RESULTS / "laptop")
    table, key = open_table("analog-nasbench"), AccuracyKey("cifar10", "test", 200)
    names = [name for name in METHODS if name in {record.method for record in records}]
    summary = summarise_methods(evaluate(records, table, key), names)
    references = [name for name in names if METHODS[name].reference]
    facts = gather_facts(records, table, key)
    shown = ranking_table(summary, facts, metrics=BRIEF, references=references)
    rows = [line for line in to_markdown(shown).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(names)
    assert "\n".join(rows) in (ROOT / "README.md").read_text("utf-8")
