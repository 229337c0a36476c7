"""The truth comes from the task or the user, never from what happens to be imported."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.app.cli.truth import EMBEDDED, truth_of_runs
from benchmark.budget import Budget, Ledger
from benchmark.errors import InputError
from benchmark.records import RunRecord, write_record
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.registry import open_space
from benchmark.tasks.sections import TruthSettings
from benchmark.truth import TABLES, AccuracyKey, Source, TruthTable
from benchmark.truth.files.nbtable import write_table
from tests.command_line import nasbench

NB201 = open_space("nb201")

DEFAULT = {"table": "analog-nasbench", "accuracy": "cifar10_test_200"}


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TruthTable:
    """Import a whole table that calls itself the official one."""
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NASBENCH_TABLE", raising=False)
    percents = np.random.default_rng(0).uniform(10, 95, SIZE)
    keys = [AccuracyKey("cifar10", "test", 200), AccuracyKey("cifar100", "test", 200)]
    table = TruthTable(
        "nas-bench-201", "invented", Source("-", "0" * 64, "nas-bench-201"), np.arange(SIZE),
        dict.fromkeys(keys, percents),
        space=NB201,
    )  # fmt: skip
    write_table(table, tmp_path / "nas-bench-201.nbtable")
    assert nasbench("tables", "import", tmp_path / "nas-bench-201.nbtable").code == 0
    return table


def record_of(truth: Mapping[str, Any] | None, seed: int = 0) -> RunRecord:
    task = {"preset": "x", "space": "nb201", "scoring": {"candidates": 9}}
    task |= {} if truth is None else {"truth": dict(truth)}
    spent = Ledger(Budget(100)).to_dict()
    return RunRecord("own", seed, task, np.arange(9.0) + seed, spent, {}, {})


@pytest.mark.usefixtures("imported")
def test_an_import_changes_no_default(preset: Path, tmp_path: Path) -> None:
    scores = tmp_path / "scores.csv"
    nasbench("tables", "export", EMBEDDED, scores)
    scores.write_text(scores.read_text().replace("cifar10_test_200", "score", 1))
    out = tmp_path / "out"
    calls = [
        nasbench("run", "--method", "params", "--preset", preset, "--jobs", "1", "--out", out),
        nasbench("verify", out),
        nasbench("score", scores),
        nasbench("tables", "info"),
        nasbench("tables", "verify"),
    ]
    assert [called.code for called in calls] == [0] * len(calls)
    assert truth_of_runs(out, None, None).table == EMBEDDED
    assert not any("nas-bench-201" in called.out + called.err for called in calls)
    line = "Truth: cifar10_test_200 of table analog-nasbench, 15,625 architectures\n"
    assert [line in called.out for called in calls] == [True, False, True, False, False]


@pytest.mark.usefixtures("imported")
def test_table_and_accuracy_override_the_preset(preset: Path, tmp_path: Path) -> None:
    run = ("run", "--method", "params", "--preset", preset, "--jobs", "1", "--out", tmp_path / "a")
    called = nasbench(*run, "--table", "nas-bench-201", "--accuracy", "cifar100_test_200")
    assert "Truth: cifar100_test_200 of table nas-bench-201, 15,625" in called.out
    assert (
        "Truth: cifar10_test_200 of table nas-bench-201"
        in nasbench(*run, "--table", "nas-bench-201").out
    )


def test_the_variable_is_no_default_of_runs(
    preset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imported: TruthTable
) -> None:
    monkeypatch.setenv("NASBENCH_TABLE", imported.name)
    called = nasbench(
        "run", "--method", "params", "--preset", preset, "--jobs", "1", "--out", tmp_path / "a"
    )
    assert "Truth: cifar10_test_200 of table analog-nasbench" in called.out
    assert nasbench("tables", "info").out.startswith("nas-bench-201: invented\n")


def test_a_preset_names_its_own_truth(preset: Path, tmp_path: Path, imported: TruthTable) -> None:
    called = nasbench(
        *("run", "--method", "params", "--preset", preset, "--jobs", "1", "--out", tmp_path / "a"),
        *("--set", "truth.table=nas-bench-201", "--set", "truth.accuracy=cifar100_test_200"),
    )
    line = "Truth: cifar100_test_200 of table nas-bench-201, 15,625 architectures\n"
    assert (called.code, line in called.out) == (0, True)
    assert truth_of_runs(tmp_path / "a", None, None).table == "nas-bench-201"
    shutil.rmtree(tmp_path / "cache")
    called = nasbench("report", tmp_path / "a")
    assert called.code == 2
    assert "name table 'nas-bench-201', which is not there: import it, or name" in called.err


def test_the_embedded_table_is_built_in() -> None:
    assert EMBEDDED in TABLES


def test_the_truth_of_runs(tmp_path: Path) -> None:
    write_record(record_of(DEFAULT), tmp_path)
    write_record(record_of(DEFAULT, seed=1), tmp_path / "other-options")
    assert truth_of_runs(tmp_path, None, None) == TruthSettings(**DEFAULT)
    assert truth_of_runs(tmp_path, "mine.csv", None) == TruthSettings(
        "mine.csv", "cifar10_test_200"
    )
    assert truth_of_runs(tmp_path, None, "a_valid_1") == TruthSettings(EMBEDDED, "a_valid_1")


@pytest.mark.parametrize(
    ("truths", "message"),
    [
        ([], "holds no run records"),
        ([None], "name no truth: give --table and --accuracy"),
        ([{**DEFAULT, "table": "a"}, DEFAULT], "name several truths: give --table and --accuracy"),
        ([{**DEFAULT, "table": "a.csv"}], "name table 'a.csv', which is not there"),
    ],
)
def test_runs_without_one_usable_truth(
    tmp_path: Path, truths: list[dict[str, str] | None], message: str
) -> None:
    for seed, truth in enumerate(truths):
        write_record(record_of(truth, seed), tmp_path)
    with pytest.raises(InputError, match=re.escape(message)):
        truth_of_runs(tmp_path, None, None)
    assert truth_of_runs(tmp_path, "mine.csv", "a_valid_1") == TruthSettings(
        "mine.csv", "a_valid_1"
    )
