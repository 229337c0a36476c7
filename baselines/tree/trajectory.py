"""Scores of a fixed sample of candidates at points of the budget, while a tree is trained.

Training is not affected: nothing is drawn from the seed's streams and no weight is changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.supernets.base import Supernet
from benchmark.records.checkpoints import whole_number
from benchmark.seeds import Streams
from benchmark.spaces.base import Codes
from benchmark.spaces.subspaces.subspace import Subspace

SAMPLE_SEED = 0  # of every run, so that all methods and seeds score the same architectures

Score = Callable[[Supernet, Codes], NDArray[np.float64]]


def trajectory_codes(candidates: Codes, count: int) -> Codes:
    """Return the candidates that trajectories score, drawn uniformly, ascending.

    The same at every call; all candidates where there are no more than ``count``.
    """
    generator, size = Streams(SAMPLE_SEED).numpy("trajectory"), len(candidates)
    return candidates[np.sort(generator.choice(size, min(count, size), replace=False))]


class Trajectory:
    """Scores the sample before the first step after each point of the budget.

    An architecture is scored by the supernet that was trained last for it: its leaf once that has
    been trained for a step, and until then the leaf's parent. While the leaves are trained one
    after the other, a point therefore mixes finished leaves, the current one, and parents.
    """

    def __init__(self, experiment: Experiment, score: Score) -> None:
        settings = experiment.trajectory
        self._points = settings.points
        self._ledger = experiment.ledger
        self._score = score
        self._candidates = experiment.candidates
        count = settings.architectures if settings.points else 0
        self._codes = trajectory_codes(self._candidates, count)
        self._canonical = experiment.space.canonical(self._codes)
        self._holder = np.zeros(len(self._codes), np.int64)  # number of each code's supernet
        self._supernets: dict[int, Supernet] = {}
        self._held = 0
        self._reached = 0
        self._found: list[dict[str, Any]] = []

    def watch(
        self, subspace: Subspace, network: Supernet, *, trained: bool = False
    ) -> Callable[[], None]:
        """Return a function to call before each step of a supernet's training.

        ``trained`` says whether steps of this training were done before.
        """
        is_first = not trained and bool(self._supernets)
        if not is_first:
            self._hold(subspace, network)

        def before_step() -> None:
            nonlocal is_first
            self._score_if_due()
            if is_first:
                self._hold(subspace, network)
                is_first = False

        return before_step

    def _hold(self, subspace: Subspace, network: Supernet) -> None:
        """Let a supernet score its part of the sample, and drop those that score nothing."""
        self._held += 1
        self._holder[subspace.contains(self._canonical)] = self._held
        known = {**self._supernets, self._held: network}
        self._supernets = {number: known[number] for number in np.unique(self._holder).tolist()}

    def _score_if_due(self) -> None:
        """Score the sample if a point of the budget has been passed since the last step."""
        spent = self._ledger.spent
        reached = spent * self._points // self._ledger.budget.images
        if reached > self._reached:
            self._reached = reached
            self._found.append({"spent": spent, "scores": self._scores()})

    def state_dict(self) -> dict[str, Any]:
        """Return the points found so far, as plain JSON values."""
        return {"reached": self._reached, "found": self._found}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load what `state_dict` returned."""
        self._reached = whole_number(state["reached"])
        self._found = [
            {
                "spent": whole_number(point["spent"]),
                "scores": [float(score) for score in point["scores"]],
            }
            for point in state["found"]
        ]

    def to_trace(self, scores: NDArray[np.float64]) -> dict[str, Any]:
        """Return the trajectory's part of a trace, given the final scores of all candidates [n]."""
        if not self._points:
            return {}
        final = scores[np.searchsorted(self._candidates, self._codes)]
        last = {"spent": self._ledger.spent, "scores": final.tolist()}
        return {"trajectory": {"codes": self._codes.tolist(), "points": [*self._found, last]}}

    def _scores(self) -> list[float]:
        scores = np.empty(len(self._codes))
        for number, network in self._supernets.items():
            mine = self._holder == number
            functions, places = np.unique(self._canonical[mine], return_inverse=True)
            scores[mine] = self._score(network, functions)[places]
        return [float(score) for score in scores]
