"""One unit, a method at a seed, run in whichever process works on it.

A unit computes on one thread, so its bits do not depend on how many run side by side.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.method import Method
from baselines.registry import method_class
from benchmark.budget import Ledger
from benchmark.datasets import dataset_record
from benchmark.errors import NasbenchError
from benchmark.progress import Meter
from benchmark.seeds import Streams
from benchmark.space import distinct_codes
from benchmark.stopping import StoppedError
from benchmark.store import RunRecord, record_path
from benchmark.store.claims import Owner, claim
from benchmark.store.failure import Failure
from benchmark.store.provenance import provenance
from benchmark.task import Task
from benchmark.turns import Turn

SCORING_COST = 0.1  # of an image scored, where one trained on costs 1; for the progress bar alone
ORPHAN_CHECK = 1.0  # seconds between two looks at who started this process


@dataclass(frozen=True)
class Unit:
    """A method at a seed.

    Attributes:
        method: Name of the method.
        seed: The seed.
    """

    method: str
    seed: int

    def __str__(self) -> str:
        """Return both in words."""
        return f"{self.method} seed {self.seed}"


class State(Enum):
    """What became of a unit."""

    DONE = "done"
    FOUND = "another process had done it"
    BUSY = "another process works on it"
    STOPPED = "it was asked to stop"
    FAILED = "it failed"


@dataclass(frozen=True)
class Result:
    """What a worker returns.

    Attributes:
        unit: The unit.
        state: What became of it.
        record: Its record, where it was done.
        failure: What went wrong, where it failed.
    """

    unit: Unit
    state: State
    record: RunRecord | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Order:
    """All that a worker must know.

    Attributes:
        task: What all units have in common.
        unit: The unit.
        folder: Where records are kept.
        owner: Who claims the unit: the process that gives the order.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        meter: Where progress is shown.
        turn: When it may compute.
        silent: Names of claims that may be taken over.
    """

    task: Task
    unit: Unit
    folder: Path
    owner: Owner
    device: str
    meter: Meter
    turn: Turn
    silent: frozenset[str] = field(default_factory=frozenset)


def run_unit(order: Order) -> Result:
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
        order.turn.end()


def _run_unit(order: Order) -> Result:
    unit, meter = order.unit, order.meter
    if meter.is_stopped:
        return Result(unit, State.STOPPED)
    if not claim(order.folder, unit.method, unit.seed, order.owner, order.silent):
        return Result(unit, State.BUSY)
    if record_path(order.folder, unit.method, unit.seed).exists():
        return Result(unit, State.FOUND)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    running = _Running(order)
    try:
        record = running.run()
    except StoppedError:
        return Result(unit, State.STOPPED)
    except NasbenchError as error:
        return Result(unit, State.FAILED, failure=running.failure(str(error)))
    except (RuntimeError, MemoryError) as error:  # PyTorch's own, above all for want of memory
        fault = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        return Result(unit, State.FAILED, failure=running.failure(fault))
    meter.show(1.0)
    return Result(unit, State.DONE, record)


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
        self._ledger = Ledger(order.task.budget)
        self._started, self._clock = datetime.now(timezone.utc), time.monotonic()
        self._looked = self._clock
        scoring = order.task.scoring
        passed = 2 if scoring.batch_norm == "training" else 1  # BatchNorm's images pass as well
        trajectory = order.task.trajectory
        sampled = max(0, trajectory.points - 1) * trajectory.architectures  # or fewer
        self._to_score = (len(distinct_codes()) + sampled) * scoring.images * passed

    def run(self) -> RunRecord:
        self._order.turn.wait(0.0, self._look)
        experiment = self._experiment()
        outcome = make_method(self._task, self._unit.method).run(experiment)
        return RunRecord(
            method=self._unit.method,
            seed=self._unit.seed,
            task=self._task.describe(self._unit.method),
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
            task=self._task.describe(self._unit.method),
            fault=fault,
            budget=self._ledger.to_dict(),
            provenance=self._provenance(),
        )

    def _provenance(self) -> dict[str, Any]:
        passed = time.monotonic() - self._clock  # the time of day may jump
        seconds = round(passed - self._order.turn.waited, 2)
        return provenance(self._order.device, self._started) | {"seconds": seconds}

    def _experiment(self) -> Experiment:
        task, data = self._task, self._task.data
        images = dataset_record(data.dataset).read(data.resolution, data.noise, data.noise_draws)
        images.valid.first(task.scoring.images)  # fails before the training rather than after it
        where = torch.device(self._order.device)
        return Experiment(
            images=images.to(where),
            crop_padding=data.crop_padding,
            scale=task.scale,
            training=task.training,
            scoring=task.scoring,
            streams=Streams(self._unit.seed),
            ledger=self._ledger,
            device=where,
            tick=self._tick,
            progress=self._progress,
            trajectory=task.trajectory,
        )

    def _tick(self) -> None:
        ledger = self._ledger
        done = ledger.spent + SCORING_COST * ledger.scored
        whole = ledger.budget.images + SCORING_COST * self._to_score
        self._progress(min(1, done / whole))

    def _progress(self, share: float) -> None:
        self._order.meter.show(0.999 * share)
        self._order.turn.wait(share, self._look)
        self._look()

    def _look(self) -> None:
        """End where the run is stopped, or where nobody is left to take the record."""
        if self._order.meter.is_stopped:
            raise StoppedError
        self._look_for_parent()

    def _look_for_parent(self) -> None:
        """End this process where the one that started it is gone: another will do the unit."""
        now = time.monotonic()
        if now - self._looked < ORPHAN_CHECK:
            return
        self._looked = now
        if self._order.owner.is_dead:
            os._exit(1)
