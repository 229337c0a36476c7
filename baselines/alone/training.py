"""Training one architecture alone, and measuring it.

At a seed all architectures see the same batches in the same order, and start from weights drawn
from one stream. What a training gives depends on the protocol, the seed and the architecture with
its dead edges left out, and on nothing that was trained before.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from baselines.alone.images import read_parts, seed_batches
from baselines.alone.measuring import measured, renormalise
from baselines.reference.network import Network
from benchmark.errors import DivergedError
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import live_codes
from benchmark.tasks.protocol import AloneSettings, TrainingProtocol

SPLITS = ("valid", "test")
CODE = 1  # raised whenever the same protocol, seed and architecture give other numbers than before


@dataclass(frozen=True)
class Trained:
    """What one training of an architecture gave.

    Attributes:
        accuracy: By split, in percent.
        loss: By split, the mean cross-entropy in nats.
        curve: By split the accuracy after each epoch, in percent, on the first images of it; empty
            where none was asked for.
        seconds: Of training, for each epoch.
    """

    accuracy: Mapping[str, float]
    loss: Mapping[str, float]
    curve: Mapping[str, list[float]]
    seconds: float


def train_alone(
    code: int,
    seed: int,
    protocol: TrainingProtocol,
    folder: Path,
    device: str = "cpu",
    tell: Callable[[float], None] = lambda share: None,
) -> Trained:
    """Train an architecture from freshly drawn weights and measure it.

    Args:
        code: The architecture; its dead edges are left out.
        seed: Decides weights and batches.
        protocol: How to train and measure.
        folder: Where files of images lie.
        device: Where the network lives.
        tell: Called with the share of the steps that is done.

    Returns:
        Accuracies, losses, curves and time.

    Raises:
        DivergedError: A loss is not finite.

    Example:
        >>> from benchmark.tasks.protocol import load_protocol
        >>> tiny = load_protocol("digits").changed(
        ...     {"training.epochs": 1, "data.noise_draws": 1, "network.channels": 2}
        ... )
        >>> sorted(train_alone(7, 0, tiny, Path()).accuracy)
        ['test', 'valid']
    """
    settings, parts = protocol.training, read_parts(protocol, folder, device)
    batches = seed_batches(protocol, seed, folder, device)
    (live,) = live_codes([code]).tolist()
    network = Network(live, protocol.scale, Streams(seed).torch("alone/weights"), running=True)
    network = network.to(device)
    average = _Average(network, settings, len(batches))
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
        fused=True,
    )
    total, loss = torch.zeros((), device=device), torch.zeros(())
    curve: dict[str, list[float]] = {split: [] for split in SPLITS}
    ends = {(epoch + 1) * len(batches) // settings.epochs for epoch in range(settings.epochs)}
    evaluation, shown = protocol.evaluation, protocol.evaluation.curve_images
    is_plain = not (evaluation.mirrored or evaluation.batch_norm_images)
    last = {  # splits whose curve ends in the very measurement that is taken at the end
        split for split in SPLITS if is_plain and shown >= len(getattr(parts, split))
    }
    spent, clock = 0.0, time.perf_counter()
    network.train()
    for step in range(len(batches)):
        pixels, labels = batches[step]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, len(batches), settings)
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(pixels), labels, label_smoothing=settings.label_smoothing)
        loss.backward()
        if settings.gradient_norm:
            clip_grad_norm_(network.parameters(), settings.gradient_norm, foreach=True)
        optimiser.step()
        average.update(step)
        total += loss.detach()
        if shown and step + 1 in ends:
            spent += time.perf_counter() - clock
            for split in SPLITS if step + 1 < len(batches) else set(SPLITS) - last:
                images = getattr(parts, split)
                few = images.first(min(shown, len(images)))
                now = average.network
                curve[split].append(measured(now, few, mirrored=False).accuracy)
                now.train()
            clock = time.perf_counter()
        tell((step + 1) / len(batches))
    spent += time.perf_counter() - clock
    if not math.isfinite(float(total)):
        raise DivergedError(f"the training loss is {float(total)}: lower the learning rate")
    trained = average.network
    if evaluation.batch_norm_images:
        renormalise(trained, parts.train.first(evaluation.batch_norm_images))
    found = {
        split: measured(trained, getattr(parts, split), mirrored=evaluation.mirrored)
        for split in SPLITS
    }
    for split in last:
        curve[split].append(found[split].accuracy)
    return Trained(
        accuracy={split: one.accuracy for split, one in found.items()},
        loss={split: one.loss for split, one in found.items()},
        curve=curve if shown else {},
        seconds=spent / settings.epochs,
    )


def learning_rate(step: int, total: int, settings: AloneSettings) -> float:
    """Return the learning rate of one step.

    Args:
        step: From 0.
        total: Steps in all.
        settings: The rates and the schedule, which ends one step after the last.

    Example:
        >>> from benchmark.tasks.protocol import load_protocol
        >>> settings = load_protocol("digits").training
        >>> [round(learning_rate(step, 100, settings), 3) for step in (0, 9, 55, 99)]
        [0.01, 0.1, 0.05, 0.0]
    """
    rising = round(settings.warm_up * total)
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    share = (step - rising) / (total - rising)
    left = (1 + math.cos(math.pi * share)) / 2 if settings.schedule == "cosine" else 1 - share
    final = settings.final_learning_rate
    return final + (settings.learning_rate - final) * left


class _Average:
    """The weights that are evaluated: the network's own, or a mean of those it had.

    Args:
        network: What is trained.
        settings: Which mean.
        steps: Number of steps in all.
    """

    def __init__(self, network: Network, settings: AloneSettings, steps: int) -> None:
        self._network = network
        self._settings = settings
        self._start = min(round(settings.average_from * steps), steps - 1)
        self._copy: Network | None = None
        self._pairs: tuple[list[Tensor], list[Tensor]] = ([], [])

    @property
    def network(self) -> Network:
        """The network to evaluate."""
        return self._network if self._copy is None else self._copy

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step, from 0."""
        if self._settings.average == "none" or step < self._start:
            return
        if self._copy is None:
            self._copy = deepcopy(self._network)
            self._pairs = (_numbers(self._copy), _numbers(self._network))
            return
        share = 1 - self._settings.average_decay
        if self._settings.average == "mean":
            share = 1 / (step - self._start + 1)
        torch._foreach_lerp_(*self._pairs, share)


def _numbers(network: nn.Module) -> list[Tensor]:
    """Return all weights and running statistics."""
    buffers = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    return [*(weight.data for weight in network.parameters()), *buffers]
