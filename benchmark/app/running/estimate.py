"""How long runs will take on this machine, from a few measured steps on images of noise."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import torch

from baselines.training import base_class
from baselines.training.weights import StepRange
from baselines.tree.schedule import Plan
from benchmark.app.running.single_run import make_experiment, networks_to_score
from benchmark.budget import Budget, Ledger, Spending
from benchmark.images import Images, ImageSet
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.task import Task

STEPS = 5  # measured, after one that is not
SCORED = 16  # architectures whose scoring is measured
MATCHED = 2  # decisions whose matching is measured
LONG = 2.0  # seconds; work that takes longer is measured once
MOST_IMAGES = 64  # that each of them is measured on


@dataclass(frozen=True)
class StepCosts:
    """Median seconds of single steps of work."""

    step: float
    matching: float
    scoring: float


def measure_steps(task: Task, device: str = "cpu") -> StepCosts:
    """Measure a task's single steps on a device; its images need not be installed."""
    base_kind = base_class(task.search.base)
    batch = task.training.batch_size
    fewer = min(task.scoring.images, MOST_IMAGES)
    task = replace(task, scoring=replace(task.scoring, images=fewer))
    ledger = Ledger(Budget((1 + STEPS) * base_kind.passes * batch))
    images = _noise(task)
    base = base_kind(make_experiment(task, 0, ledger, device, images))
    experiment = base.experiment
    state = base.start(Subspace.whole(experiment.space))
    training = base.training(state, StepRange(0, 1 + STEPS, 1 + STEPS), "root")
    step = _Timed(device)(training.step)

    passes = 0

    def count() -> None:
        nonlocal passes
        passes += 1

    batches = experiment.batches(experiment.images.train, 1, "matching batches/root")
    decisions = [(decision,) for decision in range(MATCHED)]
    timed = _Timed(device)
    matching = timed(lambda: base.distances(state, decisions, batches, "root", count), repeats=1)
    codes = task.functions
    middle = len(codes) // 2
    sample = codes[middle : middle + SCORED]  # neighbours share work, as in the whole space
    scoring = _Timed(device)(lambda: base.score_functions(state.network, sample))
    return StepCosts(step, matching / (passes / timed.times), scoring / (len(sample) * fewer))


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
