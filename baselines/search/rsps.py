"""Random search with parameter sharing: every step trains one uniformly drawn connected path.

[RSPS] Li & Talwalkar, UAI 2019, arXiv 1902.07638, section 3.2. Every number that decides what is
trained comes from a named stream of the seed, so methods that use the same stream see the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.splitting import Subspace, scoring_plan
from baselines.supernet import Stretch, Supernet, score_codes, train_paths
from benchmark.budget import Spending
from benchmark.datasets import Batches
from benchmark.space import SIZE, Codes, live_codes


class Rsps:
    """Trains and scores the supernets of one experiment.

    Args:
        experiment: Images, scale, budget and streams.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._batches = Batches(
            experiment.images.train,
            size=experiment.training.batch_size,
            count=experiment.training.budget // experiment.training.batch_size,
            crop_padding=experiment.crop_padding,
            generator=experiment.streams.torch("batches"),
        )

    def new_supernet(self) -> Supernet:
        """Return a supernet with the seed's initial weights, the same at every call."""
        generator = self._experiment.streams.torch("initial weights")
        return Supernet(self._experiment.scale, generator).to(self._experiment.device)

    def train(
        self,
        network: Supernet,
        subspace: Subspace,
        stretch: Stretch,
        kind: Spending,
        paths: str,
        before_step: Callable[[], None] = lambda: None,
    ) -> list[float]:
        """Train uniformly drawn connected paths of a subspace, each step charged to the budget.

        Args:
            network: The supernet, changed in place.
            subspace: Where paths are drawn.
            stretch: Which steps of the network's training these are; step n takes batch n.
            kind: What the steps are charged as.
            paths: Name of the random stream that draws the paths.
            before_step: Called before each step is charged.

        Returns:
            The training loss of each step, in nats.
        """
        experiment = self._experiment
        drawn = subspace.draw_paths(stretch.steps, experiment.streams.numpy(paths)).tolist()

        def pay() -> None:
            before_step()
            experiment.ledger.charge(kind, experiment.training.batch_size)
            experiment.tick()

        return train_paths(network, self._batches, drawn, stretch, experiment.training, pay)

    def score(self, leaves: Sequence[tuple[Subspace, Supernet]]) -> NDArray[np.float64]:
        """Score the whole space, each distinct function once, by the leaf that holds its live form.

        Args:
            leaves: Subspaces that hold every architecture exactly once, and their supernets.

        Returns:
            Scores [15625] by code, higher is better.
        """
        by_code = np.full(SIZE, np.nan)
        plan = scoring_plan([subspace for subspace, _ in leaves])
        for codes, (_, network) in zip(plan, leaves, strict=True):
            by_code[codes] = self.score_functions(network, codes)
        return by_code[live_codes()]

    def score_functions(self, network: Supernet, codes: Codes) -> NDArray[np.float64]:
        """Score distinct functions by one supernet, counted beside the budget.

        Args:
            network: The supernet.
            codes: Live codes [n], ascending.

        Returns:
            Scores [n], higher is better.
        """
        experiment = self._experiment

        def count(images: int) -> None:
            experiment.ledger.record_scoring(images)
            experiment.tick()

        return score_codes(network, codes, experiment.images, experiment.scoring, count)
