"""Training one architecture from scratch.

At a seed all architectures see the same batches in the same order, and draw their weights from the
same stream. The result depends on protocol, seed and canonical architecture, not on what was
trained before.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from baselines.standalone.averaging import WeightAverage
from baselines.standalone.evaluation import evaluate_network, recompute_batch_norm
from baselines.standalone.images import read_parts, seed_batches
from baselines.standalone.regularising import TrainingLoss
from baselines.supernets.registry import family_of
from benchmark.errors import DivergedError
from benchmark.seeds import Streams
from benchmark.tasks.protocol import StandaloneSettings, TrainingProtocol

SPLITS = ("valid", "test")
# Raise this when the same protocol, seed and architecture give other numbers than before.
TRAINING_VERSION = 1


@dataclass(frozen=True)
class TrainingResult:
    """What one training of an architecture gave."""

    accuracy: Mapping[str, float]  # accuracy of each split, in percent
    loss: Mapping[str, float]  # mean cross-entropy of each split, in nats
    # accuracy of each split after each epoch, in percent, on the first ``evaluation.curve_images``
    # images; empty where that is 0
    curve: Mapping[str, list[float]]
    seconds: float  # training time of an epoch


def train_standalone(
    code: int,
    seed: int,
    protocol: TrainingProtocol,
    folder: Path,
    device: str = "cpu",
    progress: Callable[[float], None] = lambda share: None,
) -> TrainingResult:
    """Train an architecture from freshly drawn weights and evaluate it.

    It is trained in its canonical form. ``progress`` is called after each step with the share of
    steps done.

    Raises:
        DivergedError: A loss or logit is not finite.
    """
    settings, evaluation = protocol.training, protocol.evaluation
    parts = read_parts(protocol, folder, device)
    batches = seed_batches(protocol, seed, folder, device)
    space, streams = protocol.search_space, Streams(seed)
    (canonical,) = space.canonical([code]).tolist()
    generator = streams.torch("alone/weights")
    network = family_of(space).child(canonical, protocol.scale, generator, running=True)
    training_loss = TrainingLoss(network, settings, protocol.regularisation, streams, len(batches))
    network = network.to(device)
    average = WeightAverage(network, settings, len(batches))
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        nesterov=settings.momentum > 0,
        fused=True,
    )
    losses: list[Tensor] = []
    curve: dict[str, list[float]] = {split: [] for split in SPLITS}
    epoch_ends = {(epoch + 1) * len(batches) // settings.epochs for epoch in range(settings.epochs)}
    final_alike = {  # splits whose last curve point is the same as the final evaluation
        split
        for split in SPLITS
        if evaluation.curve_images >= len(getattr(parts, split))
        and not (evaluation.mirrored or evaluation.batch_norm_images)
    }
    spent, clock = 0.0, time.perf_counter()
    network.train()
    for step in range(len(batches)):
        pixels, labels = batches[step]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, len(batches), settings)
        optimiser.zero_grad(set_to_none=True)
        loss = training_loss.of(pixels, labels, step)
        loss.backward()
        if settings.gradient_norm:
            clip_grad_norm_(network.parameters(), settings.gradient_norm, foreach=True)
        optimiser.step()
        average.update(step)
        losses.append(loss.detach())
        if step + 1 in epoch_ends:
            _check_finite(losses, len(batches))
            spent += time.perf_counter() - clock
            if evaluation.curve_images:
                for split in SPLITS if step + 1 < len(batches) else set(SPLITS) - final_alike:
                    images = getattr(parts, split)
                    first = images.first(min(evaluation.curve_images, len(images)))
                    point = evaluate_network(average.network, first, mirrored=False)
                    curve[split].append(point.accuracy)
                    average.network.train()
            clock = time.perf_counter()
        progress((step + 1) / len(batches))
    trained = average.network
    if evaluation.batch_norm_images:
        recompute_batch_norm(trained, parts.train.first(evaluation.batch_norm_images))
    final = {
        split: evaluate_network(trained, getattr(parts, split), mirrored=evaluation.mirrored)
        for split in SPLITS
    }
    for split in final_alike:
        curve[split].append(final[split].accuracy)
    return TrainingResult(
        accuracy={split: one.accuracy for split, one in final.items()},
        loss={split: one.loss for split, one in final.items()},
        curve=curve if evaluation.curve_images else {},
        seconds=spent / settings.epochs,
    )


def _check_finite(losses: Sequence[Tensor], steps: int) -> None:
    """Raise an error that names the first step whose loss is not finite."""
    finite = torch.stack(list(losses)).isfinite()
    if not finite.all():
        step = int(finite.logical_not().nonzero()[0])
        raise DivergedError(
            f"training diverged at step {step + 1} of {steps}: the loss is "
            f"{float(losses[step])}, lower the learning rate"
        )


def learning_rate(step: int, total: int, settings: StandaloneSettings) -> float:
    """Return the learning rate of a step, from 0; the schedule ends one step after the last."""
    rising = round(settings.warm_up * total)
    if step < rising:
        return settings.learning_rate * (step + 1) / rising
    share = (step - rising) / (total - rising)
    left = (1 + math.cos(math.pi * share)) / 2 if settings.schedule == "cosine" else 1 - share
    final = settings.final_learning_rate
    return final + (settings.learning_rate - final) * left
