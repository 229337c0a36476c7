"""How long runs will take: what is measured of large networks."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.app.running import estimate
from benchmark.app.running.estimate import PROBED, StepCosts, measure_steps
from benchmark.images import ImageSet
from benchmark.tasks.task import Task, load_preset
from tests.command_line import tiny_preset


@pytest.mark.parametrize(("long", "batches"), [(1e9, [PROBED, 32]), (0.0, [PROBED, PROBED])])
def test_small_batches_are_measured_where_whole_ones_take_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long: float, batches: list[int]
) -> None:
    seen = []
    noise = estimate._noise

    def recorded(task: Task) -> ImageSet:
        seen.append(task.training.batch_size)
        return noise(task)

    monkeypatch.setattr(estimate, "_noise", recorded)
    monkeypatch.setattr(estimate, "LONG", long)
    task = load_preset(str(tiny_preset(tmp_path)))
    costs = measure_steps(replace(task, training=replace(task.training, batch_size=32)))
    assert isinstance(costs, StepCosts)
    assert seen == batches
    assert min(costs.step, costs.matching, costs.scoring) > 0
