from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from benchmark.app.running.unit_job import UnitJob, UnitResult, run_unit
from benchmark.app.running.worker_shares import WorkerShare
from benchmark.app.workers.progress import Board
from benchmark.images import data_folder
from benchmark.records import Unit
from benchmark.records.checkpoints import CheckpointInterval
from benchmark.tasks.task import load_preset
from tests.command_line import tiny_preset

WAIT = 0.3  # seconds


class SlowShare(WorkerShare):
    """Waits for its worker once, after half of the work."""

    def __init__(self) -> None:
        super().__init__(Path(), unit=0, jobs=1, sharing=0)
        self.has_waited = False

    def wait(self, share: float, check: Callable[[], None]) -> None:
        if share > 0.5 and not self.has_waited:
            self.has_waited = True
            time.sleep(WAIT)

    def end(self) -> None:
        assert self.has_waited


class Stopping(SlowShare):
    """Asks the unit to stop after it has waited."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board

    def wait(self, share: float, check: Callable[[], None]) -> None:
        super().wait(share, check)
        if self.has_waited:
            self.board.stop()


def test_the_seconds_of_a_resumed_run_leave_out_what_it_waited(tmp_path: Path) -> None:
    task = load_preset(str(tiny_preset(tmp_path)))
    worked = 0.0

    def run(board: Board, share: WorkerShare) -> UnitResult:
        nonlocal worked
        unit, every = Unit("one-shot", "rsps", 3), CheckpointInterval(steps=20)
        start = time.monotonic()
        result = run_unit(
            UnitJob(task, unit, tmp_path, "cpu", data_folder(), board.meter(0), every, share)
        )
        worked += time.monotonic() - start - WAIT
        return result

    board = Board(tmp_path / "stopped", 1)
    assert run(board, Stopping(board)) == UnitResult(Unit("one-shot", "rsps", 3))
    time.sleep(WAIT)
    record = run(Board(tmp_path / "resumed", 1), SlowShare()).record
    assert record is not None
    assert record.provenance["resumed"] == 1
    assert 0 < record.provenance["seconds"] <= worked + 0.01
