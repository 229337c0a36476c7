from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmark.app.cli import experiment
from tests.command_line import nasbench


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the methods that each call asks for; none are run."""
    found: list[list[str]] = []

    def note(methods: Sequence[str], name: str, **_: object) -> None:
        found.append(list(methods))

    monkeypatch.setattr(experiment, "run_experiment", note)
    return found


def test_compare_leaves_out_what_is_expensive(asked: list[list[str]]) -> None:
    assert nasbench("compare").code == 0
    assert asked == [["one-shot", "few-shot", "gm", "random", "params", "flops"]]


def test_compare_takes_the_methods_named_and_each_once(asked: list[list[str]]) -> None:
    nasbench("compare", *("--method", "az-nas", "--method", "gm", "--method", "az-nas"))
    assert asked == [["az-nas", "gm"]]
