"""A unit as a job for a worker process."""

from dataclasses import dataclass
from pathlib import Path

from baselines.method import Method
from baselines.registry import method_class
from benchmark.app.running.single_run import SingleRun, checkpoint_key
from benchmark.app.running.worker_shares import WorkerShare
from benchmark.app.workers.progress import Meter
from benchmark.errors import StoppedError, fault_line
from benchmark.records import RunRecord, Unit
from benchmark.records.checkpoint_file import checkpoint_path
from benchmark.records.checkpoints import DEFAULT, CheckpointInterval, Checkpoints
from benchmark.records.failure import Failure
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class UnitJob:
    """All that a worker must know."""

    task: Task  # the task, which all units have in common
    unit: Unit
    folder: Path  # where records and checkpoints are kept
    device: str
    data: Path
    meter: Meter  # where progress is shown
    every: CheckpointInterval = DEFAULT  # how often to write a checkpoint
    share: WorkerShare | None = None  # when the unit may compute, if it shares a worker


@dataclass(frozen=True)
class UnitResult:
    """What a worker returns; a unit that was stopped has neither a record nor a failure."""

    unit: Unit
    record: RunRecord | None = None  # its record, if it finished
    failure: Failure | None = None  # a report, if it failed
    note: str = ""  # what the user should know, or empty


def make_method(task: Task, name: str) -> Method:
    """Return a registered method with a task's options."""
    return method_class(name)(task.methods.get(name, {}))


def run_unit(job: UnitJob) -> UnitResult:
    """Run a unit in this process; whatever goes wrong is in the result."""
    try:
        return UnitResult(job.unit) if job.meter.is_stopped else _run(job)
    finally:
        if job.share is not None:
            job.share.end()


def _run(job: UnitJob) -> UnitResult:
    task, unit, share = job.task, job.unit, job.share
    method = make_method(task, unit.method)
    checkpoints = Checkpoints(
        checkpoint_path(job.folder, unit),
        checkpoint_key(task, unit, job.device),
        job.every
        if job.folder.is_dir()
        else CheckpointInterval(),  # other machines may not have the folder
        lambda: job.meter.is_stopped,
    )

    def wait(done: float) -> None:
        if share is not None:
            with checkpoints.watch.waiting():
                share.wait(done, checkpoints.check_stop)
        checkpoints.check_stop()

    def progress(done: float) -> None:
        job.meter.show(0.999 * done)  # the whole is shown when its record is written
        wait(done)

    run = SingleRun(
        task, unit, method, job.device, job.data, progress=progress, checkpoints=checkpoints
    )
    record, failure = None, None
    try:
        wait(0.0)
        record = run.record()
    except StoppedError:
        pass
    except Exception as error:  # whatever a method raises, the other units go on
        failure = run.failure(fault_line(error))
    note = "; ".join(filter(None, [checkpoints.note, *run.notes]))
    return UnitResult(unit, record, failure, note)
