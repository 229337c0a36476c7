"""Running methods at seeds, each once, and keeping every record as soon as it is done."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.registry import method_class
from baselines.training import base_class
from benchmark.app.running.devices import checked_device
from benchmark.app.running.dispatch import NAMED, Dispatcher
from benchmark.app.running.shards import share_of
from benchmark.app.running.single_run import describe, run_budget, unit_of
from benchmark.app.running.unit_job import make_method
from benchmark.app.workers.backends import LOCAL, Workers
from benchmark.app.workers.preparing import prepare_images
from benchmark.app.workers.progress import shown_board
from benchmark.app.workers.reproducible import THREADS
from benchmark.app.workers.stopping import stoppable
from benchmark.errors import CheckError, StoppedError
from benchmark.files import reason, sweep
from benchmark.images import data_folder
from benchmark.records import RunRecord, Unit, find_record
from benchmark.records.checkpoints import DEFAULT, CheckpointInterval
from benchmark.records.locks import remove_stale_lock
from benchmark.records.provenance import machine_differences, this_machine
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class Runs:
    """The runs that a command asked for."""

    records: list[RunRecord]  # one for each unit, in the order of methods and seeds asked for
    reused: int  # how many of them were there already
    differences: tuple[str, ...] = ()  # properties of machine or libraries that differed


def run_units(
    task: Task,
    methods: Sequence[str],
    seeds: Sequence[int],
    folder: Path,
    *,
    device: str = "cpu",
    workers: Workers = LOCAL,
    shard: tuple[int, int] = (1, 1),
    every: CheckpointInterval = DEFAULT,
    data: Path | None = None,
) -> Runs:
    """Run methods at seeds, except those whose records are there already.

    Args:
        task: The task, which all units have in common.
        methods: Names of methods.
        seeds: Seeds; a method that does not depend on the seed runs at the first alone.
        folder: Where records are kept.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        workers: Where units run.
        shard: Which of how many shares of the units to run; the others are left out.
        every: How often a unit writes a checkpoint, from which it resumes if it is killed.
        data: Folder with files of images; None is the folder of `data_folder`.

    Returns:
        All records, new and found.

    Raises:
        InputError: A name, an option, a plan that its budget does not allow, the device, or a
            record of another task; nothing has been run.
        CheckError: The folder cannot be written, images cannot be downloaded, or units failed and
            the others were finished.
        StoppedError: A signal asked it to stop; what is finished is kept.
    """
    for name in task.methods:
        method_class(name)  # options for an unknown method are a mistake
    base_class(task.search.base)
    units = share_of(_planned_units(task, methods, seeds), shard)
    device = checked_device(device)
    _check_writable(folder)
    for place in (folder, tempfile.gettempdir()):
        sweep(place)
    found = {unit: find_record(folder, unit, describe(task, unit), device) for unit in units}
    records = {unit: record for unit, record in found.items() if record is not None}
    for unit in records:
        remove_stale_lock(folder, unit)
    differences = _differences(list(records.values()), device)
    missing = [unit for unit in units if unit not in records]
    if missing:
        images = data_folder(data)
        prepare_images(task.data, images)  # here, once for all workers
        names = ", ".join(dict.fromkeys(unit.name for unit in missing))
        with shown_board(len(missing), names) as board:
            dispatcher = Dispatcher(task, missing, folder, device, images, every, workers, board)
            with stoppable(dispatcher.stop):
                dispatcher.run()
        if dispatcher.signal is not None:
            raise StoppedError(dispatcher.signal)
        if dispatcher.failures:
            raise CheckError(_failed(dispatcher))
        records |= dispatcher.records
    return Runs([records[unit] for unit in units], len(units) - len(missing), differences)


def _planned_units(task: Task, methods: Sequence[str], seeds: Sequence[int]) -> list[Unit]:
    """Return methods at seeds, after checking options and plans."""
    units = []
    for name in methods:
        method = make_method(task, name)
        run_budget(task, method)
        units += [unit_of(task, method, seed) for seed in (seeds if method.seeded else seeds[:1])]
    return units


def _differences(found: Sequence[RunRecord], device: str) -> tuple[str, ...]:
    """Return in what this machine differs from those that made the records found."""
    here = this_machine(device) | {"threads": THREADS}
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


def _failed(dispatcher: Dispatcher) -> str:
    listed = [f"{unit}: {fault}" for unit, fault in dispatcher.failures.items()]
    more = [f"and {len(listed) - NAMED} more"] if len(listed) > NAMED else []
    count = f"{len(listed)} of {len(dispatcher.units)} runs failed"
    return f"{count}: {'; '.join(listed[:NAMED] + more)}"
