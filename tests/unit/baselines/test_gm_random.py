from __future__ import annotations

from typing import Any

import pytest

from baselines.gm import Gm
from baselines.gm_random import GmRandom
from benchmark.budget import Spending
from benchmark.errors import InputError
from benchmark.spaces.nb201 import OPERATIONS
from tests.unit.baselines.conformance import TrainedConformance, cached_run
from tests.unit.baselines.stubs import stubbed_run
from tests.unit.baselines.tiny import BATCH, OPTIONS, tiny_experiment


class TestGmRandom(TrainedConformance):
    method = GmRandom


def root_of(trace: Any) -> Any:
    return next(split for split in trace["splits"] if split["node"] == "root")


@pytest.mark.parametrize("seed", [0, 1])
def test_the_root_is_matched_and_split_where_gm_does(seed: int) -> None:
    gm, control = (root_of(cached_run(one, seed).outcome.trace) for one in (Gm, GmRandom))
    assert control["distances"] == gm["distances"]
    assert control["decisions"] == gm["decisions"]
    assert control["separated"] <= gm["separated"]


def test_both_spend_one_budget_and_pay_alike_for_the_root() -> None:
    gm, control = (cached_run(one) for one in (Gm, GmRandom))
    assert abs(gm.ledger.spent - control.ledger.spent) < BATCH
    at_root = [one.outcome.trace["levels"][0] for one in (gm, control)]
    assert at_root[0]["matching"] == at_root[1]["matching"] > 0


def test_it_is_gm_with_a_random_partition() -> None:
    experiment = tiny_experiment()
    outcome = Gm({**OPTIONS["gm"], "partition": "random"}).run(experiment)
    expected = cached_run(GmRandom)
    assert outcome.scores.tobytes() == expected.outcome.scores.tobytes()
    assert outcome.trace == expected.outcome.trace
    assert experiment.ledger.to_dict() == expected.ledger.to_dict()


def test_groups_are_drawn_from_all_that_fit() -> None:
    """Ten partitions of five operations have two groups of two or more."""
    drawn, options = set(), {**OPTIONS["gm-random"], "groups": [2]}
    for seed in range(60):
        trace = stubbed_run(GmRandom, options, seed).outcome.trace
        drawn.add(str(root_of(trace)["groups"]))
        for group in root_of(trace)["groups"]:
            assert 2 <= len(group) <= len(OPERATIONS) - 2
        if len(drawn) == 10:
            break
    assert len(drawn) == 10


@pytest.mark.parametrize(("decision", "decisions"), [("random", []), ("fixed", [4, 1])])
def test_a_decision_that_needs_no_gradients_is_paid_for_as_gm_pays(
    decision: str, decisions: list[int]
) -> None:
    def paid(method: type[Gm], **more: Any) -> Any:
        options = {**OPTIONS[method.name], "decision": decision, "decisions": decisions, **more}
        run = stubbed_run(method, options, budget=1_000 * BATCH)
        return run.ledger.parts[Spending.GRADIENT_MATCHING], root_of(run.outcome.trace)["decisions"]

    assert paid(GmRandom) == paid(Gm)
    assert paid(GmRandom)[0] > paid(Gm, partition="random")[0] == 0


def test_where_groups_come_from_is_no_option() -> None:
    with pytest.raises(InputError, match=r"unknown setting of \[methods.gm-random\] 'partition'"):
        GmRandom({**OPTIONS["gm-random"], "partition": "gradient"})
