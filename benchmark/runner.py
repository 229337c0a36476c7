"""Running units, each a method at a seed: in parallel, once each, and none lost.

The record of a unit is written as soon as it is done; what has a record is not run again. A unit
computes on one thread, so its bits do not depend on how many run side by side.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
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
from benchmark.files import reason
from benchmark.progress import Meter, shown_board
from benchmark.seeds import Streams
from benchmark.space import distinct_codes
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
        CheckError: The folder cannot be written, or a unit failed and the others were finished, or
            the system ended a worker.
    """
    for name in task.methods:
        method_class(name)  # options for nobody are a slip
    units = _units(task, methods, seeds)
    device = checked_device(device)
    _check_writable(folder)
    tasks = {method: task.describe(method) for method in methods}
    found = {
        unit: find_record(folder, unit.method, unit.seed, tasks[unit.method]) for unit in units
    }
    records = {unit: record for unit, record in found.items() if record is not None}
    missing = [unit for unit in units if unit not in records]
    if missing:
        records |= _run_all(task, missing, folder, device, jobs)
    return Runs([records[unit] for unit in units], len(units) - len(missing))


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
    with shown_board(len(units), names) as board, _workers(min(jobs, len(units))) as parallel:
        calls = (
            joblib.delayed(_run_unit)(task, unit, device, board.meter(place))
            for place, unit in enumerate(units)
        )
        for unit, result in parallel(calls):
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


@contextmanager
def _workers(jobs: int) -> Iterator[joblib.Parallel]:
    """Give a pool whose workers leave Ctrl-C to the main process, and end when it is told to."""
    pool = joblib.Parallel(n_jobs=jobs, backend="loky", return_as="generator_unordered")
    try:
        with warnings.catch_warnings(), pool as parallel:
            # loky replaces workers that have grown, which loses nothing.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
            # What Ctrl-C leaves undone is said by the command.
            warnings.filterwarnings("ignore", message=".*limit unnecessary computation time")
            if jobs > 1:
                _bear_workers(parallel, jobs)
            yield parallel
    except BrokenProcessPool as error:
        raise CheckError(
            "the system ended a worker, perhaps for want of memory; what is finished is kept, "
            "run the rest with fewer jobs"
        ) from error


def _bear_workers(parallel: joblib.Parallel, jobs: int) -> None:
    """Start workers that ignore Ctrl-C from birth."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # they inherit it
    try:
        births = parallel(joblib.delayed(_leave_interrupts)() for _ in range(jobs))
    finally:
        signal.signal(signal.SIGINT, before)
    for _ in births:
        pass


def _leave_interrupts() -> None:
    """Leave Ctrl-C to the main process, if this is a worker."""
    if threading.current_thread() is threading.main_thread() and parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run_unit(task: Task, unit: Unit, device: str, meter: Meter) -> tuple[Unit, RunRecord | str]:
    """Run one unit; return its record, or what went wrong."""
    _leave_interrupts()
    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    started, clock = datetime.now(timezone.utc), time.monotonic()
    ledger = Ledger(task.budget)
    passed = 2 if task.scoring.batch_norm == "training" else 1  # BatchNorm's images pass as well
    sampled = max(0, task.trajectory.points - 1) * task.trajectory.architectures  # or fewer
    scored = (len(distinct_codes()) + sampled) * task.scoring.images * passed

    def tick() -> None:
        done = ledger.spent + SCORING_COST * ledger.scored
        meter.show(0.999 * min(1, done / (ledger.budget.images + SCORING_COST * scored)))

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
    except NasbenchError as error:
        return unit, str(error)
    except (RuntimeError, MemoryError) as error:  # PyTorch's own, above all for want of memory
        return unit, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    meter.show(1.0)
    return unit, record


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
    images.valid.first(task.scoring.images)  # fails before the training rather than after it
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
        trajectory=task.trajectory,
    )
