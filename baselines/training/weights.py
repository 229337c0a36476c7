"""Training a supernet's weights: each step trains one path, or a mixture, on one batch.

All random numbers are drawn before the first step, so a step waits for nothing, and no number goes
back to the CPU before the last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch.nn.utils import clip_grad_norm_

from baselines.supernets.nb201.mixture import Mixture
from baselines.supernets.nb201.network import Path, Supernet
from benchmark.errors import CheckError
from benchmark.images import Batches
from benchmark.records.checkpoints import whole_number
from benchmark.spaces.nb201 import decode, encode, live_codes
from benchmark.tasks.sections import TrainingSettings


@dataclass(frozen=True)
class Stretch:
    """Which steps of a network's whole training are meant.

    Attributes:
        start: Steps the weights have behind them; the first step here takes batch ``start``.
        steps: Steps to train now.
        total: Steps the weights will have behind them when all is done.
        rate_from: The step at which the cosine of the learning rate begins.
        rate_over: Its length in steps; by default ``total``.
    """

    start: int
    steps: int
    total: int
    rate_from: int = 0
    rate_over: int | None = None


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


class WeightTraining:
    """Trains the weights of one supernet over one stretch, step by step.

    SGD on the cross-entropy; weights that a step does not use get no weight decay and no momentum
    either, and momentum starts from zero in each stretch. All that changes on the way is in
    `state_dict`: a stretch that is loaded goes on with the same bits.

    Args:
        network: The supernet, changed in place.
        batches: The seed's batches.
        stretch: Which steps of the network's training these are.
        settings: Rates, momentum, weight decay and the bound on the gradient's norm.
    """

    def __init__(
        self, network: Supernet, batches: Batches, stretch: Stretch, settings: TrainingSettings
    ) -> None:
        self.network = network
        self.position = 0
        self._batches = batches
        self._stretch = stretch
        self._settings = settings
        self._losses: list[torch.Tensor] = []
        self.optimiser = torch.optim.SGD(
            network.parameters(),
            lr=settings.learning_rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            nesterov=settings.momentum > 0,
            foreach=True,
        )

    @property
    def number(self) -> int:
        """Number of the next step, and of its batch, in the network's whole training."""
        return self._stretch.start + self.position

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        stretch = self._stretch
        length = stretch.total if stretch.rate_over is None else stretch.rate_over
        return learning_rate(self.number - stretch.rate_from, length, self._settings)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels and labels of the next step."""
        return self._batches[self.number]

    def step(self, path: Path | Mixture) -> None:
        """Train a path without dead edges, which would get no gradient, or a mixture."""
        pixels, labels = self.batch()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.optimiser.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.network(pixels, path), labels)
        loss.backward()
        clip_grad_norm_(self.network.parameters(), self._settings.gradient_norm, foreach=True)
        self.optimiser.step()
        self._losses.append(loss.detach())
        self.position += 1

    def losses(self) -> list[float]:
        """Return the training loss of each step, in nats, moved from the device at once.

        Raises:
            CheckError: A loss is not finite.
        """
        values = torch.stack(self._losses).tolist() if self._losses else []
        for step, value in enumerate(values, start=self._stretch.start):
            if not math.isfinite(value):
                raise CheckError(f"the loss of step {step} is {value}: lower the learning rate")
        return values

    def state_dict(self) -> dict[str, Any]:
        """Return weights, the optimiser's state, the position and the losses so far."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "position": self.position,
            "losses": torch.stack(self._losses) if self._losses else torch.empty(0),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.position = whole_number(state["position"])
        self._losses = list(state["losses"].unbind())


class PathTraining:
    """Trains one path a step.

    Edges that no signal crosses are left out: they would get no gradient.

    Args:
        network: The supernet, changed in place.
        batches: The seed's batches.
        paths: One architecture a step.
        stretch: Which steps of the network's training these are.
        settings: Rates, momentum, weight decay and the bound on the gradient's norm.
    """

    def __init__(
        self,
        network: Supernet,
        batches: Batches,
        paths: Sequence[Path],
        stretch: Stretch,
        settings: TrainingSettings,
    ) -> None:
        self._weights = WeightTraining(network, batches, stretch, settings)
        self._paths = _live(paths)

    @property
    def position(self) -> int:
        """Steps that are done."""
        return self._weights.position

    def step(self) -> None:
        """Train the next path."""
        self._weights.step(self._paths[self.position])

    def losses(self) -> list[float]:
        """Return the training loss of each step, in nats.

        Raises:
            CheckError: A loss is not finite.
        """
        return self._weights.losses()

    def state_dict(self) -> dict[str, Any]:
        """Return weights, the optimiser's state, the position and the losses so far."""
        return self._weights.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._weights.load_state_dict(state)


def _live(paths: Sequence[Path]) -> list[list[int]]:
    """Return paths with ``none`` on their dead edges."""
    return decode(live_codes(encode(paths))).tolist() if len(paths) else []
