"""Giving units to workers, and keeping what comes back.

Records are written in the main process, where the death of a worker loses none. It locks a unit
before giving it to a worker, and unlocks it when its record is written, so several processes can
share a folder.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import BaseFileLock

from benchmark.app.running.single_run import describe
from benchmark.app.running.unit_job import UnitJob, UnitResult, run_unit
from benchmark.app.running.worker_shares import WorkerShare, processes_for, worker_shares
from benchmark.app.workers.backends import Workers
from benchmark.app.workers.dask import DIED_REMOTELY
from benchmark.app.workers.loky import WorkerDiedError
from benchmark.app.workers.progress import Board, Meter
from benchmark.errors import CheckError
from benchmark.files import marked_folder
from benchmark.records import RunRecord, Unit, find_record, write_record
from benchmark.records.checkpoint_file import checkpoint_path
from benchmark.records.checkpoints import CheckpointInterval
from benchmark.records.failure import failure_path, write_failure
from benchmark.records.locks import try_lock, unlock
from benchmark.tasks.task import Task

POLL = 0.5  # seconds between two attempts to lock a unit that another process has locked
DIED = "the system ended its worker twice, perhaps for lack of memory; run it with fewer jobs"
NAMED = 10  # units that a message names


@dataclass
class Dispatcher:
    """Runs units on workers."""

    task: Task  # the task, which all units have in common
    units: Sequence[Unit]
    folder: Path  # where records are kept
    device: str
    data: Path
    every: CheckpointInterval  # how often a unit writes a checkpoint
    workers: Workers  # where units run
    board: Board  # where progress is shown
    records: dict[Unit, RunRecord] = field(default_factory=dict)
    failures: dict[Unit, str] = field(default_factory=dict)  # why units failed
    signal: int | None = None  # number of the signal that asked to stop, or None
    _locks: dict[Unit, BaseFileLock] = field(default_factory=dict)

    def stop(self, number: int) -> None:
        """Ask all units to stop because of a signal."""
        self.signal = number
        self.board.stop()

    def run(self) -> None:
        """Run all units, or wait for the processes that have locked them."""
        left, announced = list(self.units), False
        try:
            while left and self.signal is None:
                is_any_locked = any(self._lock(unit) for unit in left)
                if is_any_locked:
                    self._run_round(left)
                left = [u for u in left if u not in self.records and u not in self.failures]
                if left and not is_any_locked:
                    if not announced:
                        names = ", ".join(map(str, left[:NAMED]))
                        print(f"waiting for other processes, which run {names}", file=sys.stderr)
                    announced = True
                    time.sleep(POLL)
        finally:
            for unit in list(self._locks):
                self._unlock(unit)

    def _lock(self, unit: Unit) -> bool:
        """Lock a unit; False if another process has it, or has meanwhile written its record."""
        if unit in self._locks:
            return True
        lock = try_lock(self.folder, unit)
        if lock is None:
            return False
        self._locks[unit] = lock
        record = find_record(self.folder, unit, describe(self.task, unit), self.device)
        if record is None:
            return True
        self._finish(unit, record)
        self._unlock(unit)
        return False

    def _unlock(self, unit: Unit) -> None:
        unlock(self._locks.pop(unit))

    def _run_round(self, units: Sequence[Unit]) -> None:
        """Run those units that can be locked; if a worker dies, run again alone what it ran."""
        try:
            self._run_on(self.workers, units)
        except WorkerDiedError:
            suspects = list(self._locks)
            if self.workers.are_remote:  # two workers have tried each, and all others are done
                for unit in suspects:
                    self._fail(unit, DIED_REMOTELY)
                return
            for unit in suspects:
                self._unlock(unit)
            for unit in suspects:
                try:
                    self._run_on(replace(self.workers, jobs=1), [unit], in_process=False)
                except WorkerDiedError:
                    self._fail(unit, DIED)

    def _run_on(
        self, workers: Workers, units: Sequence[Unit], *, in_process: bool | None = None
    ) -> None:
        # Those that wait keep their memory, of which an accelerator has less.
        can_share = self.device == "cpu" and not workers.are_remote
        processes = processes_for(len(units), workers.jobs) if can_share else workers.jobs
        with marked_folder() as folder:
            shares: Sequence[WorkerShare | None] = [None] * len(units)
            if processes > workers.jobs:
                shares = worker_shares(folder / "shares", len(units), workers.jobs, processes)
            started = replace(workers, jobs=processes)
            with started.pool(len(units), in_process=in_process) as pool:
                for result in pool.results(run_unit, self._jobs(units, shares)):
                    self._keep(result)

    def _jobs(
        self, units: Sequence[Unit], shares: Sequence[WorkerShare | None]
    ) -> Iterator[tuple[UnitJob]]:
        """Yield jobs as workers become free for them, each locked just before."""
        for unit, share in zip(units, shares, strict=True):
            if self.signal is None and self._lock(unit):
                yield (
                    UnitJob(
                        task=self.task,
                        unit=unit,
                        folder=self.folder.absolute(),
                        device=self.device,
                        data=self.data,
                        meter=self._meter(unit),
                        every=self.every,
                        share=share,
                    ),
                )
            elif share is not None:
                share.end()

    def _keep(self, result: UnitResult) -> None:
        unit = result.unit
        if result.note:
            print(f"{unit}: {result.note}", file=sys.stderr)
        if result.record is not None:
            write_record(result.record, self.folder)
            self._finish(unit, result.record)
        elif result.failure is not None:
            with suppress(CheckError):  # a full disk, say: the fault is also reported at the end
                write_failure(result.failure, unit, self.folder)
            self.failures[unit] = result.failure.fault
        self._unlock(unit)

    def _finish(self, unit: Unit, record: RunRecord) -> None:
        self.records[unit] = record
        failure_path(self.folder, unit).unlink(missing_ok=True)
        checkpoint_path(self.folder, unit).unlink(missing_ok=True)
        self._meter(unit).show(1.0)

    def _fail(self, unit: Unit, fault: str) -> None:
        self.failures[unit] = fault
        self._unlock(unit)

    def _meter(self, unit: Unit) -> Meter:
        return self.board.meter(self.units.index(unit))
