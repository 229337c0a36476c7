from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from baselines.few_shot import FewShot
from baselines.gm import Gm
from baselines.method import Method
from baselines.one_shot import OneShot
from baselines.supernets.base import Supernet
from baselines.training import Base, Rsps, SupernetState
from baselines.training.weights import StepRange
from baselines.tree.schedule import Restart, Schedule
from baselines.tree.trajectory import trajectory_codes
from baselines.tree.tree_training import Split, TreeNode, train_tree
from benchmark.budget import Spending
from benchmark.spaces.base import Codes
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import TrajectorySettings
from tests.unit.baselines.tiny import BATCH, CANDIDATES, OPTIONS, SPACE, tiny_experiment

METHODS = [OneShot, FewShot, Gm]


def steps_behind(network: Supernet) -> float:
    """Return how many steps a weight was trained for, each of which adds 1."""
    return float(next(network.parameters()).detach().flatten()[0])


def watched_tree(
    restart: Restart, points: int, budget: int
) -> tuple[list[dict[str, Any]], Codes, dict[int, NDArray[np.float64]]]:
    """Grow a tree whose steps add 1 to a weight and whose scores are that weight.

    Returns:
        The trajectory's points and codes, and by images spent what the plain way gives: for every
        architecture the weight that training has last changed for it.
    """
    latest = np.zeros(SPACE.size)
    history = {}
    experiment = tiny_experiment(budget=budget, trajectory=TrajectorySettings(points, 60))

    def train(
        self: Rsps,
        state: SupernetState,
        span: StepRange,
        kind: Spending,
        name: str,
        before_step: Callable[[Any], None],
        resumed: None,
        *,
        frozen: bool,
    ) -> list[float]:
        for _ in range(span.steps):
            history[experiment.ledger.spent] = latest.copy()
            before_step(None)
            experiment.ledger.charge(kind, BATCH)
            with torch.no_grad():
                next(state.network.parameters()).add_(1)
            latest[state.subspace.codes()] = steps_behind(state.network)
        return [0.0] * span.steps

    def start(self: Rsps, subspace: Subspace) -> SupernetState:
        state = original(self, subspace)
        with torch.no_grad():
            next(state.network.parameters()).zero_()
        return state

    def choose_split(base: Base, node: TreeNode) -> Split:
        experiment.ledger.charge(Spending.GRADIENT_MATCHING, 11 * BATCH)
        decision = {"root": 2, "root.0": 0, "root.1": 4}[node.name]
        return Split((decision,), (((0,), (3,)), ((1,), (2,), (4,))))

    original = Rsps.start
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rsps, "train", train)
        patch.setattr(Rsps, "start", start)
        patch.setattr(
            "baselines.training.base.score_codes",
            lambda network, codes, *_, **__: np.full(len(codes), steps_behind(network)),
        )
        trace = train_tree(experiment, Schedule(0.3, 0.2, (2, 2), restart), choose_split).trace
    kept = trace["trajectory"]
    return kept["points"], np.array(kept["codes"]), history


@pytest.mark.parametrize("method", METHODS)
def test_a_trajectory_changes_nothing_else(method: type[Method]) -> None:
    options = OPTIONS.get(method.name, {})
    with_it = tiny_experiment(trajectory=TrajectorySettings(points=5, architectures=20))
    without = tiny_experiment()
    one, other = method(options).run(with_it), method(options).run(without)
    assert one.scores.tobytes() == other.scores.tobytes()
    assert {**other.trace, "trajectory": one.trace["trajectory"]} == one.trace
    assert "trajectory" not in other.trace
    assert with_it.ledger.parts == without.ledger.parts


@pytest.mark.parametrize("method", METHODS)
def test_its_last_point_is_the_end(method: type[Method]) -> None:
    experiment = tiny_experiment(trajectory=TrajectorySettings(points=3, architectures=20))
    outcome = method(OPTIONS.get(method.name, {})).run(experiment)
    kept = outcome.trace["trajectory"]
    assert kept["codes"] == trajectory_codes(CANDIDATES, 20).tolist()
    places = np.searchsorted(CANDIDATES, kept["codes"])
    assert kept["points"][-1] == {
        "spent": experiment.ledger.spent,
        "scores": outcome.scores[places].tolist(),
    }
    assert len({str(point["scores"]) for point in kept["points"]}) == 3


@settings(max_examples=10, deadline=None)
@given(
    st.sampled_from(["never", "always", "last"]),
    st.integers(1, 60),
    st.integers(100 * BATCH, 200 * BATCH),
)
def test_an_architecture_is_scored_by_what_was_trained_last_for_it(
    restart: Restart, points: int, budget: int
) -> None:
    found, codes, history = watched_tree(restart, points, budget)
    for point in found[:-1]:
        expected = history[point["spent"]][SPACE.canonical(codes)]
        assert point["scores"] == expected.tolist()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 60), st.integers(100 * BATCH, 200 * BATCH))
def test_points_stand_at_the_first_step_that_may_see_them(points: int, budget: int) -> None:
    found, _, history = watched_tree("never", points, budget)
    marks = [budget * number / points for number in range(1, points)]
    due = [min((spent for spent in history if spent >= mark), default=None) for mark in marks]
    expected = sorted({spent for spent in due if spent is not None})
    assert [point["spent"] for point in found[:-1]] == expected


def test_its_scoring_is_counted_beside_the_budget() -> None:
    experiment = tiny_experiment(trajectory=TrajectorySettings(points=4, architectures=100))
    OneShot(OPTIONS["one-shot"]).run(experiment)
    sample = trajectory_codes(CANDIDATES, 100)
    once, sampled = (len(np.unique(SPACE.canonical(codes))) for codes in (CANDIDATES, sample))
    assert sampled < 100  # some of them are one function
    assert experiment.ledger.scored == (once + 3 * sampled) * experiment.scoring.images


def test_the_sample_is_fixed_and_holds_each_candidate_once() -> None:
    codes = trajectory_codes(CANDIDATES, 100)
    assert np.array_equal(codes, trajectory_codes(CANDIDATES, 100))
    assert len(np.unique(codes)) == 100
    assert np.isin(codes, CANDIDATES).all()
    assert np.array_equal(trajectory_codes(CANDIDATES, SPACE.size), CANDIDATES)
