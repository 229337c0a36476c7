from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.few_shot import FewShot
from baselines.gm import Gm
from baselines.method import Method, Outcome
from baselines.one_shot import OneShot
from baselines.training import Base, Rsps, base_class
from baselines.training.weights import StepRange
from baselines.tree.schedule import Schedule
from baselines.tree.tree_training import LOSS_POINTS, Split, TreeNode, train_tree
from benchmark.budget import Spending
from benchmark.errors import BudgetError, CheckError, InputError, NasbenchError
from benchmark.spaces.base import Codes
from tests.unit.baselines.stubs import PASSES, StubbedRun, stubbed_run
from tests.unit.baselines.tiny import (
    BATCH,
    OPTIONS,
    SPACE,
    tiny_experiment,
    tiny_scale,
    tiny_search,
)

Options = dict[str, Any]

# Warm-up, matching and the level between leave a tenth of the least budget, a step for each leaf.
BUDGETS = st.integers(100 * BATCH, 300 * BATCH)
FEW_SHOT = st.fixed_dictionaries(
    {
        "warm_up": st.floats(0, 0.9, exclude_max=True),
        "epochs": st.just([]),
        "decisions": st.integers(0, 5).map(lambda decision: [decision]),
    }
)
GM = st.fixed_dictionaries(
    {
        "warm_up": st.floats(0, 0.4),
        "between": st.floats(0, 0.15),
        "epochs": st.just([]),
        "groups": st.lists(st.integers(2, 3), min_size=1, max_size=2),
        "min_size": st.integers(1, 2),
        "batches": st.integers(1, 2),
        "restart": st.sampled_from(["never", "always", "last"]),
        "partition": st.just("gradient"),
        "among": st.just(["*"]),
        "decision": st.just("best"),
        "decisions": st.just([]),
        "weight": st.just("hard"),
        "cut": st.sampled_from(["exact", "spectral"]),
        "stop_error": st.just(0.0),
    }
)


def gm(**changes: Any) -> Options:
    return {**OPTIONS["gm"], **changes}


def leaves_of(run: StubbedRun) -> list[str]:
    return [leaf["node"] for leaf in run.outcome.trace["leaves"]]


def parent_of(node: str) -> str:
    return node.rpartition(".")[0]


def end_of(run: StubbedRun, node: str) -> int:
    span = run.trained[node].span
    return span.start + span.steps


def starts_anew(node: str, run: StubbedRun, options: Options) -> bool:
    restart = options["restart"]
    is_leaf = node in leaves_of(run)
    return node == "root" or restart == "always" or (restart == "last" and is_leaf)


def steps_behind(run: StubbedRun, node: str) -> int:
    """Return how many steps a node's weights were trained for before its own training."""
    initial = run.trained["root"].weights
    trained = {
        round(float((weight - initial[name]).mean()))
        for name, weight in run.trained[node].weights.items()
    }
    (steps,) = trained
    return steps


@settings(max_examples=8)
@given(BUDGETS, st.integers(0, 9), FEW_SHOT, GM)
def test_methods_get_the_same(budget: int, seed: int, few_shot: Options, gm: Options) -> None:
    """Equal weights and batches to begin with, equal paths while warming up, an equal budget."""
    methods: dict[type[Method], Any] = {OneShot: OPTIONS["one-shot"], FewShot: few_shot, Gm: gm}
    runs = [stubbed_run(method, own, seed, budget=budget) for method, own in methods.items()]
    first = runs[0].trained["root"]
    for run in runs:
        assert budget - BATCH < run.ledger.spent <= budget
        root = run.trained["root"]
        for name, weight in root.weights.items():
            assert torch.equal(weight, first.weights[name])
        assert root.span.start == 0
        np.testing.assert_array_equal(root.paths, first.paths[: root.span.steps])
        for one in run.trained.values():
            assert len(one.batches) == len(first.batches) == budget // BATCH
            for number in (0, len(first.batches) - 1):
                for mine, theirs in zip(one.batches[number], first.batches[number], strict=True):
                    assert torch.equal(mine, theirs)


@settings(max_examples=8)
@given(BUDGETS, GM)
def test_a_tree_trains_what_its_schedule_says(budget: int, options: Options) -> None:
    run = stubbed_run(Gm, options, budget=budget)
    steps, leaves = budget // BATCH, leaves_of(run)
    lengths = {node: one.span.steps for node, one in run.trained.items()}
    assert lengths["root"] == round(options["warm_up"] * steps)
    middle = [node for node in lengths if node not in leaves and node != "root"]
    if len(options["groups"]) == 2:
        assert sum(lengths[node] for node in middle) == round(options["between"] * steps)
        assert np.ptp([lengths[node] for node in middle]) <= 1
    assert np.ptp([lengths[leaf] for leaf in leaves]) <= 1
    matching = PASSES * options["batches"] * len(run.matched)
    assert sum(lengths.values()) + matching == steps
    assert run.ledger.parts == {
        Spending.SHARED_TRAINING: lengths["root"] * BATCH,
        Spending.GRADIENT_MATCHING: matching * BATCH,
        Spending.LEAF_TRAINING: sum(lengths[node] for node in lengths if node != "root") * BATCH,
    }


@settings(max_examples=8)
@given(BUDGETS, GM)
def test_weights_have_the_steps_behind_them_that_they_should(budget: int, options: Options) -> None:
    run = stubbed_run(Gm, options, budget=budget)
    for node, one in run.trained.items():
        inherited = 0 if starts_anew(node, run, options) else end_of(run, parent_of(node))
        assert one.span.start == steps_behind(run, node) == inherited
        assert len(one.paths) == one.span.steps
    for leaf in run.outcome.trace["leaves"]:
        assert leaf["steps"] == end_of(run, leaf["node"])
    assert len({id(one.network) for one in run.trained.values()}) == len(run.trained)


@settings(max_examples=8)
@given(BUDGETS, GM)
def test_one_cosine_runs_over_a_lineage(budget: int, options: Options) -> None:
    """It is planned before the cost of matching is known, so by that it may be too long."""
    run = stubbed_run(Gm, options, budget=budget)
    matching = PASSES * options["batches"] * len(run.matched)
    totals = {node: one.span.total for node, one in run.trained.items()}
    for node, total in totals.items():
        if node in leaves_of(run):
            assert total == end_of(run, node)
        if node == "root":
            continue
        before = totals[parent_of(node)]
        if starts_anew(node, run, options):  # planned as if it went on
            before -= end_of(run, parent_of(node))
        assert -2 <= before - total <= matching + 2  # each level rounds to a step


def test_the_published_rates_fall_over_a_whole_lineage() -> None:
    """20, 20 and 50 epochs in the paper, 2, 1 and 3 here, of six steps each."""
    options = gm(warm_up=0.0, between=0.0, epochs=[2, 1, 3], restart="last")
    run = stubbed_run(Gm, options, budget=10_000)
    assert run.trained["root"].span == StepRange(0, 12, total=36, cosine_steps=36)
    assert run.trained["root.1"].span == StepRange(12, 6, total=36, cosine_steps=36)
    assert run.trained["root.1.0"].span == StepRange(0, 18, total=18, cosine_steps=36)


def test_few_shots_published_rate_falls_anew_for_each_supernet() -> None:
    run = stubbed_run(FewShot, {"warm_up": 0.0, "epochs": [2, 3], "decisions": [0]}, budget=10_000)
    root, leaf = run.trained["root"].span, run.trained["root.4"].span
    assert (root.cosine_start, root.cosine_steps) == (0, 12)
    assert leaf == StepRange(12, 18, total=30, cosine_start=12, cosine_steps=18)


@pytest.mark.parametrize(("restart", "passes"), [("never", 2), ("last", 1), ("always", 1)])
def test_parameters_are_frozen_above_leaves_that_start_anew(restart: str, passes: int) -> None:
    experiment = tiny_experiment(search=tiny_search("darts"), budget=150 * BATCH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "baselines.training.base.score_codes",
            lambda network, codes, *_, **__: np.zeros(len(codes)),
        )
        outcome = Gm(gm(restart=restart)).run(experiment)
    warm_up = round(0.2 * (150 // passes))
    assert experiment.ledger.parts[Spending.SHARED_TRAINING] == warm_up * passes * BATCH
    assert outcome.trace["levels"][0]["images"] == warm_up * passes * BATCH
    assert experiment.ledger.left < 2 * BATCH  # a leaf's step passes two batches


def test_siblings_draw_paths_of_their_own() -> None:
    run = stubbed_run(FewShot, OPTIONS["few-shot"])
    others = {str(run.trained[leaf].paths[:, 1:].tolist()) for leaf in leaves_of(run)}
    assert len(others) == 5
    for operation, leaf in enumerate(leaves_of(run)):
        assert {path[0] for path in run.trained[leaf].paths} == {operation}


@pytest.mark.parametrize(
    ("method", "options", "error", "message"),
    [
        pytest.param(
            FewShot,
            {"warm_up": 0.98, "epochs": [], "decisions": [0]},
            InputError,
            "8 of 400 images are left for the leaves after warm-up and all gradient matching, "
            "but a step of each takes 20: raise the budget, or lower warm_up, between or batches",
            id="few steps for the leaves",
        ),
        pytest.param(
            Gm,
            gm(warm_up=0.51, groups=[2], batches=16),
            CheckError,
            "1 steps of the budget are left for 2 leaves: raise the budget, or",
            id="few steps for the leaves after matching, in a run without a plan",
        ),
        pytest.param(
            Gm,
            gm(warm_up=1.0),
            InputError,
            "warm_up and between take 110% of the budget: leave some for the leaves",
            id="nothing left to match with",
        ),
        pytest.param(
            Gm,
            gm(warm_up=0.7, between=0.5),
            InputError,
            "warm_up and between take 120% of the budget: leave some for the leaves",
            id="shares beyond the whole",
        ),
        pytest.param(
            Gm,
            gm(warm_up=0.5, between=0.0, batches=40),
            BudgetError,
            "gradient matching asks for 4 images",
            id="too many batches to match",
        ),
    ],
)
def test_too_small_a_budget_is_an_error(
    method: type[Method], options: Options, error: type[NasbenchError], message: str
) -> None:
    with pytest.raises(error) as caught:
        stubbed_run(method, options, budget=100 * BATCH)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_each_node_chooses_its_own_split() -> None:
    """The left child of the root divides another decision than the right one."""
    seen: dict[str, TreeNode] = {}

    def choose_split(base: Base, node: TreeNode) -> Split:
        seen[node.name] = node
        decision = {"root": 0, "root.0": 1, "root.1": 5}[node.name]
        groups = (((0,), (1,)), ((2,), (3,), (4,)))
        return Split((decision,), groups, {"why": node.name})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "baselines.training.base.score_codes",
            lambda network, codes, *_, **__: np.full(len(codes), 1.0),
        )
        outcome = train_tree(tiny_experiment(), Schedule(0.2, 0.2, (2, 2)), choose_split)
    splits = [
        (split["node"], split["decisions"], split["why"]) for split in outcome.trace["splits"]
    ]
    assert splits == [
        ("root", ["0→1"], "root"),
        ("root.0", ["0→2"], "root.0"),
        ("root.1", ["2→3"], "root.1"),
    ]
    assert [leaf["architectures"] for leaf in outcome.trace["leaves"]] == [2500, 3750, 3750, 5625]
    assert seen["root"].steps == 30
    assert seen["root.1"].steps == 45
    assert seen["root.0"].state.network is not seen["root"].state.network


def test_losses_are_thinned_to_means_of_neighbours() -> None:
    def choose_split(base: Base, node: TreeNode) -> Split:
        return Split((0,), tuple(((option,),) for option in range(5)))

    steps = 3 * LOSS_POINTS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Rsps,
            "train",
            lambda base, state, span, *_, **__: [*map(float, range(span.steps))],
        )
        patch.setattr(
            "baselines.training.base.score_codes",
            lambda network, codes, *_, **__: np.zeros(len(codes)),
        )
        experiment = tiny_experiment(budget=2 * steps * BATCH)
        losses = train_tree(experiment, Schedule(0.5, 0, (5,)), choose_split).trace["losses"]
    assert losses["root"] == [3 * point + 1 for point in range(LOSS_POINTS)]
    assert len(losses["root.0"]) == LOSS_POINTS


@pytest.mark.parametrize("base", ["rsps", "darts", "snas"])
def test_a_leaf_selects_among_what_it_scored(base: str) -> None:
    """The leaf of `none` on edge 0→1 scores best, and all that have a dead edge 0→1."""
    outcome = untrained_few_shot(base, SPACE.all_codes())
    for number, leaf in enumerate(outcome.trace["leaves"]):
        code = SPACE.parse(leaf["selected"]["architecture"])
        assert leaf["selected"]["score"] == outcome.scores[code] == -number
    assert outcome.trace["choice"] == outcome.trace["leaves"][0]["selected"]


@pytest.mark.parametrize("base", ["rsps", "darts"])
def test_a_leaf_without_candidates_selects_nothing(base: str) -> None:
    """Of the two candidates, the last leaf's with a dead edge 0→1 is scored by the first leaf."""
    candidates = SPACE.encode([[4, 3, 0, 3, 0, 3], [2, 3, 0, 3, 3, 3]])
    outcome = untrained_few_shot(base, np.sort(candidates))
    leaves = outcome.trace["leaves"]
    selected = [leaf.get("selected", {}).get("architecture") for leaf in leaves]
    assert selected == [SPACE.format(candidates[0]), None, SPACE.format(candidates[1]), None, None]
    assert outcome.trace["choice"] == leaves[0]["selected"]


def untrained_few_shot(base: str, candidates: Codes) -> Outcome:
    """Run few-shot NAS without training, where leaf n gives every architecture the score -n.

    Differentiable bases have α whose argmax leaves edge 0→1 dead.
    """
    calls = count()
    alpha = torch.eye(5)[[3, 3, 0, 3, 0, 3]]  # none on 1→2 and 1→3
    experiment = tiny_experiment(
        scale=tiny_scale(channels=1), candidates=candidates, search=tiny_search(base)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "baselines.training.base.score_codes",
            lambda network, codes, *_, **__: np.full(len(codes), -float(next(calls))),
        )
        patch.setattr(Base, "train", lambda self, state, steps, *_, **__: [0.0] * steps.steps)
        patch.setattr(base_class(base), "initial_parameters", lambda *_: alpha, raising=False)
        return FewShot(OPTIONS["few-shot"]).run(experiment)
