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


def test_each_operation_on_the_edge_gets_a_supernet() -> None:
    run = cached_run(FewShot)
    (split,) = run.outcome.trace["splits"]
    assert split == {"node": "root", "edge": "0→1", "groups": [[name] for name in OPERATIONS]}
    leaves = run.outcome.trace["leaves"]
    assert [leaf["operations"][0] for leaf in leaves] == split["groups"]
    assert all(leaf["operations"][1:] == 5 * [list(OPERATIONS)] for leaf in leaves)
    warm_up = BUDGET // BATCH // 2
    assert [leaf["steps"] for leaf in leaves] == 5 * [warm_up + warm_up // 5]
    assert run.ledger.parts == {
        Spending.SHARED_TRAINING: warm_up * BATCH,
        Spending.GRADIENT_MATCHING: 0,
        Spending.LEAF_TRAINING: warm_up * BATCH,
    }


@pytest.mark.parametrize("edge", range(len(EDGES)))
def test_the_edge_is_a_choice(edge: int) -> None:
    trace = stubbed_run(
        FewShot, {**OPTIONS["few-shot"], "warm_up": 0.1, "edges": [edge]}
    ).outcome.trace
    assert trace["splits"][0]["edge"] == "{}→{}".format(*EDGES[edge])
    assert [leaf["operations"][edge] for leaf in trace["leaves"]] == [[o] for o in OPERATIONS]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": [6]}, r"edges\[0\] is 6: it must be from 0 to 5"),
        ({"edges": []}, r"edges are \[\]: give one or two different ones"),
        ({"edges": [1, 1]}, r"edges are \[1, 1\]: give one or two different ones"),
        ({"edges": 0}, "edges is 0: it must be a list"),
        ({"epochs": [3]}, r"epochs are \[3\]: give those of the undivided supernet and"),
        ({"warm_up": 1.5}, "warm_up is 1.5: it must be from 0 to 1"),
    ],
)
def test_options_are_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FewShot({**OPTIONS["few-shot"], **change})


@pytest.mark.parametrize("edges", [[0, 1], [5, 2]])
def test_two_edges_give_a_supernet_to_each_pair(edges: list[int]) -> None:
    options = {**OPTIONS["few-shot"], "edges": edges}
    run = stubbed_run(FewShot, options, budget=300 * BATCH)
    leaves = run.outcome.trace["leaves"]
    pairs = [tuple(leaf["operations"][edge] for edge in edges) for leaf in leaves]
    assert pairs == [([one], [other]) for one in OPERATIONS for other in OPERATIONS]
    assert sum(leaf["architectures"] for leaf in leaves) == 15625
    assert {leaf["steps"] for leaf in leaves} == {150 + 6}
    names = [name for name in run.trained if name.count(".") == 1]
    assert [run.trained[name].span.steps for name in names] == 5 * [0]
