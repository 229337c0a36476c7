from __future__ import annotations

from typing import Any

import pytest

from baselines.few_shot import FewShot
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.spaces.nb201 import EDGES, OPERATIONS
from tests.unit.baselines.conformance import TrainedConformance, cached_run
from tests.unit.baselines.stubs import stubbed_run
from tests.unit.baselines.tiny import BATCH, BUDGET, OPTIONS


class TestFewShot(TrainedConformance):
    method = FewShot


def test_each_option_of_the_decision_gets_a_supernet() -> None:
    run = cached_run(FewShot)
    (split,) = run.outcome.trace["splits"]
    groups = [[name] for name in OPERATIONS]
    assert split == {"node": "root", "decisions": ["0→1"], "groups": groups}
    leaves = run.outcome.trace["leaves"]
    assert [leaf["options"][0] for leaf in leaves] == split["groups"]
    assert all(leaf["options"][1:] == 5 * [list(OPERATIONS)] for leaf in leaves)
    warm_up = BUDGET // BATCH // 2
    assert [leaf["steps"] for leaf in leaves] == 5 * [warm_up + warm_up // 5]
    assert run.ledger.parts == {
        Spending.SHARED_TRAINING: warm_up * BATCH,
        Spending.GRADIENT_MATCHING: 0,
        Spending.LEAF_TRAINING: warm_up * BATCH,
    }


@pytest.mark.parametrize("edge", range(len(EDGES)))
@pytest.mark.parametrize("arrow", [None, "→", "->"])
def test_the_decision_is_a_choice(edge: int, arrow: str | None) -> None:
    named = edge if arrow is None else f"{EDGES[edge][0]}{arrow}{EDGES[edge][1]}"
    trace = stubbed_run(
        FewShot, {**OPTIONS["few-shot"], "warm_up": 0.1, "decisions": [named]}
    ).outcome.trace
    assert trace["splits"][0]["decisions"] == ["{}→{}".format(*EDGES[edge])]
    assert [leaf["options"][edge] for leaf in trace["leaves"]] == [[o] for o in OPERATIONS]


def test_decisions_taken_together_get_a_supernet_for_each_combination() -> None:
    options = {**OPTIONS["few-shot"], "decisions": ["0->1 & 2->3"]}
    trace = stubbed_run(FewShot, options, budget=300 * BATCH).outcome.trace
    pairs = [(one, other) for one in OPERATIONS for other in OPERATIONS]
    (split,) = trace["splits"]
    assert split["decisions"] == ["0→1", "2→3"]
    assert split["groups"] == [[f"{one} & {other}"] for one, other in pairs]
    options_of_leaves = [(leaf["options"][0], leaf["options"][5]) for leaf in trace["leaves"]]
    assert options_of_leaves == [([one], [other]) for one, other in pairs]
    assert {leaf["architectures"] for leaf in trace["leaves"]} == {625}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decisions": []}, r"decisions are \[\]: give one or two different ones"),
        ({"decisions": [1, 1]}, r"decisions are \[1, 1\]: give one or two different ones"),
        ({"decisions": 0}, "decisions is 0: it must be a list"),
        ({"epochs": [3]}, r"epochs are \[3\]: give those of the undivided supernet and"),
        ({"warm_up": 1.5}, "warm_up is 1.5: it must be from 0 to 1"),
    ],
)
def test_options_are_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FewShot({**OPTIONS["few-shot"], **change})


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        ([6], "decision 6 is out of bounds: NAS-Bench-201 has those from 0 to 5"),
        (["0→4"], "unknown decision of NAS-Bench-201 '0→4': did you mean '0→3'"),
        ([0, "0->1"], r"decisions are \[0, '0->1'\]: give one or two different ones"),
        (["0→1 & 0→2", 1], r"decisions are \['0→1 & 0→2', 1\]: give one or two different ones"),
        (["0→1 & 0→1"], "'0→1 & 0→1' names a decision twice: give different ones"),
    ],
)
def test_decisions_are_checked_in_their_space(decisions: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        stubbed_run(FewShot, {**OPTIONS["few-shot"], "decisions": decisions})


@pytest.mark.parametrize("edges", [[0, 1], [5, 2]])
def test_two_decisions_give_a_supernet_to_each_pair(edges: list[int]) -> None:
    options = {**OPTIONS["few-shot"], "decisions": edges}
    run = stubbed_run(FewShot, options, budget=300 * BATCH)
    leaves = run.outcome.trace["leaves"]
    pairs = [tuple(leaf["options"][edge] for edge in edges) for leaf in leaves]
    assert pairs == [([one], [other]) for one in OPERATIONS for other in OPERATIONS]
    assert sum(leaf["architectures"] for leaf in leaves) == 15625
    assert {leaf["steps"] for leaf in leaves} == {150 + 6}
    names = [name for name in run.trained if name.count(".") == 1]
    assert [run.trained[name].span.steps for name in names] == 5 * [0]
