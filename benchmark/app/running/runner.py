"""Running units, each a method at a seed: in parallel, once each, and none lost.

The record of a unit is written as soon as it is done; what has a record is not run again, and what
another process works on is left to it. A unit whose worker dies is run once more, alone or by
another worker of a cluster.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from baselines.registry import method_class
from baselines.training import base_class
from benchmark.app.running.devices import checked_device
from benchmark.app.running.shards import share_of
from benchmark.app.running.turns import Turn, turns, workers_for
from benchmark.app.running.unit import (
    Order,
    UnitResult,
    UnitStatus,
    describe,
    make_method,
    run_unit,
    unit_of,
)
from benchmark.app.workers.backends import HERE, Workers
from benchmark.app.workers.loky import DIED_ELSEWHERE, THREADS, WorkerDiedError
from benchmark.app.workers.progress import Board, Meter, shown_board
from benchmark.app.workers.stopping import stoppable
from benchmark.errors import CheckError, StoppedError
from benchmark.files import marked_folder, reason, sweep
from benchmark.images import data_folder, dataset_record
from benchmark.records import RunRecord, Unit, find_record, write_record
from benchmark.records.checkpoint_file import checkpoint_path
from benchmark.records.checkpoints import DEFAULT, Every
from benchmark.records.claims import (
    BEAT,
    Owner,
    Watch,
    claim,
    claims,
    forget_dead,
    is_over,
    keep_alive,
    owner_of,
    release,
)
from benchmark.records.failure import Failure, failure_path, write_failure
from benchmark.records.provenance import machine_differences, provenance
from benchmark.tasks.task import Task

POLL = 0.5  # seconds between two looks at what other processes work on
DIED = "the system ended its worker twice, perhaps for want of memory; run it with fewer jobs"
NAMED = 10  # failed units that a message names


@dataclass(frozen=True)
class Runs:
    """What a command asked for, when it is done.

    Attributes:
        records: One a unit, in the order of methods and seeds asked for.
        reused: How many of them were there already.
        elsewhere: What of the machine or its libraries differed when some of those were made.
    """

    records: list[RunRecord]
    reused: int
    elsewhere: tuple[str, ...] = ()


def run_units(
    task: Task,
    methods: Sequence[str],
    seeds: Sequence[int],
    folder: Path,
    *,
    device: str = "cpu",
    workers: Workers = HERE,
    shard: tuple[int, int] = (1, 1),
    every: Every = DEFAULT,
    data: Path | None = None,
) -> Runs:
    """Run methods at seeds, unless their records are there already.

    Args:
        task: What all units have in common.
        methods: Names of methods.
        seeds: Seeds; a method that does not depend on the seed runs at the first alone.
        folder: Where records are kept.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        workers: Who runs units.
        shard: Which of how many shares of the units to run; the others are left alone.
        every: How often a unit leaves a checkpoint, from which it goes on if it is killed.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        All records, new and found.

    Raises:
        InputError: A name, an option, the device, or a record that is in the way.
        CheckError: The folder cannot be written, images cannot be downloaded, or units failed and
            the others were finished.
        StoppedError: A signal asked it to stop; what is finished is kept.
    """
    for name in task.methods:
        method_class(name)  # options for nobody are a slip
    base_class(task.search.base)
    units = share_of(_units(task, methods, seeds), shard)
    device = checked_device(device)
    _check_writable(folder)
    for place in (folder, tempfile.gettempdir()):
        sweep(place)
    found = {unit: _find(task, unit, folder, device) for unit in units}
    records = {unit: record for unit, record in found.items() if record is not None}
    for unit in records:
        forget_dead(folder, unit.name, unit.seed)
    elsewhere = _elsewhere(list(records.values()), device)
    missing = [unit for unit in units if unit not in records]
    if missing:
        images = data_folder(data)
        dataset_record(task.data.dataset).prepare(images)  # here, once for all workers
        records |= _run_all(_Crew(task, missing, folder, device, every, images), workers)
    return Runs([records[unit] for unit in units], len(units) - len(missing), elsewhere)


def _units(task: Task, methods: Sequence[str], seeds: Sequence[int]) -> list[Unit]:
    units = []
    for name in methods:
        method = make_method(task, name)
        units += [unit_of(task, name, seed) for seed in (seeds if method.seeded else seeds[:1])]
    return units


def _find(task: Task, unit: Unit, folder: Path, device: str) -> RunRecord | None:
    return find_record(folder, unit, describe(task, unit.method), device)


def _elsewhere(found: Sequence[RunRecord], device: str) -> tuple[str, ...]:
    """Return what differs between this machine and those that made the records found."""
    here = provenance(device) | {"threads": THREADS}
    names = [machine_differences(record.provenance, here) for record in found]
    return tuple(dict.fromkeys(name for of_record in names for name in of_record))


def _check_writable(folder: Path) -> None:
    """Fail before the work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CheckError(
            f"cannot write to {folder}: {reason(error)}; give another folder"
        ) from error


def _run_all(crew: _Crew, workers: Workers) -> dict[Unit, RunRecord]:
    """Run units and return their records, whoever made them."""
    names = ", ".join(dict.fromkeys(unit.name for unit in crew.units))
    with shown_board(len(crew.units), names) as board, stoppable(crew.stop), crew.alive():
        crew.work(board, workers)
    if crew.signal is not None:
        raise StoppedError(crew.signal)
    if crew.failures:
        raise CheckError(_failed(crew.failures, len(crew.units)))
    return crew.records


def _failed(failures: Mapping[Unit, str], count: int) -> str:
    listed = [f"{unit}: {fault}" for unit, fault in failures.items()]
    more = [f"and {len(listed) - NAMED} more"] if len(listed) > NAMED else []
    return f"{len(failures)} of {count} runs failed: {'; '.join(listed[:NAMED] + more)}"


class _Crew:
    """Has units done by workers, and writes their records here, where no worker can lose them."""

    def __init__(
        self,
        task: Task,
        units: Sequence[Unit],
        folder: Path,
        device: str,
        every: Every,
        data: Path,
    ) -> None:
        self.units = tuple(units)
        self.records: dict[Unit, RunRecord] = {}
        self.failures: dict[Unit, str] = {}
        self.signal: int | None = None
        self._task, self._folder, self._device, self._every = task, folder, device, every
        self._data = data
        self._board: Board | None = None
        self._owner, self._watch = Owner.here(), Watch()

    def stop(self, number: int) -> None:
        """Ask all workers to stop."""
        self.signal = number
        if self._board is not None:
            self._board.stop()

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Give signs of life for what is claimed within the block, and give it up at its end."""
        over = threading.Event()
        names = [(unit.name, unit.seed) for unit in self.units]

        def beat() -> None:
            while not over.wait(BEAT):
                keep_alive(self._folder, names, self._owner)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            for name, seed in names:
                release(self._folder, name, seed, self._owner)

    def work(self, board: Board, workers: Workers) -> None:
        """Do all units, those that others have begun only if they do not finish them."""
        self._board = board
        left, told = list(self.units), False
        while left and self.signal is None:
            ready = [unit for unit in left if self._is_free(unit)]
            if ready:
                self._round(ready, workers)
            before = len(left)
            left = [unit for unit in left if unit not in self.records | self.failures]
            if left and not (ready or told):
                told = True
                self._tell(left)
            if len(left) == before and self.signal is None:
                time.sleep(POLL)

    def _round(self, units: Sequence[Unit], workers: Workers) -> None:
        """Do units once; those that a worker left behind as it died once more, each alone."""
        try:
            self._do(units, workers)
        except WorkerDiedError:
            suspects = [unit for unit in units if self._is_ours(unit)]
            for unit in suspects:
                release(self._folder, unit.name, unit.seed, self._owner)
            if workers.are_elsewhere:  # where each was tried twice, and all others are done
                self.failures |= dict.fromkeys(suspects, DIED_ELSEWHERE)
                return
            for unit in suspects:
                try:
                    self._do([unit], replace(workers, jobs=2), alone=True)
                except WorkerDiedError:
                    self.failures[unit] = DIED
                    release(self._folder, unit.name, unit.seed, self._owner)

    def _do(self, units: Sequence[Unit], workers: Workers, *, alone: bool = False) -> None:
        silent = self._watch.silent(path for unit in units for path in self._claims(unit))
        mine = [
            unit for unit in units if not workers.are_elsewhere or self._claims_now(unit, silent)
        ]
        if not mine:
            return
        begun = self._begun_at_a_time(len(mine), workers)
        with marked_folder() as folder:
            turn: list[Turn | None] = [None] * len(mine)
            if begun > workers.jobs:
                turn = [*turns(folder / "turns", len(mine), workers.jobs, sharing=begun)]
            orders = [
                Order(
                    task=self._task,
                    unit=unit,
                    folder=self._folder.absolute(),
                    owner=self._owner,
                    device=self._device,
                    data=self._data,
                    meter=self._meter(unit),
                    turn=turn[place],
                    silent=silent,
                    every=self._every,
                    is_claimed=workers.are_elsewhere,
                )
                for place, unit in enumerate(mine)
            ]
            calls = 2 if alone else len(orders)  # for two there is a process that is not this one
            with replace(workers, jobs=begun).pool(calls) as pool:
                for result in pool.results(run_unit, ((order,) for order in orders)):
                    self._take(result)

    def _begun_at_a_time(self, units: int, workers: Workers) -> int:
        """Return how many units are begun at a time: more than jobs where some take turns.

        Those that wait keep their memory, of which a device has less.
        """
        if workers.are_elsewhere or self._device != "cpu":
            return workers.jobs
        return workers_for(units, workers.jobs)

    def _take(self, result: UnitResult) -> None:
        """Keep what came of a unit."""
        unit = result.unit
        if result.note:
            print(f"{unit}: {result.note}", file=sys.stderr)
        if result.record is not None:
            write_record(result.record, self._folder)
            self.records[unit] = result.record
        elif result.failure is not None:
            self._keep_failure(unit, result.failure)
        elif result.state is UnitStatus.FOUND:
            self._meter(unit).show(1.0)
            record = _find(self._task, unit, self._folder, self._device)
            if record is not None:
                self.records[unit] = record
        if unit in self.records:
            failure_path(self._folder, unit).unlink(missing_ok=True)
            checkpoint_path(self._folder, unit).unlink(missing_ok=True)
        if result.state is not UnitStatus.BUSY:
            release(self._folder, unit.name, unit.seed, self._owner)

    def _meter(self, unit: Unit) -> Meter:
        assert self._board is not None
        return self._board.meter(self.units.index(unit))

    def _keep_failure(self, unit: Unit, failure: Failure) -> None:
        self.failures[unit] = failure.fault
        with suppress(CheckError):  # a full disk, say: the fault itself is said at the end
            write_failure(failure, unit, self._folder)

    def _is_free(self, unit: Unit) -> bool:
        """Whether it may be tried: nobody alive has it, or its record has come about."""
        there = self._claims(unit)
        silent = self._watch.silent(there)
        return all(is_over(path, silent) for path in there)

    def _claims_now(self, unit: Unit, silent: frozenset[str]) -> bool:
        """Claim a unit here, for a worker that cannot; whether it is to be done."""
        if not claim(self._folder, unit.name, unit.seed, self._owner, silent):
            return False
        record = _find(self._task, unit, self._folder, self._device)
        if record is None:
            return True
        self._take(UnitResult(unit, UnitStatus.FOUND))
        return False

    def _is_ours(self, unit: Unit) -> bool:
        return any(owner_of(path) == self._owner for path in self._claims(unit))

    def _claims(self, unit: Unit) -> list[Path]:
        return claims(self._folder, unit.name, unit.seed)

    def _tell(self, units: Sequence[Unit]) -> None:
        names = ", ".join(map(str, units[:NAMED]))
        print(f"waiting for other processes, which work on {names}", file=sys.stderr)
