from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.registry import method_class
from baselines.tree.schedule import Plan
from benchmark.app.running import runner, unit_job
from benchmark.app.running.runner import run_units
from benchmark.app.running.single_run import networks_to_score, run_method
from benchmark.errors import CheckError, InputError
from benchmark.tasks.task import Task, load_preset
from tests.command_line import tiny_preset


class Newcomer(Method):
    """A method that is not registered."""

    name: ClassVar[str] = "newcomer"
    description: ClassVar[str] = "draws scores"
    settings: ClassVar[list[tuple[int, bool]]] = []

    def run(self, experiment: Experiment) -> Outcome:
        self.settings.append((torch.get_num_threads(), torch.backends.cudnn.deterministic))
        experiment.ledger.charge("shared training", 8)
        count = len(experiment.candidates)
        return Outcome(experiment.streams.numpy("newcomer").normal(size=count), {"drawn": count})


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return load_preset(str(tiny_preset(tmp_path_factory.mktemp("preset"))))


def register(monkeypatch: pytest.MonkeyPatch, method: type[Method]) -> None:
    def find(name: str) -> type[Method]:
        return method if name == method.name else method_class(name)

    for module in (runner, unit_job):
        monkeypatch.setattr(module, "method_class", find)


@pytest.mark.parametrize("name", ["few-shot", "params"])
def test_a_registered_method_gives_what_a_command_gives(
    task: Task, name: str, tmp_path: Path
) -> None:
    (expected,) = run_units(task, [name], [3], tmp_path).records
    found = run_method(task, method_class(name)(task.methods.get(name, {})), 3)
    assert found.key == expected.key
    assert found.scores.tobytes() == expected.scores.tobytes()
    assert (found.budget, found.trace) == (expected.budget, expected.trace)
    assert found.provenance.keys() == expected.provenance.keys()
    for name in ("images", "streams", "threads"):
        assert found.provenance[name] == expected.provenance[name]


def test_a_method_of_ones_own_need_not_be_registered(task: Task) -> None:
    one, again, other = (run_method(task, Newcomer({}), seed) for seed in (1, 1, 2))
    assert one.scores.tobytes() == again.scores.tobytes()
    assert not np.array_equal(one.scores, other.scores)
    assert (one.method, one.seed, one.trace) == ("newcomer", 1, {"drawn": len(one.codes)})
    assert one.budget["spent"] == 8
    assert one.task["options"] == {}
    assert one.provenance["seconds"] >= 0


def test_pytorchs_settings_are_restored(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a run in this process, whether by a command or for a method object, failing or not."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    register(monkeypatch, Failing)
    try:
        run_method(task, Newcomer({}))
        assert torch.get_num_threads() == 3
        with pytest.raises(CheckError):
            run_units(task, ["failing"], [0], tmp_path)
        assert torch.get_num_threads() == 3
        assert not torch.backends.cudnn.deterministic
    finally:
        torch.set_num_threads(before)
    assert set(Newcomer.settings) == {(1, True)}


class Failing(Newcomer):
    """Fails."""

    name = "failing"

    def run(self, experiment: Experiment) -> Outcome:
        super().run(experiment)
        raise CheckError("no")


class TooDear(Newcomer):
    """Costs more than its budget."""

    name = "too-dear"

    def plan(self, task: Task, train_images: int) -> Plan | None:
        raise InputError("matching costs more than the budget leaves")


def test_a_plan_that_the_budget_does_not_allow_is_refused_before_anything_runs(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, TooDear)
    with pytest.raises(InputError, match="matching costs more than the budget leaves"):
        run_units(task, ["random", "too-dear"], [0], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, 0),
        ({"trajectory.points": 3}, 2 * 10),  # the last point is the candidates
        ({"trajectory.points": 3, "trajectory.architectures": 900}, 2 * 300),
        ({"selection.by": "strongest", "search.base": "darts"}, 4),
        ({"selection.by": "evolution"}, 4 * 20),  # in each leaf
    ],
)
def test_all_that_is_scored_is_planned(task: Task, changes: dict[str, Any], more: int) -> None:
    changed = task.changed(changes)
    gm = method_class("gm")(changed.methods["gm"])
    plan = gm.plan(changed, changed.data.epoch_images)
    assert plan is not None
    assert networks_to_score(changed, plan) == len(task.functions) + more
    if "selection.by" in changes:
        assert networks_to_score(changed, None) == len(task.functions)


def test_scores_that_are_no_numbers_are_refused(task: Task) -> None:
    class Lost(Newcomer):
        def run(self, experiment: Experiment) -> Outcome:
            return Outcome(np.full(len(experiment.candidates), np.nan))

    with pytest.raises(InputError, match="scores are not finite"):
        run_method(task, Lost({}))
