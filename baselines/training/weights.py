"""Training a supernet's weights by SGD: each step trains one path or mixture on one batch.

All random numbers are drawn before the first step, and losses stay on the device for a few hundred
steps at a time, so that the host seldom waits for it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch.nn.utils import clip_grad_norm_

from baselines.supernets.base import Supernet
from baselines.supernets.parts.mixture import Mixture, Path
from benchmark.errors import DivergedError, InputError
from benchmark.images import Batches
from benchmark.records.checkpoints import whole_number
from benchmark.spaces.base import Choices
from benchmark.tasks.sections import TrainingSettings

CHECK_EVERY = 256  # steps; each check of their losses waits for the device once


@dataclass(frozen=True)
class StepRange:
    """A range of steps in the whole training of a network."""

    start: int  # steps the weights have been trained before; the first step takes batch ``start``
    steps: int  # steps in this range
    total: int  # steps of the whole training
    cosine_start: int = 0
    cosine_steps: int | None = None  # its length in steps; by default ``total``


def learning_rate(step: int, total: int, settings: TrainingSettings) -> float:
    """Return the learning rate of a step, from 0: a cosine that ends one step after the last."""
    share = (1 + math.cos(math.pi * step / total)) / 2
    final = settings.final_learning_rate
    return final + (settings.learning_rate - final) * share


class WeightTraining:
    """Trains the weights of one supernet over a range of steps, minimising the cross-entropy.

    ``choose`` returns what a step trains, given its position in the range: a mixture, or a path in
    canonical form, so that weights which do nothing in it get no gradient.

    Weights that a step does not use get no gradient, and so neither weight decay nor momentum.
    Momentum starts from zero in each range.
    """

    def __init__(
        self,
        network: Supernet,
        batches: Batches,
        steps: StepRange,
        settings: TrainingSettings,
        choose: Callable[[int], Path | Mixture],
    ) -> None:
        self.network = network
        self.position = 0
        self._batches = batches
        self._steps = steps
        self._settings = settings
        self._choose = choose
        self._losses: list[float] = []
        self._unchecked: list[torch.Tensor] = []  # losses of the latest steps, on the device
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
        return self._steps.start + self.position

    @property
    def rate(self) -> float:
        """Learning rate of the next step."""
        steps = self._steps
        length = steps.total if steps.cosine_steps is None else steps.cosine_steps
        return learning_rate(self.number - steps.cosine_start, length, self._settings)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels [B, channels, H, W] and labels [B] of the next step."""
        return self._batches[self.number]

    def step(self) -> None:
        """Train one step."""
        pixels, labels = self.batch()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.optimiser.zero_grad(set_to_none=True)
        logits = self.network(pixels, self._choose(self.position))
        loss = F.cross_entropy(logits, labels, label_smoothing=self._settings.label_smoothing)
        loss.backward()
        if self._settings.gradient_norm:
            clip_grad_norm_(self.network.parameters(), self._settings.gradient_norm, foreach=True)
        self.optimiser.step()
        self._unchecked.append(loss.detach())
        self.position += 1
        if len(self._unchecked) >= CHECK_EVERY:
            self._check_losses()

    def losses(self) -> list[float]:
        """Return the training loss of each step so far, in nats."""
        self._check_losses()
        return self._losses

    def _check_losses(self) -> None:
        """Move the latest losses to the host at once, and check that they are finite."""
        values = torch.stack(self._unchecked).tolist() if self._unchecked else []
        for step, value in enumerate(values, start=self._steps.start + len(self._losses)):
            if not math.isfinite(value):
                raise DivergedError(f"the loss of step {step} is {value}: lower the learning rate")
        self._losses.extend(values)
        self._unchecked.clear()

    def state_dict(self) -> dict[str, Any]:
        """Return all that `load_state_dict` needs to continue with the same bits."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "position": self.position,
            "losses": torch.tensor(self.losses(), dtype=torch.float64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load what `state_dict` returned, its tensors on any device."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.position = whole_number(state["position"])
        self._losses, self._unchecked = state["losses"].tolist(), []
        if len(self._losses) != self.position:
            raise InputError(f"{len(self._losses)} losses of {self.position} steps")


def path_training(
    network: Supernet,
    batches: Batches,
    paths: Choices,
    steps: StepRange,
    settings: TrainingSettings,
) -> WeightTraining:
    """Return the training of one path [D] of ``paths`` per step; see `WeightTraining`."""
    canonical = network.space.path(paths).tolist()
    return WeightTraining(network, batches, steps, settings, canonical.__getitem__)
