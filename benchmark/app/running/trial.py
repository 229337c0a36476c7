"""A method tried out here and now, registered or not: nothing is kept, nothing is reused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.method import Method
from benchmark.app.running.devices import checked_device
from benchmark.app.workers.loky import THREADS, settle
from benchmark.app.workers.memory import kept_memory
from benchmark.budget import Budget, Ledger
from benchmark.images import ImageSet, data_folder, dataset_record
from benchmark.records import RunRecord
from benchmark.records.provenance import provenance
from benchmark.seeds import Streams
from benchmark.tasks.task import Task


def run_method(
    task: Task, method: Method, seed: int = 0, *, device: str = "cpu", data: Path | None = None
) -> RunRecord:
    """Run a method at one seed, as ``nasbench run`` would, in this process.

    Args:
        task: Images, network, budget and scoring.
        method: The method, with its options; it need not be registered.
        seed: The seed.
        device: Where networks live, like ``cpu`` or ``cuda:0``.
        data: Where files of images lie; None is the folder of `data_folder`.

    Returns:
        The record, which is written nowhere.

    Raises:
        InputError: The task asks for images or a network that there are not, the device is not
            there, or the method's name, scores or trace are not what a record holds.
        CheckError: The method failed.

    Example:
        >>> from baselines.registry import method_class
        >>> from benchmark.tasks.task import load_preset
        >>> record = run_method(load_preset("ci"), method_class("params")({}))
        >>> record.method, record.scores.shape
        ('params', (15625,))
    """
    started, clock = datetime.now(timezone.utc), time.monotonic()
    device = checked_device(device)
    ledger = Ledger(run_budget(task, method))
    folder = data_folder(data)
    dataset_record(task.data.dataset).prepare(folder)
    experiment = make_experiment(task, seed, ledger, device, read_images(task, folder))
    with _settled():
        outcome = method.run(experiment)
    told = task.describe(method.name, searches=not method.reference)
    return RunRecord(
        method=method.name,
        seed=seed,
        task={**told, "options": vars(method.options)},
        scores=outcome.scores,
        budget=ledger.to_dict(),
        trace=outcome.trace,
        provenance={
            **provenance(device, started),
            "threads": THREADS,
            "seconds": round(time.monotonic() - clock, 2),
            "images": experiment.images.digest(),
            "streams": experiment.streams.drawn,
        },
    )


def run_budget(task: Task, method: Method) -> Budget:
    """Return what one run of a method may spend: the task's budget, or what its schedule costs."""
    plan = method.plan(task, task.data.epoch_images)
    if plan is not None:
        return Budget(plan.budget)
    return task.budget or Budget(task.training.batch_size)  # it has no schedule and spends nothing


def read_images(task: Task, folder: Path) -> ImageSet:
    """Return the images of a task.

    Args:
        task: The task.
        folder: Where files of images lie.

    Raises:
        InputError: A file is missing or damaged, or there are fewer validation images than are to
            be scored.
    """
    images = dataset_record(task.data.dataset).read(task.data, folder)
    images.valid.first(task.scoring.images)  # fails before the training rather than after it
    return images


def make_experiment(
    task: Task, seed: int, ledger: Ledger, device: str, images: ImageSet, **hooks: Any
) -> Experiment:
    """Return what a method gets to work on at one seed of a task.

    Args:
        task: Images, network, budget and scoring.
        seed: The seed.
        ledger: Where spending is charged.
        device: Where networks live.
        images: Training and validation images, on any device.
        hooks: What else an `Experiment` takes.
    """
    where = torch.device(device)
    return Experiment(
        images=images.to(where),
        crop_padding=task.data.crop_padding,
        flip=task.data.flip,
        scale=task.scale,
        training=task.training,
        scoring=task.scoring,
        search=task.search,
        streams=Streams(seed),
        ledger=ledger,
        device=where,
        candidates=task.candidates,
        trajectory=task.trajectory,
        **hooks,
    )


@contextmanager
def _settled() -> Iterator[None]:
    """Let nothing within the block depend on chance, and put back afterwards what was set."""
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    threads = torch.get_num_threads()
    before = cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    settle()
    try:
        with kept_memory():
            yield
    finally:
        torch.set_num_threads(threads)
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before
