"""A run that is killed at any step, once or often, ends with the same bits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.registry import METHODS as REGISTERED
from baselines.registry import method_class
from baselines.training import BASES
from benchmark.errors import CheckError, StoppedError
from benchmark.records.checkpoint_file import read_checkpoint, write_checkpoint
from benchmark.records.checkpoints import CheckpointInterval, Checkpoints
from benchmark.tasks.sections import SelectionSettings, TrajectorySettings
from tests.unit.baselines.tiny import BATCH, CANDIDATES, OPTIONS, tiny_experiment, tiny_search

BUDGET = 150 * BATCH
METHODS = ("one-shot", "few-shot", "gm")
KILLED = [("one-shot", "darts"), ("few-shot", "darts-2nd"), ("gm", "rsps"), ("gm", "snas")]


class KilledError(BaseException):
    """Stands for the end of a process."""


def run(
    method: str, base: str, checkpoints: Checkpoints, tick: Callable[[], None], **options: Any
) -> tuple[Outcome, Experiment]:
    experiment = tiny_experiment(
        3,
        search=tiny_search(base),
        tick=tick,
        trajectory=TrajectorySettings(points=3, architectures=10),
        checkpoints=checkpoints,
        candidates=CANDIDATES[::5],
        budget=BUDGET,
    )
    made = method_class(method)({**OPTIONS.get(method, {}), **options})
    return made.run(experiment), experiment


def everything(outcome: Outcome, experiment: Experiment) -> tuple[bytes, str, str, str]:
    """Return all bits that a record would hold."""
    return (
        outcome.scores.tobytes(),
        json.dumps(outcome.trace),
        json.dumps(experiment.ledger.to_dict()),
        json.dumps(sorted(experiment.streams.drawn.items())),
    )


@cache
def whole_run(method: str, base: str, **options: Any) -> tuple[tuple[bytes, str, str, str], int]:
    """Return what an uninterrupted run gives, and how often it ticks."""
    ticks = count()

    def tick() -> None:
        next(ticks)

    return everything(*run(method, base, Checkpoints(), tick, **options)), next(ticks)


def killed_at(place: int) -> Callable[[], None]:
    ticks = count(1)

    def tick() -> None:
        if next(ticks) == place:
            raise KilledError

    return tick


def resumed_run(
    path: Path, method: str, base: str, every: int, places: list[int], **options: Any
) -> tuple[tuple[bytes, str, str, str], int]:
    """Return what a run gives that is killed at some places, one after the other."""
    for place in places:
        checkpoints = Checkpoints(path, {}, CheckpointInterval(steps=every))
        try:
            found = run(method, base, checkpoints, killed_at(place), **options)
        except KilledError:
            continue
        return everything(*found), checkpoints.resumed
    checkpoints = Checkpoints(path, {}, CheckpointInterval(steps=every))
    found = run(method, base, checkpoints, lambda: None, **options)
    return everything(*found), checkpoints.resumed


def test_every_way_to_divide_the_space_and_every_base_is_killed() -> None:
    trained = {name for name, method in REGISTERED.items() if not method.reference}
    assert {one for one, _ in KILLED} == trained - {"gm-random"}  # which is gm with other groups
    assert {one for _, one in KILLED} == set(BASES)


@pytest.mark.parametrize(("method", "base"), KILLED)
def test_a_killed_run_ends_with_the_same_bits(tmp_path: Path, method: str, base: str) -> None:
    expected, ticks = whole_run(method, base)
    random = np.random.default_rng([METHODS.index(method), list(BASES).index(base)])
    places = random.integers(1, ticks, size=2).tolist()
    every = int(random.integers(1, 9))
    found, _ = resumed_run(tmp_path / "a.checkpoint", method, base, every, places)
    assert found == expected, (places, every)


@pytest.mark.parametrize("restart", ["always", pytest.param("last", marks=pytest.mark.nightly)])
def test_a_killed_tree_with_restarts_ends_with_the_same_bits(tmp_path: Path, restart: str) -> None:
    expected, ticks = whole_run("gm", "rsps", restart=restart)
    found, _ = resumed_run(tmp_path / "a", "gm", "rsps", 7, [ticks // 2, 30], restart=restart)
    assert found == expected


def test_each_kill_loses_few_steps(tmp_path: Path) -> None:
    expected, ticks = whole_run("gm", "rsps")
    found, resumed = resumed_run(tmp_path / "a", "gm", "rsps", 1, [7] * 6)
    assert found == expected
    assert resumed == 6  # each process came seven steps further, not only the first
    assert ticks > 42 + 40  # and nothing was near its end


def test_a_run_that_is_asked_to_stop_saves_its_current_step(tmp_path: Path) -> None:
    expected, ticks = whole_run("gm", "rsps")
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        checkpoints.check_stop()

    checkpoints = Checkpoints(
        tmp_path / "a", {}, CheckpointInterval(steps=10**9), lambda: done >= ticks // 3
    )
    with pytest.raises(StoppedError):
        run("gm", "rsps", checkpoints, tick)
    assert resumed_run(tmp_path / "a", "gm", "rsps", 10**9, []) == (expected, 1)


def test_a_run_that_is_asked_to_stop_while_it_searches_saves_its_training(tmp_path: Path) -> None:
    def searched(checkpoints: Checkpoints, tick: Callable[[], None]) -> tuple[Any, ...]:
        experiment = replace(
            tiny_experiment(3, tick=tick, checkpoints=checkpoints, candidates=CANDIDATES[::5]),
            selection=SelectionSettings(by="random", evaluations=9, population=1, sample=1),
        )
        return everything(method_class("few-shot")(OPTIONS["few-shot"]).run(experiment), experiment)

    done: list[None] = []
    expected = searched(Checkpoints(), lambda: done.append(None))
    ticks, seldom = len(done), CheckpointInterval(steps=10**9)

    def tick() -> None:
        done.append(None)
        checkpoints.check_stop()

    done.clear()
    checkpoints = Checkpoints(tmp_path / "a", {}, seldom, lambda: len(done) == ticks)
    with pytest.raises(StoppedError):  # at the last tick, one of a search
        searched(checkpoints, tick)
    resumed = Checkpoints(tmp_path / "a", {}, seldom)
    assert searched(resumed, lambda: None) == expected
    assert resumed.resumed == 1


class UntilLastLeaf(Checkpoints):
    """Ends a run with a checkpoint of the training of its last leaf."""

    def save_if_due(self, state: Callable[[], Mapping[str, Any]]) -> None:
        super().save_if_due(state)
        if (state()["current"] or {}).get("name") == "root.1.1":
            raise KilledError


@pytest.fixture(scope="module")
def near_the_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a run of gm that was killed while its last leaf was trained."""
    path = tmp_path_factory.mktemp("checkpoint") / "a"
    with pytest.raises(KilledError):
        run("gm", "rsps", UntilLastLeaf(path, {}, CheckpointInterval(steps=1)), lambda: None)
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"ledger": "{}"},
        {"ledger": "["},
        {"ledger": '{"budget": 4, "spent": 0, "parts": {}, "scored": 0}'},
        {"nodes": {"root": {"network": {}}}},
        {"nodes": {"root": {}}},
        {"splits": "[3]"},
        {"trajectory": "{}"},
        {"streams": "7"},
        {"current": {"name": "root.1.1", "position": 1, "training": {}}},
        {"current": {"name": "root.1.1", "position": "x", "training": 3}},
        {"current": {"name": "root.1.1", "position": -1, "training": {}}},
        {"current": 5},
        {"nodes": 3},
        {"resumed": "x"},
        {"resumed": float("inf")},
        {"seconds": []},
        {"seconds": float("nan")},
        {"leaf steps": "x"},
        {"leaf steps": -1},
        {"splits": '[[{"node": "root", "decisions": ["0→1"]}, 4]]'},
        {"splits": '[[{"node": "root", "decisions": ["9→1"], "groups": []}, 4]]'},
        {"trajectory": '{"reached": "x", "found": []}'},
        {"trajectory": '{"reached": 1, "found": [3]}'},
        {"trajectory": '{"reached": 1, "found": [{"spent": 4, "scores": ["x"]}]}'},
    ],
)
def test_a_strange_checkpoint_is_one_line(
    near_the_end: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    path = tmp_path / "a"
    write_checkpoint(read_checkpoint(near_the_end) | change, path)
    with pytest.raises(CheckError, match=r"^its checkpoint is not as this program writes it: "):
        run("gm", "rsps", Checkpoints(path, {}), lambda: None)


def test_a_checkpoint_holds_what_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(KilledError):
        run("gm", "rsps", Checkpoints(path, {}, CheckpointInterval(steps=1)), killed_at(5))
    found = read_checkpoint(path)
    assert found["current"]["name"] == "root"
    assert found["current"]["position"] == 4
    assert found["nodes"] == {}
    assert json.loads(found["ledger"])["spent"] == 4 * BATCH
    assert all(
        isinstance(one, torch.Tensor) for one in found["current"]["training"]["network"].values()
    )
