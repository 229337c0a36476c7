"""One run of a method at a seed, in this process: what it is given, and the record of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.method import Method
from baselines.tree.schedule import Plan
from benchmark.app.running.devices import checked_device
from benchmark.app.workers.preparing import prepare_images
from benchmark.app.workers.reproducible import reproducible
from benchmark.budget import Budget, Ledger
from benchmark.images import ImageSet, data_folder, record_of
from benchmark.records import PROTOCOL, RunRecord, Unit, digest, task_digest
from benchmark.records.checkpoints import Checkpoints
from benchmark.records.failure import Failure
from benchmark.records.provenance import provenance, this_machine
from benchmark.seeds import Streams
from benchmark.tasks.task import Task

SCORING_COST = 0.1  # of an image scored, relative to one trained on; for the progress bar alone


def run_method(
    task: Task, method: Method, seed: int = 0, *, device: str = "cpu", data: Path | None = None
) -> RunRecord:
    """Run a method at one seed as ``nasbench run`` would, and write nothing.

    The method has its options and need not be registered.

    Raises:
        InputError: The task's images or network are unknown, the device cannot be used, or the
            method's name, scores or trace do not fit a record.
        CheckError: The method failed.

    Example:
        >>> from baselines.registry import method_class
        >>> from benchmark.tasks.task import load_preset
        >>> record = run_method(load_preset("ci"), method_class("params")({}))
        >>> record.method, record.scores.shape
        ('params', (15625,))
    """
    options = {**task.methods, method.name: vars(method.options)}
    folder = data_folder(data)
    prepare_images(task.data, folder)
    task, unit = replace(task, methods=options), unit_of(task, method, seed)
    with reproducible():
        return SingleRun(task, unit, method, checked_device(device), folder).record()


class SingleRun:
    """One run of a method, with ``notes`` of what the user should know about it.

    ``progress`` is called with the finished share, from 0 to 1, after each step.
    """

    def __init__(
        self,
        task: Task,
        unit: Unit,
        method: Method,
        device: str,
        data: Path,
        *,
        progress: Callable[[float], None] = lambda share: None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._task, self._unit, self._method = task, unit, method
        self._device, self._data, self._progress = device, data, progress
        self._checkpoints = checkpoints or Checkpoints()
        self._ledger = Ledger(run_budget(task, method))
        self._started = datetime.now(timezone.utc)
        self._work = self._ledger.budget.images + SCORING_COST * _images_to_score(task, method)

    def record(self) -> RunRecord:
        """Run the method."""
        experiment = make_experiment(
            self._task,
            self._unit.seed,
            self._ledger,
            self._device,
            read_images(self._task, self._data),
            tick=self._tick,
            progress=self._progress,
            note=self.notes.append,
            checkpoints=self._checkpoints,
        )
        outcome = self._method.run(experiment)
        images = {"images": experiment.images.digest(), "streams": experiment.streams.drawn}
        return RunRecord(
            method=self._unit.method,
            seed=self._unit.seed,
            task=describe(self._task, self._unit),
            scores=outcome.scores,
            budget=self._ledger.to_dict(),
            trace=outcome.trace,
            provenance=self._provenance() | images,
        )

    def failure(self, fault: str) -> Failure:
        """Return the report of a run that failed with ``fault``, one line."""
        return Failure(
            method=self._unit.method,
            seed=self._unit.seed,
            task=describe(self._task, self._unit),
            fault=fault,
            budget=self._ledger.to_dict(),
            provenance=self._provenance(),
        )

    def _provenance(self) -> dict[str, Any]:
        return {
            **provenance(self._device, self._started),
            "seconds": round(self._checkpoints.watch.seconds, 2),
            "resumed": self._checkpoints.resumed,
            "notes": list(self.notes),
        }

    def _tick(self) -> None:
        done = self._ledger.spent + SCORING_COST * self._ledger.scored
        self._progress(min(1, done / self._work))


def unit_of(task: Task, method: Method, seed: int) -> Unit:
    """Return a method at a seed; methods that search train supernets by the task's base."""
    return Unit(method.name, None if method.reference else task.search.base, seed)


def describe(task: Task, unit: Unit) -> dict[str, Any]:
    """Return everything in a task that decides a unit's record."""
    return task.describe(unit.method, searches=unit.base is not None)


def checkpoint_key(task: Task, unit: Unit, device: str) -> dict[str, Any]:
    """Return what a checkpoint must agree in for a resumed run to give the same bits."""
    return {
        "method": unit.method,
        "seed": unit.seed,
        "protocol": PROTOCOL,
        "task": task_digest(describe(task, unit)),
        "machine": digest(this_machine(device)),
    }


def run_budget(task: Task, method: Method) -> Budget:
    """Return what one run of a method may spend: the task's budget, or what its plan costs.

    A plan that the budget does not allow raises an InputError.
    """
    plan = method.plan(task, task.data.epoch_images)
    if plan is not None:
        return Budget(plan.budget)
    return task.budget or Budget(task.training.batch_size)  # without a plan it trains nothing


def read_images(task: Task, folder: Path) -> ImageSet:
    """Return the images of a task; missing, damaged or too few ones raise an InputError."""
    images = record_of(task.data).read(task.data, folder)
    images.valid.first(task.scoring.images)  # fails before the training rather than after it
    return images


def make_experiment(
    task: Task, seed: int, ledger: Ledger, device: str, images: ImageSet, **hooks: Any
) -> Experiment:
    """Return what a method works on at one seed; ``hooks`` are arguments of `Experiment`."""
    where = torch.device(device)
    return Experiment(
        images=images.to(where),
        crop_padding=task.data.crop_padding,
        flip=task.data.flip,
        crop_area=task.data.crop_area,
        space=task.search_space,
        scale=task.scale,
        training=task.training,
        scoring=task.scoring,
        search=task.search,
        streams=Streams(seed),
        ledger=ledger,
        device=where,
        candidates=task.candidates,
        selection=task.selection,
        trajectory=task.trajectory,
        **hooks,
    )


def networks_to_score(task: Task, plan: Plan | None) -> int:
    """Return how many networks a run scores at most: candidates, trajectories and selections."""
    trajectory = task.trajectory  # its last point is the scoring of the candidates
    sampled = min(trajectory.architectures, len(task.candidates))
    leaves = 0 if plan is None else plan.levels[-1].supernets
    points = max(0, trajectory.points - 1)
    return len(task.functions) + points * sampled + leaves * task.selection.scored


def _images_to_score(task: Task, method: Method) -> int:
    """Return how many images networks score in a run, at most."""
    passes = 2 if task.scoring.batch_norm == "training" else 1  # one collects statistics
    networks = networks_to_score(task, method.plan(task, task.data.epoch_images))
    return networks * task.scoring.images * passes
