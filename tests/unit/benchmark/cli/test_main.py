from __future__ import annotations

import importlib
import signal
import time

import click
import pytest

from benchmark.cli import commands
from tests.command_line import nasbench

main_module = importlib.import_module("benchmark.cli.main")


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, click.Abort])
def test_an_interrupt_is_one_line(
    monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    def stop(**_: object) -> None:
        raise interrupt

    monkeypatch.setattr(commands.cli, "main", stop)
    called = nasbench("list", "methods")
    assert called.code == 130
    assert called.err.startswith("nasbench: interrupted; what is finished is kept, run the command")
    assert called.err.count("\n") == 1


def test_ctrl_c_is_ours_before_anything_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    handlers = []
    monkeypatch.setattr(
        commands.cli, "main", lambda **_: handlers.append(signal.getsignal(signal.SIGINT))
    )
    assert nasbench().code == 0
    assert handlers[0] is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_pressing_again_does_not_interrupt_the_cleaning_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((0.0, 0.1, 1.0, main_module.PATIENCE, main_module.PATIENCE + 0.1))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    press = main_module._patient_interrupt()
    with pytest.raises(KeyboardInterrupt):
        press(signal.SIGINT, None)
    for _ in range(3):
        press(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):  # the cleaning up must be stuck
        press(signal.SIGINT, None)
