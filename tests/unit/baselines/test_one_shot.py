from __future__ import annotations

from baselines.one_shot import OneShot
from benchmark.budget import Spending
from tests.unit.baselines.conformance import TrainedConformance, cached_run
from tests.unit.baselines.tiny import BATCH, BUDGET


class TestOneShot(TrainedConformance):
    method = OneShot


def test_one_supernet_gets_the_whole_budget() -> None:
    run = cached_run(OneShot)
    (leaf,) = run.outcome.trace["leaves"]
    assert run.outcome.trace["splits"] == []
    assert leaf["node"] == "root"
    assert leaf["architectures"] == 15625
    assert leaf["steps"] == BUDGET // BATCH
    assert run.ledger.parts[Spending.SHARED_TRAINING] == run.ledger.spent
