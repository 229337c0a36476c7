"""How long runs will take on this machine, from a few measured steps on images of noise."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import torch

from baselines.training import base_class
from baselines.training.base import Base
from baselines.training.weights import StepRange
from baselines.tree.schedule import Plan
from benchmark.app.running.single_run import make_experiment, networks_to_score
from benchmark.budget import Budget, Ledger, Spending
from benchmark.images import Images, ImageSet
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.task import Task

STEPS = 5  # measured, after one that is not
LONG = 2.0  # seconds; work that takes longer is measured once
PROBED = 8  # images of the batches of a network whose whole batches take long


@dataclass(frozen=True)
class Sample:
    """What is measured besides training steps."""

    decisions: int  # that are matched
    architectures: int  # that are scored
    images: int  # at most, that each of them is scored on


USUAL = Sample(decisions=2, architectures=16, images=64)
SMALL = Sample(decisions=1, architectures=4, images=PROBED)  # where whole batches take long


@dataclass(frozen=True)
class StepCosts:
    """Median seconds of single steps of work."""

    step: float
    matching: float
    scoring: float


def measure_steps(task: Task, device: str = "cpu") -> StepCosts:
    """Measure a task's single steps on a device; its images need not be installed.

    Where a step takes longer than ``LONG``, small batches are measured, and their seconds
    multiplied: a step of the papers' networks takes a CPU many seconds, and matching many steps.
    """
    whole = task.training.batch_size
    probed = min(whole, PROBED)
    share = whole / probed
    small = replace(task, training=replace(task.training, batch_size=probed))
    if _measured_step(_base(small, device), device, repeats=1) * share < LONG:
        return _measured(task, device, USUAL)
    costs = _measured(small, device, SMALL)
    return StepCosts(costs.step * share, costs.matching * share, costs.scoring)


def _base(task: Task, device: str) -> Base:
    """Return a base with images of noise and the budget of the measured steps."""
    base_kind = base_class(task.search.base)
    ledger = Ledger(Budget((1 + STEPS) * base_kind.passes * task.training.batch_size))
    return base_kind(make_experiment(task, 0, ledger, device, _noise(task)))


def _measured_step(base: Base, device: str, repeats: int = STEPS) -> float:
    """Return the seconds of a training step of the whole space."""
    state = base.start(Subspace.whole(base.experiment.space))
    training = base.training(state, StepRange(0, 1 + STEPS, 1 + STEPS), "root")
    return _Timed(device)(training.step, repeats)


def _measured(task: Task, device: str, sample: Sample) -> StepCosts:
    """Measure steps with batches of the task."""
    fewer = min(task.scoring.images, sample.images)
    task = replace(task, scoring=replace(task.scoring, images=fewer))
    base = _base(task, device)
    step = _measured_step(base, device)
    experiment = base.experiment
    state = base.start(Subspace.whole(experiment.space))

    passes = 0

    def count() -> None:
        nonlocal passes
        passes += 1

    batches = experiment.batches(experiment.images.train, 1, "matching batches/root")
    decisions = [(decision,) for decision in range(sample.decisions)]
    timed = _Timed(device)
    matching = timed(lambda: base.distances(state, decisions, batches, "root", count), repeats=1)
    codes = task.functions
    middle = len(codes) // 2
    # neighbours share work, as in the whole space
    scored = codes[middle : middle + sample.architectures]
    scoring = _Timed(device)(lambda: base.score_functions(state.network, scored))
    return StepCosts(step, matching / (passes / timed.times), scoring / (len(scored) * fewer))


def plan_seconds(task: Task, plan: Plan, costs: StepCosts) -> dict[str, float]:
    """Return the seconds of a plan's parts, by the names of `Spending`, and of ``scoring``."""
    batch = task.training.batch_size
    passes = base_class(task.search.base).passes
    per_image = {
        Spending.SHARED_TRAINING: costs.step / (passes * batch),
        Spending.GRADIENT_MATCHING: costs.matching / batch,
        Spending.LEAF_TRAINING: costs.step / (passes * batch),
    }
    return {part.value: images * per_image[part] for part, images in plan.parts.items()} | {
        "scoring": networks_to_score(task, plan) * task.scoring.images * costs.scoring
    }


def _noise(task: Task) -> ImageSet:
    """Return as many images of noise as are measured on."""
    scale, batch = task.scale, task.training.batch_size
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Images:
        shape = (count, scale.input_channels, scale.resolution, scale.resolution)
        pixels = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
        labels = torch.randint(scale.classes, (count,), generator=generator)
        moments = torch.full((2, scale.input_channels, 1, 1), 128.0)
        return Images(pixels, labels, *moments)

    scored = task.scoring.images
    return ImageSet(part(max(2 * batch, scored)), part(scored + batch), scale.classes)


class _Timed:
    """Measures work: the median without the first time, or that alone if it took long."""

    def __init__(self, device: str) -> None:
        self.times = 0  # the work was done
        self._device = device

    def __call__(self, work: Callable[[], object], repeats: int = STEPS) -> float:
        """Return the seconds that some work takes."""
        seconds: list[float] = []
        while not seconds or (len(seconds) <= repeats and seconds[0] < LONG):
            _wait(self._device)
            start = time.perf_counter()
            work()
            _wait(self._device)
            seconds.append(time.perf_counter() - start)
        self.times = len(seconds)
        return median(seconds[1:] or seconds)


def _wait(device: str) -> None:
    """Wait until the device has finished."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
