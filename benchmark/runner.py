"""Running units, each a method at a seed: in parallel, once each, and none lost.

A unit writes its record when it is done, in the process that ran it; what has a record is not run
again. A unit computes on one thread, so its bits do not depend on how many run side by side.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from multiprocessing import parent_process
from pathlib import Path

import joblib
import torch

from baselines.experiment import Experiment
from baselines.method import Method
from baselines.registry import method_class
from benchmark.budget import Ledger
from benchmark.datasets import dataset_record
from benchmark.errors import CheckError, InputError, NasbenchError
from benchmark.progress import Meter, shown_board
from benchmark.seeds import Streams
from benchmark.space import live_codes
from benchmark.store import RunRecord, find_record, write_record
from benchmark.store.provenance import provenance
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
    """

    records: list[RunRecord]
    reused: int


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
        CheckError: The folder cannot be written, or a unit failed; the others were finished.
    """
    units = _units(task, methods, seeds)
    device = checked_device(device)
    _check_writable(folder)
    tasks = {method: task.describe(method) for method in methods}
    found = {
        unit: find_record(folder, unit.method, unit.seed, tasks[unit.method]) for unit in units
    }
    missing = [unit for unit, record in found.items() if record is None]
    if missing:
        _run_all(task, missing, folder, device, jobs)
    records = [find_record(folder, unit.method, unit.seed, tasks[unit.method]) for unit in units]
    return Runs([record for record in records if record is not None], len(units) - len(missing))


def checked_device(name: str) -> str:
    """Return a device's name after checking that it is there.

    Raises:
        InputError: PyTorch knows no such device, or this machine has none.
    """
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used: {reason}") from error
    return name


def _units(task: Task, methods: Sequence[str], seeds: Sequence[int]) -> list[Unit]:
    units = []
    for name in methods:
        method = _method(task, name)
        units += [Unit(name, seed) for seed in (seeds if method.seeded else seeds[:1])]
    return units


def _method(task: Task, name: str) -> Method:
    return method_class(name)(task.methods.get(name, {}))


def _check_writable(folder: Path) -> None:
    """Fail before the work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckError(f"cannot write to {folder}: {os.strerror(error.errno or 0)}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CheckError(f"cannot write to {folder}: Permission denied")


def _run_all(task: Task, units: Sequence[Unit], folder: Path, device: str, jobs: int) -> None:
    names = ", ".join(dict.fromkeys(unit.method for unit in units))
    with shown_board(len(units), names) as board, _workers(min(jobs, len(units))) as parallel:
        calls = [
            joblib.delayed(_run_unit)(task, unit, folder, device, board.meter(place))
            for place, unit in enumerate(units)
        ]
        faults = [fault for fault in parallel(calls) if fault is not None]
    if faults:
        raise CheckError(f"{len(faults)} of {len(units)} units failed: {'; '.join(faults)}")


@contextmanager
def _workers(jobs: int) -> Iterator[joblib.Parallel]:
    """Give a pool whose workers leave Ctrl-C to the main process, and end when it is told to."""
    with (
        warnings.catch_warnings(),
        joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator_unordered") as parallel,
    ):
        # Where psutil is installed, loky replaces workers that have grown, which loses nothing.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        if jobs > 1:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # workers inherit it at birth
            try:
                births = parallel(joblib.delayed(_leave_interrupts)() for _ in range(jobs))
            finally:
                signal.signal(signal.SIGINT, before)
            for _ in births:
                pass
        yield parallel


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the main process, if this is a worker."""
    if threading.current_thread() is threading.main_thread() and parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run_unit(task: Task, unit: Unit, folder: Path, device: str, meter: Meter) -> str | None:
    """Run one unit and write its record; return what went wrong, if something did."""
    _leave_interrupts()
    torch.set_num_threads(1)
    started, clock = datetime.now(timezone.utc), time.monotonic()
    ledger = Ledger(task.budget)
    scored = len(set(live_codes().tolist())) * task.scoring.images

    def tick() -> None:
        done = ledger.spent + SCORING_COST * ledger.scored
        meter.show(0.999 * done / (ledger.budget.images + SCORING_COST * scored))

    def progress(share: float) -> None:
        meter.show(0.999 * share)

    try:
        experiment = _experiment(task, unit, device, ledger, tick, progress)
        outcome = _method(task, unit.method).run(experiment)
        facts = provenance(device, started) | {"seconds": round(time.monotonic() - clock, 2)}
        record = RunRecord(
            method=unit.method,
            seed=unit.seed,
            task=task.describe(unit.method),
            scores=outcome.scores,
            budget=ledger.to_dict(),
            trace=outcome.trace,
            provenance=facts,
        )
        write_record(record, folder)
    except NasbenchError as error:
        return f"{unit.method} seed {unit.seed}: {error}"
    meter.show(1.0)
    return None


def _experiment(
    task: Task,
    unit: Unit,
    device: str,
    ledger: Ledger,
    tick: Callable[[], None],
    progress: Callable[[float], None],
) -> Experiment:
    data = task.data
    images = dataset_record(data.dataset).read(data.resolution, data.noise, data.noise_draws)
    where = torch.device(device)
    return Experiment(
        images=images.to(where),
        crop_padding=data.crop_padding,
        scale=task.scale,
        training=task.training,
        scoring=task.scoring,
        streams=Streams(unit.seed),
        ledger=ledger,
        device=where,
        tick=tick,
        progress=progress,
    )
