"""Scores of a fixed sample of architectures at points of the budget, beside a tree's training.

Training sees none of it: nothing is drawn from the seed's streams and no weight is touched, so the
final scores keep every bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.splitting import Subspace
from baselines.supernets.nb201 import Supernet
from benchmark.records.checkpoints import whole_number
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import Codes, live_codes

SAMPLE_SEED = 0  # of every run, so that all methods and seeds score the same architectures

Score = Callable[[Supernet, Codes], NDArray[np.float64]]


def trajectory_codes(candidates: Codes, count: int) -> Codes:
    """Return the architectures that trajectories score, drawn uniformly from the candidates.

    Args:
        candidates: Codes [n], ascending.
        count: How many, each once; all where there are fewer.

    Returns:
        Codes [count], ascending, the same at every call.

    Example:
        >>> trajectory_codes(np.arange(15625), 4)
        array([ 2038,  4824, 10725, 14864])
    """
    generator, size = Streams(SAMPLE_SEED).numpy("trajectory"), len(candidates)
    return candidates[np.sort(generator.choice(size, min(count, size), replace=False))]


class Trajectory:
    """Scores the sample at the first step that finds each point of the budget passed.

    An architecture is scored by the supernet that was trained last for it: its leaf once that has
    a step behind it, and until then the supernet above, which holds its siblings as well. While
    the leaves are trained one after the other, a point therefore shows finished ones, one under
    way, and parents.

    Args:
        experiment: Says how many points and architectures, and what was spent.
        score: Scores live codes by a supernet.
    """

    def __init__(self, experiment: Experiment, score: Score) -> None:
        settings = experiment.trajectory
        self._points = settings.points
        self._ledger = experiment.ledger
        self._score = score
        self._candidates = experiment.candidates
        count = settings.architectures if settings.points else 0
        self._codes = trajectory_codes(self._candidates, count)
        self._live = live_codes(self._codes)
        self._holder = np.zeros(len(self._codes), np.int64)  # which of the supernets, by number
        self._supernets: dict[int, Supernet] = {}
        self._held = 0
        self._reached = 0
        self._found: list[dict[str, Any]] = []

    def watch(
        self, subspace: Subspace, network: Supernet, *, begun: bool = False
    ) -> Callable[[], None]:
        """Return what must be called before each step of a supernet's training.

        Args:
            subspace: The part of the space that it holds.
            network: The supernet.
            begun: Whether it has steps of this training behind it already.
        """
        begun = begun or not self._supernets
        if begun:  # nothing else could score
            self._hold(subspace, network)

        def before_step() -> None:
            nonlocal begun
            self._look()
            if not begun:
                self._hold(subspace, network)
                begun = True

        return before_step

    def _hold(self, subspace: Subspace, network: Supernet) -> None:
        """Let a supernet score its part of the sample, and forget those that score nothing."""
        self._held += 1
        self._holder[subspace.contains(self._live)] = self._held
        known = {**self._supernets, self._held: network}
        self._supernets = {number: known[number] for number in np.unique(self._holder).tolist()}

    def _look(self) -> None:
        """Score the sample if a point of the budget has been passed since the last step."""
        spent = self._ledger.spent
        reached = spent * self._points // self._ledger.budget.images
        if reached > self._reached:
            self._reached = reached
            self._found.append({"spent": spent, "scores": self._scores()})

    def state_dict(self) -> dict[str, Any]:
        """Return what was found so far, as plain JSON values."""
        return {"reached": self._reached, "found": self._found}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._reached = whole_number(state["reached"])
        self._found = [
            {
                "spent": whole_number(point["spent"]),
                "scores": [float(score) for score in point["scores"]],
            }
            for point in state["found"]
        ]

    def to_trace(self, scores: NDArray[np.float64]) -> dict[str, Any]:
        """Return the part of a trace that holds the points, empty where there are none.

        Args:
            scores: The final ones of all candidates [n], which are the last point.
        """
        if not self._points:
            return {}
        final = scores[np.searchsorted(self._candidates, self._codes)]
        last = {"spent": self._ledger.spent, "scores": final.tolist()}
        return {
            "trajectory": {"codes": self._codes.tolist(), "points": [*self._found, last]},
        }

    def _scores(self) -> list[float]:
        scores = np.empty(len(self._codes))
        for number, network in self._supernets.items():
            mine = self._holder == number
            functions, places = np.unique(self._live[mine], return_inverse=True)
            scores[mine] = self._score(network, functions)[places]
        return [float(score) for score in scores]
