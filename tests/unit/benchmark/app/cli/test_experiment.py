from __future__ import annotations

from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from benchmark.app.cli import experiment


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the methods that each command asks for, in place of running them."""
    found: list[list[str]] = []

    def note(methods: Sequence[str], name: str, **_: object) -> None:
        found.append(list(methods))

    monkeypatch.setattr(experiment, "_experiment", note)
    return found


def call(command: click.Command, *arguments: str) -> None:
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_compare_leaves_out_what_is_expensive(asked: list[list[str]]) -> None:
    call(experiment.compare)
    assert asked == [["one-shot", "few-shot", "gm", "random", "params", "flops"]]


def test_compare_takes_what_it_is_told_and_each_once(asked: list[list[str]]) -> None:
    call(experiment.compare, *("--method", "az-nas", "--method", "gm", "--method", "az-nas"))
    assert asked == [["az-nas", "gm"]]
