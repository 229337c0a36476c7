"""Random search with parameter sharing: every step trains one uniformly drawn path that works.

[RSPS] Li & Talwalkar, UAI 2019, arXiv 1902.07638, section 3.2.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baselines.splitting import Decisions, Distances, ShouldStop, gradient_distances, never_stop
from baselines.training.base import Base, SupernetState
from baselines.training.weights import StepRange, WeightTraining, path_training
from benchmark.images import Batches
from benchmark.spaces.base import Codes


class Rsps(Base):
    """Trains single paths and selects the best of some architectures that it draws."""

    name: ClassVar[str] = "rsps"
    description: ClassVar[str] = "one random path per step; selects the best of some drawn ones"
    passes: ClassVar[int] = 1
    has_weights: ClassVar[bool] = False

    @staticmethod
    def matching_passes(options: Sequence[int]) -> int:
        """Return the passes of the drawn path and its children; fewer if some are one function."""
        return 1 + sum(number - 1 for number in options) if options else 0

    def training(
        self, state: SupernetState, steps: StepRange, name: str, *, frozen: bool = False
    ) -> WeightTraining:
        """Return the training of uniformly drawn paths of the subspace."""
        generator = self.experiment.streams.numpy(f"paths/{name}")
        paths = state.subspace.draw(steps.steps, generator)
        return path_training(state.network, self.batches, paths, steps, self.experiment.training)

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
        """Return the gradient distances where the others follow one drawn path per batch."""
        if soft:
            self.check_weights()
        generator = self.experiment.streams.numpy(f"matching paths/{name}")
        paths = state.subspace.draw(len(batches), generator)
        return gradient_distances(
            state.network,
            state.subspace,
            decisions,
            batches,
            paths,
            before_pass,
            label_smoothing=self.experiment.training.label_smoothing,
            should_stop=should_stop,
        )

    def select(
        self, state: SupernetState, codes: Codes, scores: NDArray[np.float64], name: str
    ) -> int:
        """Return the best-scored of some drawn architectures that work, the first drawn of equals.

        Drawn with replacement, as in [RSPS].
        """
        generator = self.experiment.streams.numpy(f"selection/{name}")
        working = np.flatnonzero(self.experiment.space.works(codes))
        pool = working if working.size else np.arange(len(codes))
        drawn = pool[generator.integers(pool.size, size=self.experiment.search.drawn)]
        return int(drawn[scores[drawn].argmax()])
