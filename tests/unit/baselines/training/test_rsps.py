from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.scoring import score_codes
from baselines.training import Rsps, SupernetState
from baselines.training.weights import StepRange
from benchmark.budget import Spending
from benchmark.errors import BudgetError, DivergedError, InputError
from benchmark.seeds import Streams
from tests.unit.baselines.naive import one_by_one
from tests.unit.baselines.tiny import BATCH, CANDIDATES, FULL, SPACE, tiny_experiment, tiny_search

LEFT, RIGHT = FULL.split([1], [[(0,), (3,)], [(1,), (2,), (4,)]])


def test_every_supernet_starts_from_the_same_weights() -> None:
    base, again = Rsps(tiny_experiment()), Rsps(tiny_experiment())
    other_seed = Rsps(tiny_experiment(seed=1)).start(FULL).network
    first, second, third = (one.start(FULL).network for one in (base, base, again))
    for name, weight in first.named_parameters():
        for same in (second.get_parameter(name), third.get_parameter(name)):
            assert same is not weight
            assert torch.equal(same, weight)
    weights = [next(network.parameters()) for network in (first, other_seed)]
    assert not torch.equal(*weights)


def test_each_step_is_paid_before_it_is_made() -> None:
    ticks: list[int] = []
    experiment = tiny_experiment(budget=3 * BATCH, tick=lambda: ticks.append(spent()))

    def spent() -> int:
        return experiment.ledger.parts[Spending.LEAF_TRAINING]

    base = Rsps(experiment)
    state, kind = base.start(FULL), Spending.LEAF_TRAINING
    losses = base.train(state, StepRange(0, 2, 4), kind, "here")
    assert state.progress == 0.5
    assert len(losses) == 2
    assert ticks == [BATCH, 2 * BATCH]
    with pytest.raises(BudgetError, match="leaf training asks for 4 images, but 0 of 12"):
        base.train(state, StepRange(1, 2, 4), kind, "here")


def test_a_training_that_diverges_names_its_supernet() -> None:
    base = Rsps(tiny_experiment(learning_rate=1e30, gradient_norm=1e30))
    with pytest.raises(DivergedError, match=r"^root\.1: the loss of step \d is nan"):
        base.train(base.start(FULL), StepRange(0, 5, 5), Spending.LEAF_TRAINING, "root.1")


def test_paths_are_those_of_the_named_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[int]] = []
    monkeypatch.setattr(
        "baselines.training.rsps.path_training",
        lambda network, batches, paths, *_: drawn.extend(paths.tolist()),
    )
    base = Rsps(tiny_experiment(seed=5))
    base.training(base.start(LEFT), StepRange(0, 500, 500), "x")
    expected = LEFT.draw(500, Streams(5).numpy("paths/x"))
    assert drawn == expected.tolist()
    codes = SPACE.encode(drawn)
    assert LEFT.contains(codes).all()
    assert (SPACE.canonical(codes) != 0).all()
    assert len(np.unique(codes)) > 400


def test_each_leaf_scores_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny_experiment()
    base = Rsps(experiment)
    one, other = base.start(LEFT).network, Rsps(tiny_experiment(seed=1)).start(RIGHT).network
    scores = base.score([SupernetState(LEFT, one), SupernetState(RIGHT, other)])
    monkeypatch.setattr(CellSupernet, "many_logits", one_by_one)
    live = SPACE.canonical(CANDIDATES)
    functions, first = np.unique(live, return_index=True)
    assert scores.shape == CANDIDATES.shape
    assert experiment.ledger.scored == len(functions) * experiment.scoring.images
    assert experiment.ledger.spent == 0
    np.testing.assert_array_equal(scores, scores[first][np.searchsorted(functions, live)])
    for subspace, network in ((LEFT, one), (RIGHT, other)):
        mine = subspace.contains(functions)
        assert mine.any()
        expected = score_codes(
            network,
            functions[mine][::7],
            experiment.images,
            experiment.scoring,
            lambda images: None,
        )
        np.testing.assert_allclose(scores[first][mine][::7], expected, rtol=0, atol=1e-3)


def test_leaves_must_hold_every_architecture_once() -> None:
    base = Rsps(tiny_experiment())
    with pytest.raises(InputError, match="not in exactly one leaf"):
        base.score([base.start(LEFT)])


def test_the_best_of_drawn_architectures_is_selected() -> None:
    """Drawn uniformly, with replacement, from the connected ones of those given."""
    base = Rsps(tiny_experiment(seed=3, search=tiny_search(drawn=20)))
    scores = np.random.default_rng(0).normal(size=len(CANDIDATES))
    state = base.start(LEFT)
    chosen = base.select(state, CANDIDATES, scores, "x")
    pool = np.flatnonzero(SPACE.works(CANDIDATES))
    drawn = pool[Streams(3).numpy("selection/x").integers(len(pool), size=20)].tolist()
    assert chosen == max(drawn, key=lambda place: scores[place])
    assert base.select(state, CANDIDATES, np.zeros(len(CANDIDATES)), "x") == drawn[0]
    assert base.select(state, np.array([0, 1]), np.array([1.0, 2.0]), "x") in (0, 1)


def test_a_soft_weight_needs_architecture_parameters() -> None:
    base = Rsps(tiny_experiment())
    with pytest.raises(InputError, match="rsps has no architecture parameters"):
        base.distances(base.start(FULL), [(0,)], base.batches, "x", lambda: None, soft=True)


def test_passes_of_matching_share_the_drawn_path() -> None:
    """It is a child of every decision, of those that are split together too."""
    assert Rsps.matching_passes([]) == 0
    assert Rsps.matching_passes([5]) == 5
    assert Rsps.matching_passes([5, 25, 3]) == 1 + 4 + 24 + 2
