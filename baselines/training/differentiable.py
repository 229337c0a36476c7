"""Bases that train architecture parameters by gradients, in turn with the weights.

A step first trains α on validation images and then the weights on training images [DARTS, arXiv
1806.09055, algorithm 1]; while the one is trained, the other stands still.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from baselines.experiment import Experiment
from baselines.splitting import Distances, Enough, Subspace, mixture_distances, use_all
from baselines.supernets.nb201 import Mixture
from baselines.training.architecture import Architecture
from baselines.training.base import Base, SupernetState, SupernetTraining
from baselines.training.weights import Stretch, WeightTraining
from benchmark.errors import InputError
from benchmark.images import Batches, Images
from benchmark.spaces.nb201 import EDGES, OPERATIONS, Codes, decode

Batch = tuple[Tensor, Tensor]


class Differentiable(Base):
    """What DARTS and SNAS have in common.

    Args:
        experiment: Images, scale, budget and streams.
        longest: Most steps of a supernet and those it descends from, see `Base`.

    Raises:
        InputError: No validation image is left for the architecture parameters.
    """

    def __init__(self, experiment: Experiment, longest: int | None = None) -> None:
        super().__init__(experiment, longest)
        most = experiment.ledger.budget.images // self.step_images(frozen=False)
        count = most if longest is None else longest
        images = _architecture_images(experiment)
        self.architecture_batches = experiment.batches(images, count, "architecture batches")

    @staticmethod
    def matching_passes(edges: int, operations: int) -> int:
        """Return one pass for each operation on each edge."""
        return edges * operations

    @abstractmethod
    def initial_parameters(self, generator: torch.Generator) -> Tensor:
        """Return where α starts, [6, 5], drawn on the CPU."""

    @abstractmethod
    def mixtures(
        self, state: SupernetState, count: int, stream: str
    ) -> Callable[[int, float], Mixture]:
        """Return what gives the current mixture, its random numbers drawn in advance.

        Args:
            state: The supernet.
            count: How many draws are needed.
            stream: Name of the random stream of the draws.

        Returns:
            A function of the draw's number and of the training's progress, from 0 to 1.
        """

    def architecture_gradient(
        self,
        weights: WeightTraining,
        architecture: Architecture,
        mixture: Callable[[], Mixture],
        batch: Batch,
    ) -> list[Tensor]:
        """Return the gradient of the validation loss for each edge's α, the weights held fixed."""
        return gradients(
            F.cross_entropy(weights.network(batch[0], mixture()), batch[1]),
            list(architecture.parameters()),
        )

    def start(self, subspace: Subspace) -> SupernetState:
        """Return a supernet with the seed's initial weights and α, the same at every call."""
        state = super().start(subspace)
        values = self.initial_parameters(self.experiment.streams.torch("initial architecture"))
        state.architecture = Architecture(subspace, values).to(self.experiment.device)
        return state

    def inherit(self, state: SupernetState, subspace: Subspace) -> SupernetState:
        """Return a part that starts from the weights, and from the α of what it keeps."""
        child = super().inherit(state, subspace)
        child.architecture = Architecture(subspace, parameters_of(state).values())
        return child

    def training(
        self, state: SupernetState, stretch: Stretch, name: str, *, frozen: bool = False
    ) -> SupernetTraining:
        """Return the training of α and weights in turn, or of weights alone."""
        return ArchitectureTraining(self, state, stretch, name, frozen=frozen)

    def distances(
        self,
        state: SupernetState,
        edges: Sequence[int],
        batches: Batches,
        name: str,
        before_pass: Callable[[], None],
        *,
        soft: bool = False,
        is_enough: Enough = use_all,
    ) -> Distances:
        """Return the gradient distances where the other edges carry the current mixture."""
        current = self.mixtures(state, len(batches), f"matching mixtures/{name}")
        with torch.no_grad():
            mixtures = [current(draw, state.progress) for draw in range(len(batches))]
        return mixture_distances(
            state.network,
            state.subspace,
            edges,
            batches,
            mixtures,
            before_pass,
            soft=soft,
            is_enough=is_enough,
        )

    def select(
        self, state: SupernetState, codes: Codes, scores: NDArray[np.float64], name: str
    ) -> int:
        """Return the architecture with the greatest sum of α over its edges, ``none`` among them.

        Where all architectures of a supernet are candidates that is the greatest α on every edge.
        One whose dead edges carry an operation that the supernet lacks has no such sum.
        """
        alpha = parameters_of(state).values().double().cpu().numpy()
        sums = alpha[np.arange(len(EDGES)), decode(codes)].sum(axis=1)
        return int((scores if np.isnan(sums).all() else np.nan_to_num(sums, nan=-np.inf)).argmax())


class ArchitectureTraining:
    """One stretch of the training of weights and α in turn; see `SupernetTraining`.

    Adam's moments start from zero in each stretch, as the momentum of the weights does.

    Args:
        base: Says what α's gradient and the mixture are.
        state: The supernet, changed in place.
        stretch: Which steps of its training these are.
        name: Its name, which its random streams bear.
        frozen: Whether α stands still.
    """

    def __init__(
        self,
        base: Differentiable,
        state: SupernetState,
        stretch: Stretch,
        name: str,
        *,
        frozen: bool = False,
    ) -> None:
        experiment = base.experiment
        search = experiment.search
        self._base = base
        self._frozen = frozen
        self._architecture = parameters_of(state)
        self._weights = WeightTraining(state.network, base.batches, stretch, experiment.training)
        self._optimiser = torch.optim.Adam(
            self._architecture.parameters(),
            lr=search.alpha_learning_rate,
            betas=(search.alpha_beta1, search.alpha_beta2),
            weight_decay=search.alpha_weight_decay,
            foreach=True,
        )
        self._mixtures = base.mixtures(state, stretch.steps, f"mixtures/{name}")
        self._total = max(1, stretch.total)

    @property
    def position(self) -> int:
        """Steps that are done."""
        return self._weights.position

    def step(self) -> None:
        """Train α on a validation batch unless it is frozen, the weights on a training batch."""
        draw, number = self.position, self._weights.number

        def mixture() -> Mixture:
            return self._mixtures(draw, number / self._total)

        if not self._frozen:
            self._train_architecture(mixture, self._base.architecture_batches[number])
        self._weights.step(mixture().detached())

    def _train_architecture(self, mixture: Callable[[], Mixture], batch: Batch) -> None:
        found = self._base.architecture_gradient(self._weights, self._architecture, mixture, batch)
        for parameter, gradient in zip(self._architecture.parameters(), found, strict=True):
            parameter.grad = gradient
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)

    def losses(self) -> list[float]:
        """Return the training loss of the weights at each step, in nats."""
        return self._weights.losses()

    def state_dict(self) -> dict[str, Any]:
        """Return weights, α, both optimisers' states, the position and the losses so far."""
        return {
            "weights": self._weights.state_dict(),
            "architecture": self._architecture.state_dict(),
            "architecture optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._weights.load_state_dict(state["weights"])
        self._architecture.load_state_dict(state["architecture"])
        self._optimiser.load_state_dict(state["architecture optimiser"])


def gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the gradient of a loss for each parameter, zeros where it does not depend on it."""
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))


def parameters_of(state: SupernetState) -> Architecture:
    """Return the α of a supernet that a differentiable base has started."""
    assert state.architecture is not None
    return state.architecture


def normal_values(generator: torch.Generator, mean: float, deviation: float) -> Tensor:
    """Return normally distributed numbers for all operations of all edges, [6, 5]."""
    drawn = torch.randn(len(EDGES), len(OPERATIONS), generator=generator)
    return mean + deviation * drawn


def _architecture_images(experiment: Experiment) -> Images:
    """Return the validation images that train α, apart from those that score or all."""
    valid, scoring = experiment.images.valid, experiment.scoring.images
    if experiment.search.alpha_images == "all":
        return valid
    if len(valid) <= scoring:
        raise InputError(
            f"all {len(valid)} validation images score, none is left for the architecture "
            'parameters: score by fewer images, or set alpha_images to "all"'
        )
    return valid.after(scoring)
