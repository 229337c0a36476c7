"""Our implementation and a plain one compared: scoring, a training step, gradient matching."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader

from baselines.splitting import (
    Decisions,
    Distances,
    EarlyStop,
    Groups,
    best_decision,
    best_partition,
    gradient_distances,
)
from baselines.splitting.gradient_distances import averaged
from baselines.splitting.stopping import separated_distances
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.nb201.prefix_tree import MEMORY
from baselines.supernets.parts.normalisation import ByGroup
from baselines.training.weights import StepRange, path_training
from benchmark.images import Batches
from benchmark.images.digits import read_digits
from benchmark.spaces.base import Codes
from benchmark.spaces.nb201 import SIZE, decode, distinct_codes
from benchmark.tasks.sections import TrainingSettings
from benchmark.tasks.task import load_preset
from tests.speed.measuring import COMPARISON_HEADER, Comparison, side_by_side, spent_in
from tests.speed.page import Section
from tests.speed.plain_implementation import (
    OneByOne,
    plain_distances,
    plain_logits,
    plain_optimiser,
    plain_step,
)
from tests.speed.scales import (
    BATCH,
    DECISIONS,
    PAPERS,
    SMALL,
    TRAINING,
    WHOLE_SPACE,
    Effort,
    Scale,
    batches,
    both_networks,
    drawn_paths,
    neighbouring_codes,
    noise,
    some_codes,
)

MATCHING_BATCHES = 100
GROUPS, MIN_SIZE = 2, 2  # of partitions
STOP_ERROR, STOPPED_SEEDS, TRAINED = 0.05, 5, 1_500
COMPILED = replace(TRAINING, compile=True)


def scoring_small(effort: Effort) -> Section:
    """Compare scoring at the small scale; ours scores the whole space."""
    codes = distinct_codes() if effort.whole_space else some_codes(effort.architectures)
    rows = _scored(SMALL, effort.architectures, codes, goal=5, published="26 ms each, 406 s")
    title = f"Scoring, {SMALL.name}, {SMALL.images} images"
    return Section(title, COMPARISON_HEADER, rows, [_sampled(effort.architectures, len(codes))])


def scoring_papers(effort: Effort) -> Section:
    """Compare scoring at the papers' scale; both sides are extrapolated."""
    count = max(2, effort.architectures // 4)
    codes = neighbouring_codes(effort.architectures)
    rows = _scored(PAPERS, count, codes, goal=4, published="944 ms each, 4 h")
    title = f"Scoring, {PAPERS.name}, {PAPERS.images} images"
    note = _sampled(count, len(codes)).rstrip(".") + ", in five runs of neighbours."
    return Section(title, COMPARISON_HEADER, rows, [note])


def _sampled(plain: int, ours: int) -> str:
    functions = len(distinct_codes())
    mine = "the whole space" if ours == functions else f"{ours} of {functions:,} functions"
    return (
        f"Timed once. The plain way was measured on {plain} architectures drawn from all "
        f"{SIZE:,} and multiplied; ours on {mine}."
    )


def _scored(
    scale: Scale, plain_count: int, codes: Codes, goal: float, published: str
) -> list[list[str]]:
    plain, ours = both_networks(scale.network)
    pixels = noise(scale.network, scale.images)
    drawn = decode(np.random.default_rng(0).choice(SIZE, plain_count)).tolist()
    plain_logits(plain, drawn[:2], pixels)
    score_all(ours, codes[:5], pixels)

    def plainly() -> None:
        plain_logits(plain, drawn, pixels)

    times = side_by_side(
        {"plain": plainly, "ours": lambda: score_all(ours, codes, pixels)},
        rounds=1,
        plain="plain",
        warm_up=False,
    )
    each, function = times["plain"].seconds / plain_count, times["ours"].seconds / len(codes)
    whole = Comparison(
        f"all {SIZE:,} architectures",
        each * SIZE,
        function * len(distinct_codes()),
        goal,
        published,
    )
    one = Comparison("one function", each, function, 1, published.partition(",")[0])
    return [whole.cells(), one.cells()]


def score_all(network: CellSupernet, codes: Codes, pixels: torch.Tensor) -> None:
    """Compute the logits of all architectures, and drop them."""
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        for _ in network.many_logits(codes, pixels, ByGroup(len(pixels)), 1, MEMORY):
            pass


def steps(effort: Effort) -> Section:
    """Compare a training step at both scales, with loading the batch."""
    rows = [
        _step(SMALL, effort, steps=100, published="25 ms").cells(),
        _step(PAPERS, effort, steps=16, published="524 ms").cells(),
        _step(PAPERS, effort, steps=16, published="524 ms", settings=COMPILED).cells(),
    ]
    note = (
        "The plain way pads, crops, flips and normalises image by image; a median of rounds. "
        "Compiled means `compile = true`, which presets leave off."
    )
    return Section(f"A training step, RSPS, batch {BATCH}", COMPARISON_HEADER, rows, [note])


def _step(
    scale: Scale,
    effort: Effort,
    steps: int,
    published: str,
    settings: TrainingSettings = TRAINING,
) -> Comparison:
    steps = max(2, effort.of(steps))
    plain, ours = both_networks(scale.network)
    ours.accelerate(settings)
    paths = drawn_paths(steps)
    generator = np.random.default_rng(0)
    size, count = scale.network.resolution, 1024
    pixels = generator.integers(
        256, size=(count, size, size, scale.network.input_channels), dtype=np.uint8
    )
    labels = generator.integers(scale.network.classes, size=count)
    loader = DataLoader(OneByOne(pixels, labels, padding=4), BATCH, shuffle=True, drop_last=True)
    optimiser = plain_optimiser(plain, settings)

    def endless() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from loader

    stream, given = endless(), batches(scale.network, steps)

    def train_plainly() -> None:
        for path in paths.tolist():
            plain_step(plain, optimiser, next(stream), path, settings.gradient_norm)

    def train() -> None:
        training = path_training(ours, given, paths, StepRange(0, steps, steps), settings)
        for _ in paths:
            training.step()
        training.losses()

    times = side_by_side({"plain": train_plainly, "ours": train}, effort.rounds, plain="plain")
    plainly, fast = times["plain"].seconds, times["ours"].seconds
    what = f"one step, {scale.name}{', compiled' if settings.compile else ''}"
    return Comparison(what, plainly / steps, fast / steps, 2.5, published)


def matching_small(effort: Effort) -> Section:
    """Compare gradient matching at the small scale."""
    return _matched(SMALL, effort.of(10), published="76 s")


def matching_papers(effort: Effort) -> Section:
    """Compare gradient matching at the papers' scale."""
    return _matched(PAPERS, effort.of(3), published="17 min")


def _matched(scale: Scale, measured: int, published: str) -> Section:
    plain, ours = both_networks(scale.network)
    given, paths = batches(scale.network, measured), drawn_paths(measured)
    pairs = []
    for pixels, labels in (given[number] for number in range(measured)):
        pairs.append((pixels.contiguous(), labels))  # as is usual, not channels last
    times = side_by_side(
        {
            "plain": lambda: _decided(plain_distances(plain, DECISIONS, pairs, paths.tolist())),
            "ours": lambda: _decided(
                gradient_distances(ours, WHOLE_SPACE, DECISIONS, given, paths, lambda: None)
            ),
        },
        rounds=1,
        plain="plain",
    )
    plainly, fast = times["plain"], times["ours"]
    factor = MATCHING_BATCHES / measured
    what = f"six edges, {MATCHING_BATCHES} batches of {BATCH}"
    line = Comparison(what, plainly.seconds * factor, fast.seconds * factor, 5, published)
    same = "the same" if plainly.result == fast.result else "ANOTHER"
    note = (
        f"Measured once, on {measured} batches, and multiplied; every batch costs the same on "
        f"average. Both decide for {same} edge and groups."
    )
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        gradient_distances(ours, WHOLE_SPACE, DECISIONS, given, paths[:1], lambda: None)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in spent_in(seen)[:5])
    why = (
        f"Where the time of a batch goes (torch.profiler): {shares}. Child models that are one "
        "function are passed once, which leaves about 20 of 30 passes; what is left is their "
        "convolutions, forward and backward, and no two of them share a backward pass."
    )
    title = f"Gradient matching, {scale.name}"
    return Section(title, COMPARISON_HEADER, [line.cells()], [note, why])


def stopping(effort: Effort) -> Section:
    """Match gradients of trained supernets, and see when an early stop would have ended it."""
    planned, steps = max(16, effort.of(MATCHING_BATCHES)), effort.of(TRAINED)
    rows = [_stopped(seed, planned, steps) for seed in range(max(1, effort.of(STOPPED_SEEDS)))]
    note = (
        f"Supernets of {SMALL.name} after {steps:,} steps on the digits of `laptop` at 16×16. An "
        f"early stop allows a probability of {STOP_ERROR:g} that all batches would have decided "
        "otherwise (`methods.gm.stop_error`); it looks after 8, 16, 32 and 64. The leads are those "
        "of the best partition over the second best, and their standard error: where they are "
        "close, every batch is needed."
    )
    header = ["seed", "batches used", "of", "the same decision", "lead", "standard error"]
    return Section("Stopping gradient matching early", header, rows, [note])


def _stopped(seed: int, planned: int, steps: int) -> list[str]:
    task = load_preset("laptop")
    images = read_digits(replace(task.data, resolution=SMALL.network.resolution)).train
    scale = replace(SMALL.network, input_channels=1)
    network = CellSupernet(scale, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed)
    given = Batches(images, BATCH, steps, 1, generator, flip=False)
    paths = drawn_paths(steps, seed)
    training = path_training(network, given, paths, StepRange(0, steps, steps), TRAINING)
    for _ in paths:
        training.step()
    stop = EarlyStop(planned, GROUPS, MIN_SIZE, STOP_ERROR)
    early: dict[str, Any] = {}
    matrices: dict[Decisions, Sequence[Tensor]] = {}

    def watch(found: Mapping[Decisions, Sequence[Tensor]], used: int) -> bool:
        if not early and stop.should_stop(found, used):
            so_far = averaged({chosen: list(matrices) for chosen, matrices in found.items()})
            early.update(used=used, decision=_decided(so_far))
        matrices.update(found)
        return False

    given = Batches(images, BATCH, planned, 1, generator, flip=False)
    paths = drawn_paths(planned, seed + 1)
    decided = _decided(
        gradient_distances(
            network, WHOLE_SPACE, DECISIONS, given, paths, lambda: None, should_stop=watch
        )
    )
    same = early.get("decision", decided) == decided
    lead, error = _lead(matrices)
    used = early.get("used", planned)
    cells = [str(seed), str(used), str(planned), "yes" if same else "NO"]
    return [*cells, f"{lead:.3f}", f"{error:.3f}"]


def _lead(found: Mapping[Decisions, Sequence[Tensor]]) -> tuple[float, float]:
    """Return by how much the best partition of all leads, and the standard error of it."""
    separated = np.concatenate(
        [
            separated_distances(np.stack([one.numpy() for one in matrices]), GROUPS, MIN_SIZE)
            for matrices in found.values()
        ],
        axis=1,
    )
    second, first = np.argsort(separated.mean(0))[-2:]
    ahead = separated[:, first] - separated[:, second]
    return float(ahead.mean()), float(ahead.std(ddof=1) / np.sqrt(len(ahead)))


def _decided(distances: Distances) -> tuple[Decisions, Groups]:
    partitions = {
        chosen: best_partition(one, GROUPS, MIN_SIZE) for chosen, one in distances.items()
    }
    chosen = best_decision(partitions)
    return chosen, partitions[chosen].groups
