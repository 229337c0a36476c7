"""Training a supernet one path at a time: each step trains one child model on one batch.

All random numbers are drawn before the first step, so a step waits for nothing, and no number goes
back to the CPU before the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch.nn.utils import clip_grad_norm_

from baselines.supernet.network import Path, Supernet
from benchmark.datasets import Batches
from benchmark.errors import CheckError
from benchmark.space import decode, encode, live_codes
from benchmark.task import TrainingSettings


@dataclass(frozen=True)
class Stretch:
    """Which steps of a network's whole training are meant.

    Attributes:
        start: Steps the weights have behind them; the first step here takes batch ``start``.
        steps: Steps to train now.
        total: Steps the weights will have behind them when all is done: the cosine's length.
    """

    start: int
    steps: int
    total: int


def learning_rate(step: int, total: int, settings: TrainingSettings) -> float:
    """Return the learning rate of one step: a cosine that ends one step after the last.

    Args:
        step: From 0.
        total: Steps in all.
        settings: The two rates.
    """
    share = (1 + math.cos(math.pi * step / total)) / 2
    final = settings.final_learning_rate
    return final + (settings.learning_rate - final) * share


def train_paths(
    network: Supernet,
    batches: Batches,
    paths: Sequence[Path],
    stretch: Stretch,
    settings: TrainingSettings,
    before_step: Callable[[], None],
) -> list[float]:
    """Train one path a step, by SGD on the cross-entropy; weights off the path stay as they are.

    Weights off the path get no weight decay and no momentum either, and momentum starts from zero
    in each stretch. Edges that no signal crosses are left out: they would get no gradient.

    Args:
        network: The supernet, changed in place.
        batches: The seed's batches.
        paths: One architecture a step.
        stretch: Which steps of the network's training these are.
        settings: Rates, momentum, weight decay and the bound on the gradient's norm.
        before_step: Called before each step, to charge it.

    Returns:
        The training loss of each step, in nats.

    Raises:
        CheckError: A loss is not finite.
    """
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
        foreach=True,
    )
    losses = []
    live = decode(live_codes(encode(paths))).tolist() if len(paths) else []
    for step, path in enumerate(live[: stretch.steps], start=stretch.start):
        before_step()
        pixels, labels = batches[step]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, stretch.total, settings)
        optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(pixels, path), labels)
        loss.backward()
        clip_grad_norm_(network.parameters(), settings.gradient_norm, foreach=True)
        optimiser.step()
        losses.append(loss.detach())
    return _checked(losses, stretch)


def _checked(losses: list[torch.Tensor], stretch: Stretch) -> list[float]:
    """Return the losses as numbers, moved from the device at once."""
    values = torch.stack(losses).tolist() if losses else []
    for step, value in enumerate(values, start=stretch.start):
        if not math.isfinite(value):
            raise CheckError(f"the loss of step {step} is {value}: lower the learning rate")
    return values
