from __future__ import annotations

import importlib
import io
import signal
import sys
import time
from pathlib import Path

import click
import pytest

from benchmark.app.cli import root
from benchmark.errors import StoppedError
from tests.command_line import nasbench, tiny_preset

main_module = importlib.import_module("benchmark.app.cli.main")


@pytest.mark.parametrize(
    ("interrupt", "code", "word"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (StoppedError(signal.SIGINT), 130, "interrupted"),
        (StoppedError(signal.SIGTERM), 143, "terminated"),
    ],
)
def test_an_interrupt_is_one_line(
    monkeypatch: pytest.MonkeyPatch, interrupt: BaseException, code: int, word: str
) -> None:
    def stop(**_: object) -> None:
        raise interrupt

    monkeypatch.setattr(root.cli, "main", stop)
    called = nasbench("list", "methods")
    assert called.code == code
    assert called.err.startswith(f"nasbench: {word}; what is finished is kept, run the command")
    assert called.err.count("\n") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_command(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    def work(context: object) -> None:
        signal.raise_signal(number)

    monkeypatch.setattr(root.cli, "invoke", work)  # inside what click guards
    called = nasbench("list", "methods")
    assert called.code == code
    assert called.err.splitlines()[-1].startswith("nasbench: ")


def test_ctrl_c_is_ours_before_anything_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    handlers = []
    monkeypatch.setattr(
        root.cli, "main", lambda **_: handlers.append(signal.getsignal(signal.SIGINT))
    )
    assert nasbench().code == 0
    assert handlers[0] is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_pressing_again_does_not_interrupt_the_cleaning_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((0.0, 0.1, 1.0, main_module.REPEAT_SECONDS, main_module.REPEAT_SECONDS + 0.1))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    press = main_module._patient_handler()
    with pytest.raises(StoppedError):
        press(signal.SIGINT, None)
    for _ in range(3):
        press(signal.SIGINT, None)
    with pytest.raises(StoppedError):  # the cleaning up must be stuck
        press(signal.SIGINT, None)


COMMANDS = (
    "list methods",
    "list bases",
    "list spaces",
    "list presets",
    "show preset laptop",
    "tables list",
    "tables info analog-nasbench",
    "run --method params --preset {preset} --out {folder} --jobs 1",
    "compare --method params --preset {preset} --out {folder} --jobs 1",
    "verify {folder}",
    "run --method nöne",
    "score ψ.csv",
)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp932", "ascii"])
def test_signs_that_cannot_be_encoded_are_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    preset, folder = tiny_preset(tmp_path), tmp_path / "runs"
    shown = b""
    for command in COMMANDS:
        arguments = command.format(preset=preset, folder=folder).split()
        plain = nasbench(*arguments)
        with monkeypatch.context() as patch:
            out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
            patch.setattr(sys, "argv", ["nasbench", *arguments])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as caught:
                main_module.main()
            out.flush()
            err.flush()
            written = out.buffer.getvalue() + err.buffer.getvalue()
        assert caught.value.code == plain.code, command
        assert b"Traceback" not in written
        shown += written
    assert b"?" in shown
