"""``nasbench show preset``, ``--set`` and ``--dry-run``."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.app.cli.options import read_changes
from benchmark.errors import InputError
from benchmark.tasks.task import load_preset, preset_names
from tests.command_line import nasbench


@pytest.mark.parametrize("name", ["laptop", "paper-snas", "equal-darts-2nd"])
def test_what_is_shown_is_the_same_preset(name: str, tmp_path: Path) -> None:
    called = nasbench("show", "preset", name)
    assert (called.code, called.err) == (0, "")
    path = tmp_path / "again.toml"
    path.write_text(called.out, encoding="utf-8")
    assert load_preset(str(path)).values() == load_preset(name).values()


def test_changes_are_shown() -> None:
    called = nasbench(
        "show", "preset", "ci", "--set", "training.budget=640", "--set", "data.noise=1"
    )
    assert "budget = 640\n" in called.out
    assert "noise = 1.0\n" in called.out
    called = nasbench("show", "preset", "ci", "--set", "training.budgett=640")
    assert called.code == 2
    assert called.err.startswith("nasbench: unknown setting of [training] 'budgett': did you mean")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=3", 3),
        ("a.b = 3.5", 3.5),
        ("a.b=1_000", 1_000),
        ("a.b=true", True),
        ("a.b=best", "best"),
        ('a.b="best"', "best"),
        ("a.b=[0, 1]", [0, 1]),
        ("a.b=", ""),
        ("a.b=x=y", "x=y"),
        ("a.b=1\nc = 2", "1\nc = 2"),
    ],
)
def test_values_are_written_as_in_toml(text: str, value: object) -> None:
    (found,) = read_changes((text,)).values()
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        (
            ("training.budget",),
            "cannot use --set 'training.budget': write it like training.budget=64000",
        ),
        (("=3",), "cannot use --set '=3'"),
        (("a.b=1", "a.b=2"), "--set a.b is given twice"),
    ],
)
def test_changes_that_cannot_be_read(texts: tuple[str, ...], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        read_changes(texts)


def test_a_dry_run_runs_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    out = tmp_path / "out"
    called = nasbench(
        *("run", "--method", "gm", "--method", "one-shot", "--method", "params", "--preset", "ci"),
        *("--seeds", "3", "--out", str(out), "--dry-run"),
    )
    assert called.code == 0, called.err
    assert not out.exists()
    assert "What a run would do: ci, base rsps, one budget for all" in called.out
    rows = [line.split() for line in called.out.splitlines()]
    assert ["one-shot", "1", "10", "1,500", "96,000", "0"] in rows
    assert ["gm", "1", "7", "1,050", "67,200", "3,200"] in rows
    assert ["4", "0.2767", "166", "10,624", "0"] in rows
    assert "3 seeds" in called.out
    assert called.err == "params trains nothing and has no plan\n"


def test_a_dry_run_needs_no_images() -> None:
    small = ("network.channels=2", "network.cells=1", "data.resolution=16")
    called = nasbench(
        *("run", "--method", "gm", "--preset", "paper-darts", "--dry-run"),
        *("--set", "data.dataset=cifar100"),
        *(word for change in small for word in ("--set", change)),
    )
    assert called.code == 0, called.err
    assert "UNEQUAL" in called.out
    assert ["in", "all", "7", "165"] in [line.split()[:4] for line in called.out.splitlines()]


def test_all_presets_are_listed() -> None:
    called = nasbench("list", "presets")
    assert [line.split()[0] for line in called.out.splitlines()] == preset_names()
