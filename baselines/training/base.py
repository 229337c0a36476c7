"""What a one-shot base is: how a supernet starts, trains, is matched, scores and selects.

All random numbers that affect training come from named streams of the seed, so methods that use
the same stream get the same numbers.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.splitting import Decisions, Distances, ShouldStop, never_stop
from baselines.supernets.base import Supernet
from baselines.supernets.scoring import score_codes
from baselines.training.architecture import Architecture
from baselines.training.weights import StepRange, WeightTraining
from benchmark.budget import Spending
from benchmark.errors import DivergedError, InputError
from benchmark.images import Batches
from benchmark.records.checkpoints import reading_checkpoint
from benchmark.spaces.base import Codes
from benchmark.spaces.subspaces.subspace import Subspace, scoring_leaves


@dataclass(eq=False)
class SupernetState:
    """A supernet of a subspace: its weights, and architecture parameters if its base has any.

    ``progress`` is the share of the training planned for its weights that is done, from 0 to 1.
    """

    subspace: Subspace
    network: Supernet
    architecture: Architecture | None = None
    progress: float = 0.0


class Base(ABC):
    """Trains, scores and selects for the supernets of one experiment.

    ``longest`` is the most steps of a supernet, its ancestors' included; by default as many as
    there are batches in the budget, so that all methods see the same batches.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    # batches that one step passes forward and backward, each charged to the budget; a step that
    # trains weights alone passes one
    passes: ClassVar[int]
    has_weights: ClassVar[bool] = True  # whether options of a mixture have weights

    def __init__(self, experiment: Experiment, longest: int | None = None) -> None:
        self.experiment = experiment
        most = experiment.ledger.budget.images // experiment.training.batch_size
        count = most if longest is None else longest
        self.batches = experiment.batches(experiment.images.train, count, "batches")

    def step_images(self, *, frozen: bool) -> int:
        """Return the images that one step is charged, see `train`."""
        return (1 if frozen else self.passes) * self.experiment.training.batch_size

    def start(self, subspace: Subspace) -> SupernetState:
        """Return a supernet with the seed's initial weights, the same at every call."""
        generator = self.experiment.streams.torch("initial weights")
        experiment = self.experiment
        network = experiment.family.supernet(experiment.scale, generator).to(experiment.device)
        network.accelerate(experiment.training)
        return SupernetState(subspace, network)

    def inherit(self, state: SupernetState, subspace: Subspace) -> SupernetState:
        """Return a supernet of a part of a subspace that starts from a copy of its weights."""
        return SupernetState(subspace, copy.deepcopy(state.network), progress=state.progress)

    def train(
        self,
        state: SupernetState,
        steps: StepRange,
        kind: Spending,
        name: str,
        before_step: Callable[[WeightTraining], None] = lambda training: None,
        resumed: Mapping[str, Any] | None = None,
        *,
        frozen: bool = False,
    ) -> list[float]:
        """Train a supernet, each step charged to the budget before it is done.

        Args:
            state: The supernet, trained in place.
            steps: Which steps of the network's training these are; step n takes batch n.
            kind: What the steps are charged as.
            name: The supernet's name, part of the names of its random streams.
            before_step: Called before each step is charged.
            resumed: State of an interrupted training to continue.
            frozen: Whether architecture parameters stay fixed.

        Returns:
            The training loss of each step, in nats.

        Raises:
            BudgetError: The budget does not allow a step.
            DivergedError: A loss is not finite.
        """
        training = self.training(state, steps, name, frozen=frozen)
        if resumed is not None:
            with reading_checkpoint():
                training.load_state_dict(resumed)
        try:
            while training.position < steps.steps:
                before_step(training)
                self.experiment.ledger.charge(kind, self.step_images(frozen=frozen))
                self.experiment.tick()
                training.step()
            losses = training.losses()
        except DivergedError as error:
            raise DivergedError(f"{name}: {error}") from error
        state.progress = (steps.start + steps.steps) / max(1, steps.total)
        return losses

    @classmethod
    def check_weights(cls) -> None:
        """Check that options have weights in a mixture."""
        if not cls.has_weights:
            raise InputError(
                f"base {cls.name} has no architecture parameters to weight an option by: choose "
                "the hard weight, or another base"
            )

    @classmethod
    def check_strongest(cls) -> None:
        """Check that architecture parameters can tell the strongest architecture."""
        if not cls.has_weights:
            raise InputError(
                f"base {cls.name} has no architecture parameters to select the strongest by: set "
                "[selection] by to candidates, random, evolution or local"
            )

    @staticmethod
    @abstractmethod
    def matching_passes(options: Sequence[int]) -> int:
        """Return the most passes of a batch that `distances` makes.

        ``options`` has the number of options of each decision that is matched.
        """

    @abstractmethod
    def training(
        self, state: SupernetState, steps: StepRange, name: str, *, frozen: bool = False
    ) -> WeightTraining:
        """Return the training of a range of steps, which charges nothing by itself; see `train`."""

    @abstractmethod
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
        """Return the gradient distances between the options of decisions (GM-NAS, section 3).

        Arguments are those of `gradient_distances`; random streams are named after the supernet's
        ``name``, and with ``soft`` an option that is alone keeps its weight of the mixture.

        The other decisions carry what the base trains: a drawn path, or the current mixture. The
        supernet and its architecture parameters stay as they are.
        """

    @abstractmethod
    def select(
        self, state: SupernetState, codes: Codes, scores: NDArray[np.float64], name: str
    ) -> int:
        """Return the position in ``codes`` [m] of the architecture that the base selects.

        ``codes`` are the candidates that the supernet scored, at least one, with ``scores`` [m].
        """

    def strongest(self, state: SupernetState) -> int:
        """Return the architecture that architecture parameters weight most in a subspace.

        Raises:
            InputError: The base has none.
        """
        self.check_strongest()
        raise AssertionError(f"base {self.name} has architecture parameters but no strongest")

    def score(self, leaves: Sequence[SupernetState]) -> NDArray[np.float64]:
        """Return scores [n] of the candidates as paths, each by the leaf that owns it.

        ``leaves`` are supernets whose subspaces hold every architecture exactly once.

        Candidates with the same canonical code are one function, which is scored once.
        """
        canonical = self.experiment.space.canonical(self.experiment.candidates)
        functions, places = np.unique(canonical, return_inverse=True)
        owners = scoring_leaves([leaf.subspace for leaf in leaves], functions)
        scores = np.full(len(functions), np.nan)
        for number, leaf in enumerate(leaves):
            mine = owners == number
            if mine.any():
                scores[mine] = self.score_functions(leaf.network, functions[mine])
        return scores[places]

    def score_functions(self, network: Supernet, codes: Codes) -> NDArray[np.float64]:
        """Score canonical codes [n], ascending, by one supernet; counted beside the budget."""
        experiment = self.experiment

        def count(images: int) -> None:
            experiment.ledger.record_scoring(images)
            experiment.tick()

        return score_codes(
            network, codes, experiment.images, experiment.scoring, count, note=experiment.note
        )
