from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.few_shot import FewShot
from baselines.gm import Gm
from baselines.one_shot import OneShot
from baselines.tree.schedule import Restart, Schedule, Workload, plan_schedule
from benchmark.budget import Spending
from benchmark.errors import InputError
from tests.unit.baselines.tiny import OPTIONS, SPACE

GM = {**OPTIONS["gm"], "warm_up": 0, "between": 0}


def workload(levels: int, budget: int | None = None, passes: int = 1) -> Workload:
    return Workload(25_000, 48, passes, (0,) * levels, budget)


def test_the_published_schedules_cost_what_the_papers_say() -> None:
    """RSPS: 20 + 2·20 + 4·50 epochs of 25,000 images; few-shot: 600 + 5·300."""
    gm = plan_schedule(Schedule(0, 0, (2, 2), "last", (20, 20, 50)), workload(2))
    assert [level.supernets for level in gm.levels] == [1, 2, 4]
    each = [20 * 25_000 / 48, 20 * 25_000 / 48, 50 * 25_000 / 48]
    assert [level.steps for level in gm.levels] == [
        number * math.ceil(own) for number, own in zip((1, 2, 4), each, strict=True)
    ]
    assert gm.supernet_epochs == pytest.approx(260, abs=0.01)
    few_shot = plan_schedule(Schedule(0, 0, (5,), epochs=(600, 300)), workload(1))
    assert few_shot.supernet_epochs == pytest.approx(600 + 5 * 300, abs=0.01)
    assert not gm.equal


@given(
    epochs=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    passes=st.integers(1, 5),
    matched=st.integers(0, 50),
    restart=st.sampled_from(["never", "always", "last"]),
)
def test_a_schedule_in_epochs_costs_the_sum_of_its_parts(
    epochs: list[int], passes: int, matched: int, restart: Restart
) -> None:
    levels = len(epochs) - 1
    schedule = Schedule(0, 0, (2,) * levels, restart, epochs=tuple(epochs))
    plan = plan_schedule(schedule, Workload(1000, 32, passes, (matched,) * levels, None))
    trained = [2**level * math.ceil(own * 1000 / 32) for level, own in enumerate(epochs)]
    above = passes if restart == "never" else 1
    matching = sum(2**level for level in range(levels)) * matched
    passed = above * sum(trained[:-1]) + passes * trained[-1]
    assert plan.budget == 32 * (passed + matching) == sum(plan.parts.values())
    assert plan.parts[Spending.GRADIENT_MATCHING] == 32 * matching


@given(
    warm_up=st.floats(0, 0.6),
    between=st.floats(0, 0.19),
    levels=st.integers(0, 3),
    budget=st.integers(2_000, 100_000),
    passes=st.integers(1, 5),
    restart=st.sampled_from(["never", "always", "last"]),
)
def test_shares_stay_within_the_budget(
    warm_up: float,
    between: float,
    levels: int,
    budget: int,
    passes: int,
    restart: Restart,
) -> None:
    schedule = Schedule(warm_up, between, (2,) * levels, restart)
    size = Workload(1000, 32, passes, (2,) * levels, budget)
    try:
        plan = plan_schedule(schedule, size)
    except InputError:  # nothing is left for the leaves
        plan_schedule(schedule, replace(size, budget=200_000))
        return
    assert plan.equal
    assert plan.budget == budget
    assert plan.levels[-1].steps >= 2**levels
    assert budget - 32 * passes < sum(plan.parts.values()) <= budget


def test_a_leaf_must_get_a_step_after_all_matching() -> None:
    """Half of the steps warm up, matching takes 10 + 2·20, and a step of 4 leaves is 4 more."""
    schedule, size = Schedule(0.5, 0, (2, 2)), Workload(1000, 10, 1, (10, 20), budget=1_080)
    assert plan_schedule(schedule, size).levels[-1].steps == 4
    message = "30 of 1,070 images are left for the leaves .*, but a step of each takes 40: raise"
    with pytest.raises(InputError, match=message):
        plan_schedule(schedule, replace(size, budget=1_070))


@pytest.mark.parametrize(
    ("schedule", "budget", "message"),
    [
        (Schedule(0, 0, (2,)), None, 'budget is "schedule" and epochs are []: give the epochs of'),
        (Schedule(0, 0, (2,), epochs=(3,)), None, "epochs are [3]: give the epochs of each super"),
        (Schedule(0.5, 0, (2,), epochs=(3, 4)), None, "set warm_up and between to 0, only epochs"),
        (Schedule(0, 0, (), epochs=(3,)), 640, "budget is 640 images and epochs are [3]: give no"),
        (Schedule(0.9, 0.1, (2, 2)), 640, "warm_up and between take 100% of the budget: leave"),
    ],
)
def test_a_schedule_that_fits_nothing_is_refused(
    schedule: Schedule, budget: int | None, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        plan_schedule(schedule, workload(len(schedule.groups), budget))
    assert message in str(caught.value)


def test_options_become_schedules() -> None:
    assert OneShot({"epochs": [250]})._schedule().epochs == (250,)
    few = {"warm_up": 0, "epochs": [600, 300], "decisions": [0, 1]}
    pairs = Schedule(0, 0, (5, 5), epochs=(600, 0, 300), anneals="each")
    assert FewShot(few)._schedule(SPACE) == pairs
    few = {**few, "decisions": ["0→1 & 0→2"]}
    together = Schedule(0, 0, (25,), epochs=(600, 300), anneals="each")
    assert FewShot(few)._schedule(SPACE) == together
    gm = Gm({**GM, "epochs": [20, 20, 50], "restart": "last"}).options.schedule
    assert gm == Schedule(0, 0, (2, 2), "last", (20, 20, 50))
    uneven = Gm({**GM, "groups": [2, 3]}).options.schedule
    assert uneven.groups == (2, 3)
    assert uneven.supernets == [1, 2, 6]
