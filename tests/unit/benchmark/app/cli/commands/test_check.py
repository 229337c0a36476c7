"""``nasbench check``: exit codes, the files and lines it leaves, and what an update asks."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import click
import numpy as np
import pytest

from benchmark.app.cli.commands.check import check as check_command
from benchmark.budget import Budget, Ledger
from benchmark.records import RunRecord, write_record
from benchmark.spaces.nb201 import SIZE, to_string
from tests.command_line import ROOT, Called, nasbench

METHODS = ("gm", "mine", "params")
TRUTH = {"table": "analog-nasbench", "accuracy": "cifar10_test_200"}


def write_runs(folder: Path, noise: float = 0.0, **changes: object) -> Path:
    """Write five seeds of two methods, and one of a reference."""
    for method in METHODS:
        for seed in range(1 if method == "params" else 5):
            draws = np.random.default_rng([seed, *method.encode()])
            scores = np.arange(SIZE) + draws.normal(0, 3_000, SIZE)
            if method == "gm":
                scores += np.random.default_rng(seed).normal(0, 1, SIZE) * noise
            said = {
                "task": {"preset": "ci", "space": "nb201", "options": {}, "truth": TRUTH},
                "budget": Ledger(Budget(100)).to_dict(),
                "trace": {},
                "provenance": {"dirty": False},
                "protocol": 1,
            }
            write_record(RunRecord(method, seed, scores=scores, **(said | changes)), folder)  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of a few architectures that the scores above rank well."""
    lines = [f"{to_string(code)},{10 + code / 200}" for code in range(SIZE)]
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    path.write_text("arch,cifar10_test_200\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, truth: Path) -> Path:
    """Return a folder with runs and a baseline made of them."""
    home = tmp_path_factory.mktemp("home")
    write_runs(home / "runs")
    write_runs(home / "noisy", noise=3_000)
    called = nasbench(
        "check", home / "runs", "--against", home / "b.json", "--update", "--yes", "--table", truth
    )
    assert (called.code, called.err) == (0, "")
    assert called.out == (
        f"Truth: cifar10_test_200 of table truth, 15,625 architectures\n"
        f"{home / 'b.json'}: gm (5 seeds), mine (5 seeds)\n"
    )
    return home


def check(home: Path, runs: str | Path, truth: Path, *more: str | Path) -> Called:
    return nasbench("check", home / runs, "--against", home / "b.json", "--table", truth, *more)


def test_the_same_runs_pass(home: Path, truth: Path) -> None:
    called = check(home, "runs", truth)
    assert (called.code, called.err) == (0, "")
    assert called.out.splitlines()[-1] == "passed: 4 same of 4 gates"
    assert "not in the baseline, so not judged: params" in called.out


def test_worse_runs_fail(home: Path, truth: Path, tmp_path: Path) -> None:
    called = check(home, "noisy", truth, "--junit", tmp_path / "new" / "junit.xml")
    assert (called.code, called.err) == (1, "")
    assert called.out.splitlines()[-1].startswith("worse than the baseline: ")
    suite = ElementTree.parse(tmp_path / "new" / "junit.xml").getroot()[0]
    failed = [case.get("classname") for case in suite if case[0].tag == "failure"]
    assert set(failed) == {"gm"}


def test_a_file_that_cannot_be_written_is_no_verdict(
    home: Path, truth: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    called = check(home, "runs", truth, "--junit", tmp_path / "file" / "junit.xml")
    assert called.code == 2
    assert "junit.xml" in called.err
    assert called.out.splitlines()[-1] == "passed: 4 same of 4 gates"


@pytest.mark.parametrize("asked", [["--json"], ["--junit", "a.xml"]])
def test_a_new_baseline_tells_no_verdicts(home: Path, truth: Path, asked: list[str]) -> None:
    called = check(home, "runs", truth, "--update", "--yes", *asked)
    assert called.code == 2
    assert called.err == (
        "nasbench: --junit and --json report verdicts: leave them out with --update\n"
    )


def test_json_is_all_there_is_on_stdout(
    home: Path, truth: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    called = check(home, "noisy", truth, "--json")
    assert called.code == json.loads(called.out)["exit_code"] == 1
    assert called.err.startswith("::error title=nasbench check%3A gm kendall_tau worse::")


def test_annotations_come_on_github_alone(
    home: Path, truth: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert "::" not in check(home, "runs", truth).out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = check(home, "runs", truth).out.splitlines()
    assert lines[-1] == "::notice title=nasbench check::passed: 4 same of 4 gates"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: [p.unlink() for p in f.glob("gm-*")], "there is no run of gm"),
        (lambda f: (f / "gm-seed3.json").unlink(), "seed 3 of gm was not run"),
        (lambda f: write_runs(f, protocol=2), "ran by protocol 2, the baseline's by 1"),
        (
            lambda f: write_runs(f, task={"preset": "laptop", "space": "nb201"}),
            "ran preset laptop",
        ),
        (
            lambda f: (f / "gm-seed0.json").write_text((f / "gm-seed0.json").read_text()[:900]),
            "a record cannot be read",
        ),
    ],
    ids=["method", "seed", "protocol", "preset", "truncated"],
)
def test_what_cannot_be_judged(
    home: Path, truth: Path, tmp_path: Path, change: object, reason: str
) -> None:
    runs = shutil.copytree(home / "runs", tmp_path / "runs")
    change(runs)  # type: ignore[operator]
    called = check(home, runs, truth)
    assert called.code == 2
    assert reason in " ".join(called.out.split())
    assert called.out.splitlines()[-1].startswith("cannot be judged: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs", "--against", "no.json"], "no baseline no.json: make it with nasbench check --up"),
        (["nowhere", "--against", "b.json", "--table", "t.csv"], "no folder nowhere"),
        (["runs", "--against", "b.json"], "measured by table truth: name its file with --table"),
        (["runs", "--against", "b.json", "--yes"], "set up a baseline: add --update"),
        (["runs", "--against", "b.json", "--gate", "regret=1"], "set up a baseline: add --update"),
        (["runs", "--against", "b.json", "--alpha", "0.1"], "set up a baseline: add --update"),
        (["runs"], "Missing option '--against'"),
        (
            ["runs", "--against", "n.json", "--update"],
            "asks before it writes, and there is no terminal: add --yes",
        ),
        (
            ["runs", "--against", "n.json", "--update", "--yes", "--gate", "regret=1"],
            "no gate on the ranking",
        ),
        (
            ["runs", "--against", "n.json", "--update", "--yes", "--alpha", "0.01"],
            "gm has 5 seeds: the smallest p-value of so few is 0.03125, so nothing could be",
        ),
        (
            ["runs", "--against", "n.json", "--update", "--yes", "--method", "params"],
            "params has 1 seed: the smallest",
        ),
        (
            ["runs", "--against", "n.json", "--update", "--yes", "--method", "few-shot"],
            "no run of few-shot: run it, or leave out its --method",
        ),
    ],
)
def test_errors_are_one_line(
    home: Path, truth: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(home)
    shutil.copy(truth, home / "t.csv")
    called = nasbench("check", *arguments)
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert message in called.err
    assert not (home / "n.json").exists()


def test_no_baseline_from_damaged_records(home: Path, truth: Path, tmp_path: Path) -> None:
    runs = shutil.copytree(home / "runs", tmp_path / "runs")
    (runs / "gm-seed0.json").write_text("{")
    called = nasbench("check", runs, "--against", tmp_path / "n.json", "--update", "--yes")
    assert called.code == 2
    assert "no baseline from damaged records: " in called.err
    assert not (tmp_path / "n.json").exists()


class Terminal:
    """A stdin that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", [True, False])
def test_an_update_shows_what_changes_and_asks(
    home: Path, truth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    path = tmp_path / "b.json"
    shutil.copy(home / "b.json", path)
    asked = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        return answer

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "confirm", confirm)
    called = nasbench(
        "check", home / "noisy", "--against", path, "--table", truth, "--update", "--alpha", "0.04"
    )
    assert called.code == 0
    assert asked == [f"Replace {path} with gm (5 seeds), mine (5 seeds)?"]
    assert "the loss is large and significant" in " ".join(called.out.split())
    is_old = path.read_bytes() == (home / "b.json").read_bytes()
    assert is_old != answer
    assert called.out.endswith("not changed\n") != answer
    if answer:
        assert check(tmp_path, home / "noisy", truth).code == 0
        assert json.loads(path.read_text())["alpha"] == 0.04


def test_gates_stay_until_others_are_given(home: Path, truth: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    update = ("check", home / "runs", "--against", path, "--table", truth, "--update", "--yes")

    def gates() -> dict[str, float]:
        found: dict[str, float] = json.loads(path.read_text())["gates"]
        return found

    nasbench(*update, "--gate", "regret=2", "--gate", "spearman_rho=0.1", "--method", "mine")
    assert gates() == {"regret": 2.0, "spearman_rho": 0.1}
    assert list(json.loads(path.read_text())["methods"]) == ["mine"]
    nasbench(*update)
    assert gates() == {"regret": 2.0, "spearman_rho": 0.1}
    assert list(json.loads(path.read_text())["methods"]) == ["gm", "mine"]


def test_runs_by_uncommitted_code_are_named(truth: Path, tmp_path: Path) -> None:
    write_runs(tmp_path / "runs", provenance={"dirty": True})
    called = nasbench(
        "check", tmp_path / "runs", "--against", tmp_path / "b.json",
        "--update", "--yes", "--table", truth,
    )  # fmt: skip
    assert called.code == 0
    assert called.err == "some runs were made by uncommitted code and cannot be reproduced\n"


DOCS = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")


def test_the_documentation_names_every_option() -> None:
    options = {name for option in check_command.params for name in option.opts if "--" in name}
    assert {name for name in options if name not in DOCS} == set()
