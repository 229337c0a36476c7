from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.registry import method_class
from benchmark.app.running.runner import run_units
from benchmark.app.running.trial import run_method
from benchmark.errors import InputError
from benchmark.spaces.nb201 import SIZE
from benchmark.tasks.task import Task, load_preset
from tests.command_line import tiny_preset


class Newcomer(Method):
    """A method that no registry knows."""

    name: ClassVar[str] = "newcomer"
    description: ClassVar[str] = "draws scores"
    threads: ClassVar[list[int]] = []

    def run(self, experiment: Experiment) -> Outcome:
        self.threads.append(torch.get_num_threads())
        experiment.ledger.charge("shared training", 8)
        return Outcome(experiment.streams.numpy("newcomer").normal(size=SIZE), {"drawn": SIZE})


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return load_preset(str(tiny_preset(tmp_path_factory.mktemp("preset"))))


@pytest.mark.parametrize("name", ["one-shot", "few-shot", "params"])
def test_a_registered_method_gives_what_a_command_gives(
    task: Task, name: str, tmp_path: Path
) -> None:
    (expected,) = run_units(task, [name], [3], tmp_path).records
    found = run_method(task, method_class(name)(task.methods.get(name, {})), 3)
    assert found.key == expected.key
    assert found.scores.tobytes() == expected.scores.tobytes()
    assert (found.budget, found.trace) == (expected.budget, expected.trace)
    for told in ("images", "streams", "threads"):
        assert found.provenance[told] == expected.provenance[told]


def test_a_method_of_ones_own_need_not_be_registered(task: Task) -> None:
    before = torch.get_num_threads()
    one, again, other = (run_method(task, Newcomer({}), seed) for seed in (1, 1, 2))
    assert one.scores.tobytes() == again.scores.tobytes()
    assert not np.array_equal(one.scores, other.scores)
    assert (one.method, one.seed, one.trace) == ("newcomer", 1, {"drawn": SIZE})
    assert one.budget["spent"] == 8
    assert one.task["options"] == {}
    assert one.provenance["seconds"] >= 0
    assert set(Newcomer.threads) == {1}
    assert torch.get_num_threads() == before


def test_scores_that_are_no_numbers_are_refused(task: Task) -> None:
    class Lost(Newcomer):
        def run(self, experiment: Experiment) -> Outcome:
            return Outcome(np.full(SIZE, np.nan))

    with pytest.raises(InputError, match="scores are not finite"):
        run_method(task, Lost({}))
