"""Running units, each a method at a seed: in parallel, once each, and none lost.

The record of a unit is written as soon as it is done; what has a record is not run again. A unit
computes on one thread, so its bits do not depend on how many run side by side.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.method import Method
from baselines.registry import method_class
from baselines.search import base_class
from benchmark.budget import Budget, Ledger
from benchmark.datasets import ImageSet, dataset_record
from benchmark.errors import CheckError, InputError, NasbenchError
from benchmark.files import reason
from benchmark.pool import THREADS, worker_pool
from benchmark.progress import Meter, shown_board
from benchmark.seeds import Streams
from benchmark.space import distinct_codes
from benchmark.store import RunRecord, find_record, write_record
from benchmark.store.provenance import machine_differences, provenance
from benchmark.task import Task

SCORING_COST = 0.1  # of an image scored, where one trained on costs 1; for the progress bar alone


@dataclass(frozen=True)
class Unit:
    """A method at a seed.

    Attributes:
        method: Name of the method.
        seed: The seed.
    """

    method: str
    seed: int


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
    jobs: int = 1,
) -> Runs:
    """Run methods at seeds, unless their records are there already.

    Args:
        task: What all units have in common.
        methods: Names of methods.
        seeds: Seeds; a method that does not depend on the seed runs at the first alone.
        folder: Where records are kept.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        jobs: Units to run at a time.

    Returns:
        All records, new and found.

    Raises:
        InputError: A name, an option, the device, or a record that is in the way.
        CheckError: The folder cannot be written, or a unit failed and the others were finished, or
            the system ended a worker.
    """
    for name in task.methods:
        method_class(name)  # options for nobody are a slip
    base_class(task.search.base)
    units = _units(task, methods, seeds)
    device = checked_device(device)
    _check_writable(folder)
    tasks = {method: _described(task, method) for method in methods}
    found = {
        unit: find_record(folder, unit.method, unit.seed, tasks[unit.method], device)
        for unit in units
    }
    records = {unit: record for unit, record in found.items() if record is not None}
    elsewhere = _elsewhere(list(records.values()), device)
    missing = [unit for unit in units if unit not in records]
    if missing:
        records |= _run_all(task, missing, folder, device, jobs)
    return Runs([records[unit] for unit in units], len(units) - len(missing), elsewhere)


def _elsewhere(found: Sequence[RunRecord], device: str) -> tuple[str, ...]:
    """Return what differs between this machine and those that made the records found."""
    here = provenance(device) | {"threads": THREADS}
    names = [machine_differences(record.provenance, here) for record in found]
    return tuple(dict.fromkeys(name for of_record in names for name in of_record))


def checked_device(name: str) -> str:
    """Return a device's name after checking that it is there.

    Raises:
        InputError: PyTorch knows no such device, or this machine has none.
    """
    try:
        torch.zeros(1, dtype=torch.float64, device=name).item()  # scores are float64
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used: {why}") from error
    return name


def _units(task: Task, methods: Sequence[str], seeds: Sequence[int]) -> list[Unit]:
    units = []
    for name in methods:
        method = _method(task, name)
        units += [Unit(name, seed) for seed in (seeds if method.seeded else seeds[:1])]
    return units


def _described(task: Task, name: str) -> dict[str, Any]:
    return task.describe(name, searches=not method_class(name).reference)


def _method(task: Task, name: str) -> Method:
    return method_class(name)(task.methods.get(name, {}))


def _check_writable(folder: Path) -> None:
    """Fail before the work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise CheckError(
            f"cannot write to {folder}: {reason(error)}; give another folder"
        ) from error


def _run_all(
    task: Task, units: Sequence[Unit], folder: Path, device: str, jobs: int
) -> dict[Unit, RunRecord]:
    """Run units and write the record of each as it comes, here, where no worker can lose it."""
    names = ", ".join(dict.fromkeys(unit.method for unit in units))
    records, faults = {}, {}
    with shown_board(len(units), names) as board, worker_pool(min(jobs, len(units))) as pool:
        arguments = ((task, unit, device, board.meter(place)) for place, unit in enumerate(units))
        for unit, result in pool.results(_run_unit, arguments):
            if isinstance(result, RunRecord):
                write_record(result, folder)
                records[unit] = result
            else:
                faults[unit] = result
    if faults:
        first = next(unit for unit in units if unit in faults)
        raise CheckError(
            f"{len(faults)} of {len(units)} runs failed, the first of them {first.method} "
            f"seed {first.seed}: {faults[first]}"
        )
    return records


def _run_unit(task: Task, unit: Unit, device: str, meter: Meter) -> tuple[Unit, RunRecord | str]:
    """Run one unit; return its record, or what went wrong."""
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    started, clock = datetime.now(timezone.utc), time.monotonic()
    passed = 2 if task.scoring.batch_norm == "training" else 1  # BatchNorm's images pass as well
    sampled = max(0, task.trajectory.points - 1) * task.trajectory.architectures  # or fewer
    scored = (len(distinct_codes()) + sampled) * task.scoring.images * passed

    def progress(share: float) -> None:
        meter.show(0.999 * share)

    try:
        images = _images(task)
        ledger = Ledger(_budget(task, unit, len(images.train)))

        def tick() -> None:
            done = ledger.spent + SCORING_COST * ledger.scored
            meter.show(0.999 * min(1, done / (ledger.budget.images + SCORING_COST * scored)))

        experiment = _experiment(task, unit, images, device, ledger, tick, progress)
        outcome = _method(task, unit.method).run(experiment)
        facts = provenance(device, started) | {
            "seconds": round(time.monotonic() - clock, 2),  # the time of day may jump
            "images": experiment.images.digest(),
            "streams": experiment.streams.drawn,
        }
        record = RunRecord(
            method=unit.method,
            seed=unit.seed,
            task=_described(task, unit.method),
            scores=outcome.scores,
            budget=ledger.to_dict(),
            trace=outcome.trace,
            provenance=facts,
        )
    except NasbenchError as error:
        return unit, str(error)
    except (RuntimeError, MemoryError) as error:  # PyTorch's own, above all for want of memory
        return unit, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    meter.show(1.0)
    return unit, record


def _images(task: Task) -> ImageSet:
    data = task.data
    images = dataset_record(data.dataset).read(data.resolution, data.noise, data.noise_draws)
    images.valid.first(task.scoring.images)  # fails before the training rather than after it
    return images


def _budget(task: Task, unit: Unit, train_images: int) -> Budget:
    """Return the task's budget, or what the method's own schedule costs at most."""
    if task.budget is not None:
        return task.budget
    plan = _method(task, unit.method).plan(task, train_images)
    return Budget(task.training.batch_size if plan is None else plan.budget)  # none spends nothing


def _experiment(
    task: Task,
    unit: Unit,
    images: ImageSet,
    device: str,
    ledger: Ledger,
    tick: Callable[[], None],
    progress: Callable[[float], None],
) -> Experiment:
    where = torch.device(device)
    return Experiment(
        images=images.to(where),
        crop_padding=task.data.crop_padding,
        scale=task.scale,
        training=task.training,
        scoring=task.scoring,
        search=task.search,
        streams=Streams(unit.seed),
        ledger=ledger,
        device=where,
        tick=tick,
        progress=progress,
        trajectory=task.trajectory,
    )
