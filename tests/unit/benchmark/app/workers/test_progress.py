from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path

import pytest

from benchmark.app.workers import progress
from benchmark.app.workers.progress import Board, progress_line, shown_board


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path / "shares", 4)


def test_nothing_is_done_at_first(board: Board) -> None:
    assert (board.share, board.finished) == (0, 0)


def test_a_board_adds_up_its_units(board: Board) -> None:
    board.meter(0).show(1)
    board.meter(1).show(0.999)
    board.meter(3).show(0.25)
    assert board.share == pytest.approx((1 + 0.999 + 0 + 0.25) / 4)
    assert board.finished == 1  # 0.999 is not the end


def test_a_meter_works_from_another_process(board: Board, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from benchmark.app.workers.progress import Meter
Meter(Path({str(tmp_path / "shares")!r}), 2).show(0.5)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[5])
    assert board.share == 0.125


def test_a_meter_writes_now_and_then_but_always_the_end(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    meter = board.meter(0)
    meter.show(0.1)
    meter.show(0.2)
    assert board.share == 0.1 / 4
    now += progress.WRITE_EVERY
    meter.show(0.3)
    assert board.share == 0.3 / 4
    meter.show(1)
    assert board.share == 1 / 4


@pytest.mark.parametrize(
    ("elapsed", "left", "shown"),
    [
        (0, 0, "0:00 elapsed, 0:00 left"),
        (59.4, 59.4, "0:59 elapsed, 0:59 left"),
        (59.6, 178.8, "1:00 elapsed, 2:59 left"),
        (3599, 3599, "59:59 elapsed, 59:59 left"),
        (3600, 10_800, "1:00:00 elapsed, 3:00:00 left"),
        (90_061, 90_061, "25:01:01 elapsed, 25:01:01 left"),
    ],
)
def test_a_line_states_the_time(board: Board, elapsed: float, left: float, shown: str) -> None:
    share = elapsed / (elapsed + left) if elapsed else 1.0
    for place in range(4):
        board.meter(place).show(share)
    assert progress_line("gm", board, 4, elapsed).endswith(f"{100 * share:.0f} %, {shown}")


def test_a_line_before_anything_is_done(board: Board) -> None:
    line = progress_line("gm, one-shot", board, 4, 12)
    assert line == "gm, one-shot: 0 of 4 done, 0 %, 0:12 elapsed, ? left"


def wait_for(text: str, shown: Callable[[], str]) -> None:
    for _ in range(1000):
        if text in shown():
            return
        time.sleep(0.01)
    pytest.fail(f"{text!r} was not shown, but {shown()!r}")


def test_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", 0.02)
    with redirect_stderr(io.StringIO()) as shown, shown_board(2, "few-shot") as board:
        wait_for("few-shot: 0 of 2 done, 0 %, 0:00 elapsed, ? left\n", shown.getvalue)
        board.meter(1).show(1)
        wait_for("few-shot: 1 of 2 done, 50 %, 0:0", shown.getvalue)


def test_nothing_goes_on_after_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = threading.active_count()
    with suppress(KeyboardInterrupt), shown_board(1, "gm"):
        assert threading.active_count() == before + 1
        assert list(tmp_path.iterdir())
        raise KeyboardInterrupt
    assert threading.active_count() == before
    assert not list(tmp_path.iterdir())


@contextmanager
def terminal() -> Iterator[list[str]]:
    """Make stderr a terminal; the list holds all that it showed when the block is over."""
    pty = pytest.importorskip("pty")
    shown: list[str] = []
    outside, inside = pty.openpty()

    def read() -> None:
        with suppress(OSError):  # Linux's way to say that the other end is closed
            while part := os.read(outside, 1024):
                shown.append(part.decode(errors="replace"))

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(inside, "w") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        yield shown
    reader.join()
    os.close(outside)


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REFRESH", 0.02)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with terminal() as parts, shown_board(3, "gm, random") as board:
        board.meter(0).show(1)
        wait_for("gm, random: 1 of 3 done", lambda: "".join(parts))
        board.meter(1).show(1)
    for text in ("gm, random: 2 of 3 done", "67%", "left"):
        assert text in "".join(parts)
