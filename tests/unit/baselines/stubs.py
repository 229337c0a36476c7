"""Stands in for the slow parts of a method, and records what they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.method import Method, Outcome
from baselines.splitting import Decisions, Distances
from baselines.supernets.base import Supernet
from baselines.training.weights import StepRange
from benchmark.budget import Ledger
from benchmark.images import Batches
from benchmark.spaces.base import Choices, Codes
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import TrainingSettings
from tests.unit.baselines.tiny import tiny_experiment, tiny_scale

PASSES = 3  # charged for each batch of gradient matching


@dataclass(frozen=True, eq=False)
class Trained:
    """One call of `path_training`; ``weights`` are those at its beginning."""

    network: Supernet
    batches: Batches
    paths: Choices
    span: StepRange
    weights: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Matched:
    """One call of `gradient_distances`."""

    subspace: Subspace
    batches: Batches
    paths: Choices


@dataclass(frozen=True, eq=False)
class StubbedRun:
    """What a method did, given stubs that only pay.

    Attributes:
        outcome: Its scores are all zero.
        ledger: What it spent.
        trained: Training by node.
        matched: Gradient matching, in order.
    """

    outcome: Outcome
    ledger: Ledger
    trained: dict[str, Trained]
    matched: list[Matched]


def stubbed_run(
    method: type[Method], options: Mapping[str, Any], seed: int = 0, **training: Any
) -> StubbedRun:
    """Run a method with stubs; ``training`` changes what `tiny_training` gives.

    A step adds 1 to every weight, so weights count the steps they were trained for.
    """
    trained: list[Trained] = []
    matched: list[Matched] = []

    class StubbedTraining:
        position = 0

        def __init__(
            self,
            network: Supernet,
            batches: Batches,
            paths: Choices,
            span: StepRange,
            settings: TrainingSettings,
        ) -> None:
            weights = {name: weight.detach().clone() for name, weight in network.named_parameters()}
            trained.append(Trained(network, batches, paths, span, weights))
            with torch.no_grad():
                for weight in network.parameters():
                    weight.add_(span.steps)

        def step(self) -> None:
            self.position += 1

        def losses(self) -> list[float]:
            return [0.0] * self.position

    def score_codes(network: Supernet, codes: Codes, *_: Any, **__: Any) -> NDArray[np.float64]:
        return np.zeros(len(codes))

    def gradient_distances(
        network: Supernet,
        subspace: Subspace,
        decisions: Sequence[Decisions],
        batches: Batches,
        base_paths: Choices,
        before_pass: Callable[[], None],
        **options: Any,
    ) -> Distances:
        matched.append(Matched(subspace, batches, base_paths))
        for _ in range(PASSES * len(base_paths)):
            before_pass()
        rng = np.random.default_rng(len(matched))
        sizes = [len(subspace.options(chosen)) for chosen in decisions]
        upper = [np.triu(rng.random((size, size)), 1) for size in sizes]
        return {chosen: one + one.T for chosen, one in zip(decisions, upper, strict=True)}

    experiment = tiny_experiment(seed, scale=tiny_scale(channels=1), **training)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("baselines.training.rsps.path_training", StubbedTraining)
        patch.setattr("baselines.training.base.score_codes", score_codes)
        patch.setattr("baselines.training.rsps.gradient_distances", gradient_distances)
        outcome = method(options).run(experiment)
    by_node = dict(zip(_nodes(outcome.trace), trained, strict=True))
    return StubbedRun(outcome, experiment.ledger, by_node, matched)


def _nodes(trace: Mapping[str, Any]) -> list[str]:
    """Return the names of all supernets of a tree, level by level."""
    split = {one["node"]: len(one["groups"]) for one in trace["splits"]}
    nodes, level = ["root"], ["root"]
    while level:
        level = [f"{node}.{number}" for node in level for number in range(split.get(node, 0))]
        nodes += level
    return nodes
