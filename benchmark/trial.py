"""A method tried out here and now, registered or not: nothing is kept, nothing is reused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import torch

from baselines.experiment import Experiment
from baselines.method import Method
from benchmark.budget import Ledger
from benchmark.datasets import dataset_record
from benchmark.pool import THREADS
from benchmark.seeds import Streams
from benchmark.store import RunRecord
from benchmark.store.provenance import provenance
from benchmark.task import Task


def run_method(task: Task, method: Method, seed: int = 0, *, device: str = "cpu") -> RunRecord:
    """Run a method at one seed, as ``nasbench run`` would, in this process.

    Args:
        task: Images, network, budget and scoring.
        method: The method, with its options; it need not be registered.
        seed: The seed.
        device: Where networks live, like ``cpu`` or ``cuda:0``.

    Returns:
        The record, which is written nowhere.

    Raises:
        InputError: The task asks for images or a network that there are not, or the method's name,
            scores or trace are not what a record holds.
        CheckError: The method failed.

    Example:
        >>> from baselines.registry import method_class
        >>> from benchmark.task import load_preset
        >>> record = run_method(load_preset("ci"), method_class("params")({}))
        >>> record.method, record.scores.shape
        ('params', (15625,))
    """
    started, clock = datetime.now(timezone.utc), time.monotonic()
    ledger = Ledger(task.budget)
    experiment = make_experiment(task, seed, ledger, device)
    with _threads(THREADS):
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
            "seconds": round(time.monotonic() - clock, 2),
        },
    )


def make_experiment(task: Task, seed: int, ledger: Ledger, device: str, **hooks: Any) -> Experiment:
    """Return what a method gets to work on at one seed of a task.

    Args:
        task: Images, network, budget and scoring.
        seed: The seed.
        ledger: Where spending is charged.
        device: Where networks live.
        hooks: What else an `Experiment` takes.

    Raises:
        InputError: There are fewer validation images than are to be scored.
    """
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
        search=task.search,
        streams=Streams(seed),
        ledger=ledger,
        device=where,
        trajectory=task.trajectory,
        **hooks,
    )


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Compute on so many threads within the block: the order of sums decides bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
