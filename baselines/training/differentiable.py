"""Bases that train architecture parameters α by gradients, alternating with the weights.

A step first trains α on validation images and then the weights on training images [DARTS, arXiv
1806.09055, algorithm 1], each with the other held fixed.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from baselines.experiment import Experiment
from baselines.splitting import (
    Decisions,
    Distances,
    ShouldStop,
    mixture_distances,
    never_stop,
)
from baselines.supernets.parts.mixture import Mixture
from baselines.training.architecture import Architecture
from baselines.training.base import Base, SupernetState
from baselines.training.weights import StepRange, WeightTraining
from benchmark.errors import InputError
from benchmark.images import Batches, Images
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.subspaces.subspace import Subspace

Batch = tuple[Tensor, Tensor]


class Differentiable(Base):
    """What DARTS and SNAS have in common; see `Base` for the arguments."""

    def __init__(self, experiment: Experiment, longest: int | None = None) -> None:
        super().__init__(experiment, longest)
        most = experiment.ledger.budget.images // self.step_images(frozen=False)
        count = most if longest is None else longest
        images = _architecture_images(experiment)
        self.architecture_batches = experiment.batches(images, count, "architecture batches")

    @staticmethod
    def matching_passes(options: Sequence[int]) -> int:
        """Return one pass for each option of each decision."""
        return sum(options)

    @abstractmethod
    def initial_parameters(self, generator: torch.Generator) -> Tensor:
        """Return where α starts, [D, n], drawn on the CPU."""

    @abstractmethod
    def mixtures(
        self, state: SupernetState, count: int, stream: str
    ) -> Callable[[int, float], Mixture]:
        """Return a function of a draw's number and the training's progress, from 0 to 1.

        It returns the mixture of the current α. Random numbers are drawn in advance, for ``count``
        draws, from the random stream of the given name.
        """

    def architecture_gradient(
        self,
        weights: WeightTraining,
        architecture: Architecture,
        mixture: Callable[[], Mixture],
        batch: Batch,
    ) -> list[Tensor]:
        """Return the gradient of the validation loss for each decision's α at fixed weights."""
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
        self, state: SupernetState, steps: StepRange, name: str, *, frozen: bool = False
    ) -> WeightTraining:
        """Return the alternating training of α and weights, or of weights alone if frozen."""
        return ArchitectureTraining(self, state, steps, name, frozen=frozen)

    def distances(
        self,
        state: SupernetState,
        decisions: Sequence[Decisions],
        batches: Batches,
        name: str,
        before_pass: Callable[[], None],
        *,
        soft: bool = False,
        should_stop: ShouldStop = never_stop,
    ) -> Distances:
        """Return the gradient distances where the others carry the current mixture."""
        current = self.mixtures(state, len(batches), f"matching mixtures/{name}")
        with torch.no_grad():
            mixtures = [current(draw, state.progress) for draw in range(len(batches))]
        return mixture_distances(
            state.network,
            state.subspace,
            decisions,
            batches,
            mixtures,
            before_pass,
            soft=soft,
            label_smoothing=self.experiment.training.label_smoothing,
            should_stop=should_stop,
        )

    def select(
        self, state: SupernetState, codes: Codes, scores: NDArray[np.float64], name: str
    ) -> int:
        """Return the architecture whose options have the greatest weights, the first of equals.

        That is the greatest product of softmax(α) over the decisions that matter in it: if all
        architectures are candidates, the greatest α of each decision. A candidate may take an
        option that the supernet lacks, where it does nothing: it has no such product and is
        selected, by its score, only if no candidate has one.
        """
        space, choices = self.experiment.space, self.experiment.space.decode(codes)
        terms = _strengths(state)[np.arange(len(space)), choices]
        sums = np.where(space.active(choices), terms, 0.0).sum(axis=1)
        return int((scores if np.isnan(sums).all() else np.nan_to_num(sums, nan=-np.inf)).argmax())

    def strongest(self, state: SupernetState) -> int:
        """Return the code of the greatest product of softmax(α) in the supernet's subspace."""
        return self.experiment.space.strongest(state.subspace, _strengths(state))


def _strengths(state: SupernetState) -> NDArray[np.float64]:
    """Return log softmax(α) as a table [D, n], NaN where a decision lacks an option."""
    alpha = parameters_of(state).values().double().cpu()
    weights = alpha.masked_fill(alpha.isnan(), -math.inf).log_softmax(1)
    return np.asarray(weights.masked_fill(alpha.isnan(), math.nan).numpy())


class ArchitectureTraining(WeightTraining):
    """Alternates between training α and the weights over a range of steps; see `Base.train`.

    Adam's moments start from zero in each range, as the momentum of the weights does.
    """

    def __init__(
        self,
        base: Differentiable,
        state: SupernetState,
        steps: StepRange,
        name: str,
        *,
        frozen: bool = False,
    ) -> None:
        settings, search = base.experiment.training, base.experiment.search
        super().__init__(
            state.network,
            base.batches,
            steps,
            settings,
            lambda position: self._mixture().detached(),
        )
        self._base = base
        self._frozen = frozen
        self._architecture = parameters_of(state)
        self._architecture_optimiser = torch.optim.Adam(
            self._architecture.parameters(),
            lr=search.alpha_learning_rate,
            betas=(search.alpha_beta1, search.alpha_beta2),
            weight_decay=search.alpha_weight_decay,
            foreach=True,
        )
        self._mixtures = base.mixtures(state, steps.steps, f"mixtures/{name}")
        self._total = max(1, steps.total)

    def step(self) -> None:
        """Train α on a validation batch unless it is frozen, then the weights."""
        if not self._frozen:
            batch = self._base.architecture_batches[self.number]
            found = self._base.architecture_gradient(self, self._architecture, self._mixture, batch)
            for parameter, gradient in zip(self._architecture.parameters(), found, strict=True):
                parameter.grad = gradient
            self._architecture_optimiser.step()
            self._architecture_optimiser.zero_grad(set_to_none=True)
        super().step()

    def _mixture(self) -> Mixture:
        """Return the mixture of this step for the current α."""
        return self._mixtures(self.position, self.number / self._total)

    def state_dict(self) -> dict[str, Any]:
        """Return all that `load_state_dict` needs to continue with the same bits."""
        return {
            "weights": super().state_dict(),
            "architecture": self._architecture.state_dict(),
            "architecture optimiser": self._architecture_optimiser.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load what `state_dict` returned."""
        super().load_state_dict(state["weights"])
        self._architecture.load_state_dict(state["architecture"])
        self._architecture_optimiser.load_state_dict(state["architecture optimiser"])


def gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Return the gradient of a loss for each parameter, zeros where it does not depend on it."""
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))


def parameters_of(state: SupernetState) -> Architecture:
    """Return the α of a supernet that a differentiable base has started."""
    assert state.architecture is not None
    return state.architecture


def normal_values(
    space: Space, generator: torch.Generator, mean: float, deviation: float
) -> Tensor:
    """Return normally distributed numbers for all options of all decisions, [D, n]."""
    drawn = torch.randn(len(space), int(space.n_options.max()), generator=generator)
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
