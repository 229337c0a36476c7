from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.gm import Gm
from baselines.splitting import (
    Decisions,
    Partition,
    best_decision,
    best_partition,
    spectral_partition,
)
from baselines.training import base_class
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.spaces.nb201 import OPERATIONS
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.task import parse_task
from tests.command_line import TINY_PRESET
from tests.unit.baselines.conformance import TrainedConformance, cached_run
from tests.unit.baselines.stubs import stubbed_run
from tests.unit.baselines.tiny import (
    BATCH,
    CANDIDATES,
    OPTIONS,
    SPACE,
    tiny_experiment,
    tiny_images,
    tiny_search,
)

NAMES = [decision.name for decision in SPACE.decisions]
PAIR = "0→2 & 1→2"
PAIRS = [f"{one} & {other}" for one in OPERATIONS for other in OPERATIONS]


class TestGm(TrainedConformance):
    method = Gm


def test_each_split_follows_from_its_distances() -> None:
    trace = cached_run(Gm).outcome.trace
    assert [split["node"] for split in trace["splits"]] == ["root", "root.0", "root.1"]
    for split in trace["splits"]:
        partitions: dict[Decisions, Partition] = {
            (NAMES.index(decision),): best_partition(np.array(matrix), groups=2, min_size=2)
            for decision, matrix in split["distances"].items()
        }
        (chosen,) = best_decision(partitions)
        found = partitions[(chosen,)]
        assert split["decisions"] == [NAMES[chosen]]
        assert split["separated"] == found.separated > 0
        assert split["groups"] == [[OPERATIONS[op] for op in group] for group in found.groups]


def test_a_lineage_never_splits_a_decision_twice() -> None:
    first, *others = cached_run(Gm).outcome.trace["splits"]
    assert list(first["distances"]) == NAMES
    for split in others:
        assert list(split["distances"]) == [name for name in NAMES if [name] != first["decisions"]]


@pytest.mark.parametrize("groups", [[2], [2, 2, 2], [3, 3], [5], [2, 3], [3, 2]])
def test_every_level_multiplies_the_leaves(groups: list[int]) -> None:
    options = {**OPTIONS["gm"], "groups": groups, "min_size": 1}
    trace = stubbed_run(Gm, options, budget=4_000).outcome.trace
    splits: list[list[dict[str, Any]]] = [[] for _ in groups]
    for split in trace["splits"]:
        splits[split["node"].count(".")].append(split)
    assert list(map(len, splits)) == [math.prod(groups[:level]) for level in range(len(groups))]
    for level, number in enumerate(groups):
        assert {len(split["groups"]) for split in splits[level]} == {number}
    assert len(trace["leaves"]) == math.prod(groups)
    assert [one["supernets"] for one in trace["levels"]][-1] == math.prod(groups)
    assert sum(leaf["architectures"] for leaf in trace["leaves"]) == 15625


def test_the_trace_has_the_number_of_batches_used() -> None:
    """The only check is after eight of twelve batches."""
    options = {
        **OPTIONS["gm"],
        "groups": [2],
        "batches": 12,
        "decision": "fixed",
        "decisions": [0],
    }
    everything = Gm(options).run(tiny_experiment(budget=100 * BATCH))
    assert "batches" not in everything.trace["splits"][0]
    experiment = tiny_experiment(budget=100 * BATCH)
    saving = Gm({**options, "stop_error": 0.5}).run(experiment)
    (split,) = saving.trace["splits"]
    assert split["batches"]["planned"] == 12
    assert split["batches"]["used"] in (8, 12)
    matching = experiment.ledger.to_dict()["parts"][Spending.GRADIENT_MATCHING]
    assert matching <= split["batches"]["used"] * 5 * BATCH


def test_every_node_matches_on_batches_and_paths_of_its_own() -> None:
    run = stubbed_run(Gm, {**OPTIONS["gm"], "batches": 2})
    assert len(run.matched) == 3
    for matched in run.matched:
        assert len(matched.paths) == len(matched.batches) == 2
        assert matched.subspace.contains(SPACE.encode(matched.paths)).all()
        assert SPACE.works(SPACE.encode(matched.paths)).all()
    batches = [*(one.batches for one in run.matched), run.trained["root"].batches]
    assert len({one[0][0].numpy().tobytes() for one in batches}) == 4


def leaf_subspaces(trace: Mapping[str, Any]) -> list[Subspace]:
    """Return the subspaces of the leaves, after checking that the trace lists their options."""
    nodes = subspaces_of(trace["splits"], SPACE)
    leaves = [nodes[leaf["node"]] for leaf in trace["leaves"]]
    assert [leaf["options"] for leaf in trace["leaves"]] == [leaf.to_lists() for leaf in leaves]
    assert [leaf["architectures"] for leaf in trace["leaves"]] == [leaf.size for leaf in leaves]
    return leaves


def test_two_levels_give_four_leaves_that_split_two_decisions_each() -> None:
    leaves = leaf_subspaces(cached_run(Gm).outcome.trace)
    assert len(leaves) == 4
    for leaf in leaves:
        assert sum(map(leaf.is_split, range(len(SPACE)))) == 2
    held = np.concatenate([leaf.codes() for leaf in leaves])
    assert sorted(held.tolist()) == list(range(SPACE.size))


@pytest.mark.parametrize("base", ["darts-2nd", "snas"])
def test_other_bases_grow_the_same_tree(base: str) -> None:
    experiment = tiny_experiment(search=tiny_search(base), budget=200 * BATCH)
    outcome = Gm(OPTIONS["gm"]).run(experiment)
    assert len(outcome.trace["leaves"]) == 4
    assert np.isfinite(outcome.scores).all()
    passes = base_class(base).passes
    assert 0 <= experiment.ledger.left < passes * BATCH
    assert experiment.ledger.parts[Spending.GRADIENT_MATCHING] == (30 + 2 * 25) * BATCH
    for leaf in outcome.trace["leaves"]:
        code = SPACE.parse(leaf["selected"]["architecture"])
        assert leaf["selected"]["score"] == outcome.scores[np.searchsorted(CANDIDATES, code)]
    best = max(leaf["selected"]["score"] for leaf in outcome.trace["leaves"])
    assert outcome.trace["choice"]["score"] == best


TREES = st.fixed_dictionaries(
    {
        "groups": st.lists(st.integers(2, 3), min_size=1, max_size=3),
        "min_size": st.integers(1, 2),
        "partition": st.sampled_from(["gradient", "random"]),
        "decision": st.sampled_from(["best", "random", "fixed"]),
        "cut": st.sampled_from(["exact", "spectral"]),
        "restart": st.sampled_from(["never", "always", "last"]),
        "order": st.permutations(range(len(SPACE))),
    }
)


@settings(max_examples=10)
@given(tree=TREES, seed=st.integers(0, 9))
def test_leaves_of_any_tree_divide_the_space(tree: dict[str, Any], seed: int) -> None:
    order, groups = tree.pop("order"), tree["groups"]
    fixed = order[: len(groups)] if tree["decision"] == "fixed" else []
    options = {**OPTIONS["gm"], **tree, "decisions": fixed}
    run = stubbed_run(Gm, options, seed, budget=2_000 * BATCH)
    leaves = leaf_subspaces(run.outcome.trace)
    assert len(leaves) == math.prod(groups)
    held = np.zeros(SPACE.size, np.int64)
    for leaf in leaves:
        held[leaf.codes()] += 1
        split = [place for place in range(len(SPACE)) if leaf.is_split(place)]
        assert len(split) == len(groups)
        assert not fixed or split == sorted(fixed)
    assert (held == 1).all()
    for one in run.outcome.trace["splits"]:
        number = groups[one["node"].count(".")]
        assert len(one["groups"]) == number
        least = min(tree["min_size"], len(OPERATIONS) // number)
        assert min(map(len, one["groups"])) >= least
    free = tree["partition"] == "random" and tree["decision"] != "best"
    matched = [split.get("distances") for split in run.outcome.trace["splits"]]
    assert all((one is None) == free for one in matched)
    if free:
        assert run.ledger.parts[Spending.GRADIENT_MATCHING] == 0


@pytest.mark.parametrize(
    ("base", "decision"),
    [("rsps", "best"), ("rsps", "random"), ("darts", "best"), ("snas", "random")],
)
def test_a_schedule_in_epochs_spends_no_more_than_its_plan(base: str, decision: str) -> None:
    options = {
        **OPTIONS["gm"],
        "warm_up": 0.0,
        "between": 0.0,
        "epochs": [2, 1, 3],
        "restart": "last",
        "decision": decision,
    }
    text = text_of_task(base)
    task = parse_task("tiny", text)
    images = tiny_images()
    plan = Gm(options).plan(task, len(images.train))
    experiment = tiny_experiment(images=images, search=tiny_search(base), budget=plan.budget)
    outcome = Gm(options).run(experiment)
    parts, planned = experiment.ledger.parts, plan.parts
    assert not outcome.trace["equal budget"]
    for kind in (Spending.SHARED_TRAINING, Spending.LEAF_TRAINING):
        assert parts[kind] == planned[kind]
    assert 0 < parts[Spending.GRADIENT_MATCHING] <= planned[Spending.GRADIENT_MATCHING]
    if base != "rsps":
        assert parts[Spending.GRADIENT_MATCHING] == planned[Spending.GRADIENT_MATCHING]
    levels = outcome.trace["levels"]
    assert [one["supernets"] for one in levels] == [1, 2, 4]
    assert [one["images"] for one in levels] == [level.images for level in plan.levels]
    assert sum(one["matching"] for one in levels) == parts[Spending.GRADIENT_MATCHING]
    assert [leaf["steps"] for leaf in outcome.trace["leaves"]] == 4 * [3 * 24 // BATCH]


def test_soft_weights_without_architecture_parameters_are_refused_beforehand() -> None:
    options = {**OPTIONS["gm"], "warm_up": 0.0, "between": 0.0, "epochs": [2, 1, 3]}
    task = parse_task("tiny", text_of_task("rsps"))
    with pytest.raises(InputError, match="base rsps has no architecture parameters to weigh"):
        Gm({**options, "weight": "soft"}).plan(task, 24)


@pytest.mark.parametrize("stop_error", [0.0, 0.05])
def test_matching_that_may_leave_nothing_for_the_leaves_is_refused_beforehand(
    stop_error: float,
) -> None:
    """Of 150 steps 45 train above the leaves, and a batch passes up to 25 + 2·21 times."""
    task = parse_task("tiny", TINY_PRESET)
    options = {**OPTIONS["gm"], "stop_error": stop_error}
    assert Gm(options).plan(task, 24).levels[-1].steps == 150 - 45 - 67
    with pytest.raises(InputError, match="0 of 600 images are left for the leaves after warm-up"):
        Gm({**options, "batches": 2}).plan(task, 24)


def text_of_task(base: str) -> str:
    return (
        TINY_PRESET.replace('base = "rsps"', f'base = "{base}"')
        .replace("budget = 600", 'budget = "schedule"')
        .replace("batch_size = 4", f"batch_size = {BATCH}")
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": "fixed"}, r"decisions are \[\]: give 2, all different, as decision is 'fix"),
        ({"decision": "fixed", "decisions": [1, 1]}, r"decisions are \[1, 1\]: give 2, all diff"),
        ({"decisions": [1]}, r"decisions are \[1\]: give none, as decision is 'best' and there ar"),
        ({"groups": []}, r"groups is \[\]: it must be a list of 1 or more"),
        ({"groups": [2, 1]}, r"groups\[1\] is 1: it must be 2 or more"),
        ({"among": []}, r"among is \[\]: it must be a list of 1 or more"),
        ({"batches": 0}, "batches is 0: it must be 1 or more"),
        ({"between": -0.1}, "between is -0.1: it must be from 0 to 1"),
        ({"cut": "spectral", "stop_error": 0.05}, "stop_error is 0.05: it needs the exact cut"),
        ({"restart": "sometimes"}, "'sometimes': choose from always, last, never"),
    ],
)
def test_options_are_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Gm({**OPTIONS["gm"], **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": 7 * [2]}, r"groups are \[2, .*\]: of .*, 6 of NAS-Bench-201 have 2 options or"),
        ({"groups": [2, 6]}, r"groups are \[2, 6\]: of .*, 0 of .* 6 options .* for level 2; ask"),
        ({"groups": [2, 2], "among": ["0→1"]}, r"groups are \[2, 2\]: of .*, 1 of .* for level 2;"),
        ({"among": ["layer*"]}, r"among is \['layer\*'\]: no decision of NAS-Bench-201 is called"),
        ({"among": ["0→1 & 0→4"]}, "unknown decision of NAS-Bench-201 '0→4'"),
        (
            {"decision": "fixed", "decisions": [0, "0->1"]},
            r"decisions are \[0, '0->1'\]: one would be split twice",
        ),
        (
            {"decision": "fixed", "decisions": ["0→1 & 0→2", 1]},
            r"decisions are \['0→1 & 0→2', 1\]: one would be split twice",
        ),
        ({"decision": "fixed", "decisions": [0, 6]}, "decision 6 is out of bounds"),
        ({"among": ["0→1 & 0→1"]}, "'0→1 & 0→1' names a decision twice: give different ones"),
        (
            {"decision": "fixed", "decisions": [0, 5], "groups": [2, 6]},
            "0 of NAS-Bench-201 have 6 options or more, too few for level 2",
        ),
    ],
)
@pytest.mark.parametrize("partition", ["gradient", "random"])
def test_what_no_space_allows_is_refused_beforehand(
    partition: str, change: dict[str, Any], message: str
) -> None:
    options = {**OPTIONS["gm"], "partition": partition, **change}
    if partition == "random" and options["decision"] == "best":
        options["decision"] = "random"  # then nothing is matched
    task = parse_task("tiny", TINY_PRESET)
    with pytest.raises(InputError, match=message):
        Gm(options).plan(task, 24)
    joint = {**OPTIONS["gm"], "batches": 1, "groups": [6], "among": ["0→1 & 0→2"]}
    assert Gm({**joint, "decision": "random", "partition": "random"}).plan(task, 24).equal


def test_two_decisions_are_split_together_by_their_gradients() -> None:
    options = {**OPTIONS["gm"], "among": [PAIR], "groups": [3], "cut": "spectral", "warm_up": 0.3}
    experiment = tiny_experiment(budget=120 * BATCH)
    outcome = Gm(options).run(experiment)
    (split,) = outcome.trace["splits"]
    assert split["decisions"] == ["0→2", "1→2"]
    assert list(split["distances"]) == [PAIR]
    matrix = np.array(split["distances"][PAIR])
    assert matrix.shape == (25, 25)
    found = spectral_partition(matrix, 3, 2)
    assert split["groups"] == [[PAIRS[place] for place in group] for group in found.groups]
    assert split["separated"] == found.separated > 0
    assert 0 < experiment.ledger.parts[Spending.GRADIENT_MATCHING] <= 25 * BATCH

    leaves = leaf_subspaces(outcome.trace)
    assert sum(leaf.size for leaf in leaves) == SPACE.size
    choices = SPACE.decode(SPACE.all_codes())
    names = [f"{OPERATIONS[one]} & {OPERATIONS[two]}" for one, two in choices[:, 1:3].tolist()]
    for leaf, group in zip(leaves, split["groups"], strict=True):
        np.testing.assert_array_equal(leaf.contains(SPACE.all_codes()), np.isin(names, group))
    assert np.isfinite(outcome.scores).all()


def test_levels_split_single_and_joint_decisions_into_numbers_of_their_own() -> None:
    options = {
        **OPTIONS["gm"],
        "decision": "fixed",
        "decisions": ["2->3", PAIR],
        "groups": [2, 3],
        "cut": "spectral",
        "min_size": 1,
    }
    trace = Gm(options).run(tiny_experiment(budget=300 * BATCH)).trace
    assert [split["decisions"] for split in trace["splits"]] == [["2→3"], *2 * [["0→2", "1→2"]]]
    assert [len(split["groups"]) for split in trace["splits"]] == [2, 3, 3]
    assert [one["supernets"] for one in trace["levels"]] == [1, 2, 6]
    held = np.concatenate([leaf.codes() for leaf in leaf_subspaces(trace)])
    assert sorted(held.tolist()) == list(range(SPACE.size))
    shapes = [
        {name: np.shape(matrix) for name, matrix in split["distances"].items()}
        for split in trace["splits"]
    ]
    assert shapes == [{"2→3": (5, 5)}, *2 * [{PAIR: (25, 25)}]]


def test_a_random_partition_of_joint_decisions_needs_no_gradients() -> None:
    options = {
        **OPTIONS["gm"],
        "partition": "random",
        "decision": "random",
        "among": [PAIR, "0→1 & 2→3"],
        "groups": [2, 2],
    }
    trace = stubbed_run(Gm, options, budget=300 * BATCH).outcome.trace
    for split in trace["splits"]:
        assert "distances" not in split
        assert sorted(name for group in split["groups"] for name in group) == sorted(PAIRS)
    chosen = [split["decisions"] for split in trace["splits"]]
    assert sorted(chosen[0] + chosen[1]) == sorted(chosen[0] + chosen[2])
    assert sorted(chosen[0] + chosen[1]) == ["0→1", "0→2", "1→2", "2→3"]
    assert sum(leaf.size for leaf in leaf_subspaces(trace)) == SPACE.size
