"""Random search with parameter sharing: every step trains one uniformly drawn connected path.

[RSPS] Li & Talwalkar, UAI 2019, arXiv 1902.07638, section 3.2.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baselines.splitting import Distances, ShouldStop, gradient_distances, never_stop
from baselines.training.base import Base, SupernetState
from baselines.training.weights import StepRange, WeightTraining, path_training
from benchmark.images import Batches
from benchmark.spaces.nb201 import Codes, is_connected


class Rsps(Base):
    """Trains single paths and selects the best of some architectures that it draws."""

    name: ClassVar[str] = "rsps"
    description: ClassVar[str] = "one random path per step; selects the best of some drawn ones"
    passes: ClassVar[int] = 1
    has_weights: ClassVar[bool] = False

    @staticmethod
    def matching_passes(edges: int, operations: int) -> int:
        """Return the passes of the drawn path and its children; fewer if some are one function."""
        return 1 + (operations - 1) * edges if edges else 0

    def training(
        self, state: SupernetState, steps: StepRange, name: str, *, frozen: bool = False
    ) -> WeightTraining:
        """Return the training of uniformly drawn connected paths of the subspace."""
        generator = self.experiment.streams.numpy(f"paths/{name}")
        paths = state.subspace.draw_paths(steps.steps, generator).tolist()
        return path_training(state.network, self.batches, paths, steps, self.experiment.training)

    def distances(
        self,
        state: SupernetState,
        edges: Sequence[int],
        batches: Batches,
        name: str,
        before_pass: Callable[[], None],
        *,
        soft: bool = False,
        should_stop: ShouldStop = never_stop,
    ) -> Distances:
        """Return the gradient distances where the other edges carry one drawn path per batch."""
        if soft:
            self.check_weights()
        generator = self.experiment.streams.numpy(f"matching paths/{name}")
        paths = state.subspace.draw_paths(len(batches), generator).tolist()
        return gradient_distances(
            state.network,
            state.subspace,
            edges,
            batches,
            paths,
            before_pass,
            should_stop=should_stop,
        )

    def select(
        self, state: SupernetState, codes: Codes, scores: NDArray[np.float64], name: str
    ) -> int:
        """Return the best-scored of some drawn connected architectures, the first drawn of equals.

        Drawn with replacement, as in [RSPS].
        """
        generator = self.experiment.streams.numpy(f"selection/{name}")
        connected = np.flatnonzero(is_connected(codes))
        pool = connected if connected.size else np.arange(len(codes))
        drawn = pool[generator.integers(pool.size, size=self.experiment.search.drawn)]
        return int(drawn[scores[drawn].argmax()])
