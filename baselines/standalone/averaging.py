"""Averaging a network's weights over the steps of its training."""

from copy import deepcopy

import torch
from torch import Tensor

from baselines.supernets.parts.child import ChildNetwork
from benchmark.tasks.protocol import StandaloneSettings


class WeightAverage:
    """The network to evaluate: the trained one, or one with averaged weights.

    BatchNorm's running statistics are averaged with the weights.
    """

    def __init__(self, network: ChildNetwork, settings: StandaloneSettings, steps: int) -> None:
        self._network = network
        self._settings = settings
        self._start = min(round(settings.average_from * steps), steps - 1)
        self._copy: ChildNetwork | None = None
        self._pairs: tuple[list[Tensor], list[Tensor]] = ([], [])

    @property
    def network(self) -> ChildNetwork:
        """The network to evaluate."""
        return self._network if self._copy is None else self._copy

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Include the weights after a step, counted from 0."""
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


def _numbers(network: ChildNetwork) -> list[Tensor]:
    """Return all weights and running statistics."""
    buffers = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    return [*(weight.data for weight in network.parameters()), *buffers]
