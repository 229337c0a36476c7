"""One unit, a method at a seed, run in whichever process works on it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

from baselines.experiment import Experiment
from baselines.method import Method
from baselines.registry import method_class
from benchmark.app.running.trial import make_experiment, read_images, run_budget
from benchmark.app.running.turns import Turn
from benchmark.app.workers.progress import Meter
from benchmark.budget import Ledger
from benchmark.errors import StoppedError, fault_line
from benchmark.records import PROTOCOL, RunRecord, Unit, digest, record_path, task_digest
from benchmark.records.checkpoint_file import checkpoint_path
from benchmark.records.checkpoints import DEFAULT, Checkpoints, Every
from benchmark.records.claims import Owner, claim
from benchmark.records.failure import Failure
from benchmark.records.provenance import machine_facts, provenance
from benchmark.tasks.task import Task

SCORING_COST = 0.1  # of an image scored, where one trained on costs 1; for the progress bar alone


class UnitStatus(Enum):
    """What became of a unit."""

    DONE = "done"
    FOUND = "another process had done it"
    BUSY = "another process works on it"
    STOPPED = "it was asked to stop"
    FAILED = "it failed"


@dataclass(frozen=True)
class UnitResult:
    """What a worker returns.

    Attributes:
        unit: The unit.
        state: What became of it.
        record: Its record, where it was done.
        failure: What went wrong, where it failed.
        note: What the user should know, or nothing.
    """

    unit: Unit
    state: UnitStatus
    record: RunRecord | None = None
    failure: Failure | None = None
    note: str = ""


@dataclass(frozen=True)
class Order:
    """All that a worker must know.

    Attributes:
        task: What all units have in common.
        unit: The unit.
        folder: Where records are kept.
        owner: Who claims the unit: the process that gives the order.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        data: Where files of images lie.
        meter: Where progress is shown.
        silent: Names of claims that may be taken over.
        every: How often the unit leaves a checkpoint.
        is_claimed: Whether the owner has claimed the unit already, for a worker that may not see
            the folder.
        turn: When it may compute, where units take turns.
    """

    task: Task
    unit: Unit
    folder: Path
    owner: Owner
    device: str
    data: Path
    meter: Meter
    silent: frozenset[str] = field(default_factory=frozenset)
    every: Every = DEFAULT
    is_claimed: bool = False
    turn: Turn | None = None


def run_unit(order: Order) -> UnitResult:
    """Claim a unit and run it, unless somebody else has it.

    Args:
        order: What to do.

    Returns:
        What became of it; the claim is left to who gave the order, who writes the record.

    Raises:
        CheckError: The unit cannot be claimed, as the system refused.
    """
    try:
        return _run_unit(order)
    finally:
        if order.turn is not None:
            order.turn.end()


def _run_unit(order: Order) -> UnitResult:
    unit, meter = order.unit, order.meter
    if meter.is_stopped:
        return UnitResult(unit, UnitStatus.STOPPED)
    if not order.is_claimed:
        if not claim(order.folder, unit.name, unit.seed, order.owner, order.silent):
            return UnitResult(unit, UnitStatus.BUSY)
        if record_path(order.folder, unit).exists():
            return UnitResult(unit, UnitStatus.FOUND)
    running = _Running(order)
    try:
        record = running.run()
    except StoppedError:
        return UnitResult(unit, UnitStatus.STOPPED, note=running.note)
    except Exception as error:  # whatever a method raises, the others go on
        return UnitResult(
            unit, UnitStatus.FAILED, None, running.failure(fault_line(error)), running.note
        )
    meter.show(1.0)
    return UnitResult(unit, UnitStatus.DONE, record, note=running.note)


def unit_of(task: Task, method: str, seed: int) -> Unit:
    """Return a method at a seed; methods that search train supernets by the task's base."""
    return Unit(method, None if method_class(method).reference else task.search.base, seed)


def describe(task: Task, method: str) -> dict[str, Any]:
    """Return all of a task that decides what a method's record holds beside its seed."""
    return task.describe(method, searches=not method_class(method).reference)


def make_method(task: Task, name: str) -> Method:
    """Return a method with a task's options.

    Raises:
        InputError: There is no such method, or an option does not fit it.
    """
    return method_class(name)(task.methods.get(name, {}))


class _Running:
    """A unit while it runs."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._task, self._unit = order.task, order.unit
        self._method = make_method(self._task, self._unit.method)
        self._ledger = Ledger(run_budget(self._task, self._method))
        self._started, self._clock = datetime.now(timezone.utc), time.monotonic()
        self._notes: list[str] = []
        self._checkpoints = Checkpoints(
            checkpoint_path(order.folder, self._unit),
            self._key(),
            order.every if order.folder.is_dir() else Every(),
            lambda: order.meter.is_stopped,
        )
        scoring = order.task.scoring
        passed = 2 if scoring.batch_norm == "training" else 1  # BatchNorm's images pass as well
        trajectory = order.task.trajectory
        sampled = max(0, trajectory.points - 1) * trajectory.architectures  # or fewer
        self._to_score = (len(order.task.functions) + sampled) * scoring.images * passed

    @property
    def note(self) -> str:
        return "; ".join(filter(None, [self._checkpoints.note, *self._notes]))

    def run(self) -> RunRecord:
        self._wait(0.0)
        experiment = self._experiment()
        outcome = self._method.run(experiment)
        return RunRecord(
            method=self._unit.method,
            seed=self._unit.seed,
            task=describe(self._task, self._unit.method),
            scores=outcome.scores,
            budget=self._ledger.to_dict(),
            trace=outcome.trace,
            provenance={
                **self._provenance(),
                "images": experiment.images.digest(),
                "streams": experiment.streams.drawn,
            },
        )

    def failure(self, fault: str) -> Failure:
        return Failure(
            method=self._unit.method,
            seed=self._unit.seed,
            task=describe(self._task, self._unit.method),
            fault=fault,
            budget=self._ledger.to_dict(),
            provenance=self._provenance(),
        )

    def _provenance(self) -> dict[str, Any]:
        before = self._checkpoints
        passed = time.monotonic() - self._clock  # the time of day may jump
        waited = self._order.turn.waited if self._order.turn is not None else 0.0
        seconds = before.seconds + passed - waited
        return {
            **provenance(self._order.device, self._started),
            "seconds": round(seconds, 2),
            "resumed": before.resumed,
            "notes": list(self._notes),
        }

    def _key(self) -> dict[str, Any]:
        """Return what a checkpoint must be of, to lead to the bits of an uninterrupted run."""
        here = provenance(self._order.device)
        return {
            "method": self._unit.method,
            "seed": self._unit.seed,
            "protocol": PROTOCOL,
            "task": task_digest(describe(self._task, self._unit.method)),
            "machine": digest(machine_facts(here)),
        }

    def _experiment(self) -> Experiment:
        return make_experiment(
            self._task,
            self._unit.seed,
            self._ledger,
            self._order.device,
            read_images(self._task, self._order.data),
            tick=self._tick,
            progress=self._progress,
            note=self._notes.append,
            checkpoints=self._checkpoints,
        )

    def _tick(self) -> None:
        ledger = self._ledger
        done = ledger.spent + SCORING_COST * ledger.scored
        whole = ledger.budget.images + SCORING_COST * self._to_score
        self._progress(min(1, done / whole))

    def _progress(self, share: float) -> None:
        self._order.meter.show(0.999 * share)
        self._wait(share)
        self._checkpoints.look()

    def _wait(self, share: float) -> None:
        if self._order.turn is not None:
            self._order.turn.wait(share, self._checkpoints.look)
