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
    training = StandaloneTraining(code, seed, protocol, folder, device)
    training.run(protocol.training.epochs, progress)
    return training.finish()


class StandaloneTraining:
    """One architecture's training, which can pause after any epoch; see `train_standalone`."""

    def __init__(
        self, code: int, seed: int, protocol: TrainingProtocol, folder: Path, device: str = "cpu"
    ) -> None:
        self._settings, self._evaluation = protocol.training, protocol.evaluation
        self._parts = read_parts(protocol, folder, device)
        self._batches = seed_batches(protocol, seed, folder, device)
        self._steps = len(self._batches)
        space, streams = protocol.search_space, Streams(seed)
        (canonical,) = space.canonical([code]).tolist()
        generator = streams.torch("alone/weights")
        network = family_of(space).child(canonical, protocol.scale, generator, running=True)
        self._loss = TrainingLoss(
            network, self._settings, protocol.regularisation, streams, self._steps
        )
        self._network = network.to(device)
        self._average = WeightAverage(self._network, self._settings, self._steps)
        self._optimiser = torch.optim.SGD(
            self._network.parameters(),
            lr=self._settings.learning_rate,
            momentum=self._settings.momentum,
            weight_decay=self._settings.weight_decay,
            nesterov=self._settings.momentum > 0,
            fused=True,
        )
        self._losses: list[Tensor] = []  # of the steps so far
        self._curve: dict[str, list[float]] = {split: [] for split in SPLITS}
        self._spent = 0.0  # seconds of training
        self._final_alike = {  # splits whose last curve point is the same as the final evaluation
            split
            for split in SPLITS
            if self._evaluation.curve_images >= len(getattr(self._parts, split))
            and not (self._evaluation.mirrored or self._evaluation.batch_norm_images)
        }

    @property
    def curve(self) -> Mapping[str, list[float]]:
        """Accuracy of each split after each epoch so far, see `TrainingResult`."""
        return self._curve if self._evaluation.curve_images else {}

    def run(self, epochs: int, progress: Callable[[float], None] = lambda share: None) -> None:
        """Train until so many epochs in all are done, at most those of the protocol.

        Raises:
            DivergedError: A loss or logit is not finite.
        """
        all_epochs = self._settings.epochs
        epoch_ends = {(epoch + 1) * self._steps // all_epochs for epoch in range(all_epochs)}
        clock = time.perf_counter()
        self._network.train()
        for step in range(len(self._losses), epochs * self._steps // all_epochs):
            self._step(step)
            if step + 1 in epoch_ends:
                _check_finite(self._losses, self._steps)
                self._spent += time.perf_counter() - clock
                if self._evaluation.curve_images:
                    self._add_points(set(SPLITS) if step + 1 < self._steps else self._not_alike)
                clock = time.perf_counter()
            progress((step + 1) / self._steps)

    def finish(self) -> TrainingResult:
        """Return what the whole training gave.

        Raises:
            DivergedError: A logit is not finite.
        """
        evaluation, trained = self._evaluation, self._average.network
        if evaluation.batch_norm_images:
            recompute_batch_norm(trained, self._parts.train.first(evaluation.batch_norm_images))
        final = {
            split: evaluate_network(
                trained, getattr(self._parts, split), mirrored=evaluation.mirrored
            )
            for split in SPLITS
        }
        curve = {
            split: [*points, final[split].accuracy] if split in self._final_alike else points
            for split, points in self.curve.items()
        }
        return TrainingResult(
            accuracy={split: one.accuracy for split, one in final.items()},
            loss={split: one.loss for split, one in final.items()},
            curve=curve,
            seconds=self._spent / self._settings.epochs,
        )

    @property
    def _not_alike(self) -> set[str]:
        return set(SPLITS) - self._final_alike

    def _step(self, step: int) -> None:
        pixels, labels = self._batches[step]
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(step, self._steps, self._settings)
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss.of(pixels, labels, step)
        loss.backward()
        if self._settings.gradient_norm:
            clip_grad_norm_(self._network.parameters(), self._settings.gradient_norm, foreach=True)
        self._optimiser.step()
        self._average.update(step)
        self._losses.append(loss.detach())

    def _add_points(self, splits: set[str]) -> None:
        """Evaluate some splits for the curve."""
        for split in splits:
            images = getattr(self._parts, split)
            first = images.first(min(self._evaluation.curve_images, len(images)))
            point = evaluate_network(self._average.network, first, mirrored=False)
            self._curve[split].append(point.accuracy)
            self._average.network.train()


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
