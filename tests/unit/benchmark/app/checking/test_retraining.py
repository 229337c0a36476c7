from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.standalone import TRAINING_VERSION, TrainingResult
from benchmark.app.building import BuildPlan, build_table, chosen_architectures, training
from benchmark.app.building.journal import TrainingKey
from benchmark.app.checking import RerunOutcome, retraining
from benchmark.app.checking.retraining import retrain
from benchmark.errors import CheckError, InputError
from benchmark.records.provenance import provenance
from benchmark.spaces.nb201 import network_codes
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import load_protocol
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.files.nbtable import read_table
from tests.stub_training import stub_training

NB201 = open_space("nb201")
TEST = AccuracyKey("digits", "test", 1)


def invent(code: int, seed: int, *_: Any) -> TrainingResult:
    valid, test = np.random.default_rng([code, seed]).uniform(0, 100, size=2).tolist()
    return TrainingResult({"valid": valid, "test": test}, {"valid": 1 / 3, "test": 2 / 3}, {}, 2.0)


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> list[TrainingKey]:
    """Invent instead of training; return what was asked for."""
    return stub_training(monkeypatch, invent)


@pytest.fixture
def table(invented: list[TrainingKey], tmp_path: Path) -> TruthTable:
    """Return a table of 40 architectures at seeds 3 and 5."""
    protocol = load_protocol("nb201-digits").changed({"data.noise_draws": 1, "training.epochs": 1})
    build_table(BuildPlan(protocol, chosen_architectures("40", NB201), [3, 5]), tmp_path, "t")
    invented.clear()
    return read_table(tmp_path / "t.nbtable")


def on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    there = provenance("cpu") | {"cpu": "another"}
    monkeypatch.setattr(retraining, "this_machine", lambda device: there)


def shifted(points: float) -> Callable[..., TrainingResult]:
    def train(code: int, seed: int, *_: Any) -> TrainingResult:
        trained = invent(code, seed)
        test = trained.accuracy["test"]
        test += points if test < 50 else -points
        return replace(trained, accuracy={**trained.accuracy, "test": test})

    return train


def test_equal_results_are_identical(table: TruthTable, invented: list[TrainingKey]) -> None:
    found = retrain(table, 5)
    assert len(invented) == len(set(invented)) == len(found) == 10
    assert {one.outcome for one in found} == {RerunOutcome.IDENTICAL}
    codes = network_codes([one.code for one in found]).tolist()
    pairs = zip(codes, [one.seed for one in found], strict=True)
    assert sorted(TrainingKey(*pair) for pair in pairs) == sorted(invented)


def test_the_sample_is_drawn_by_its_seed(table: TruthTable) -> None:
    def drawn(seed: int, count: int = 4) -> set[int]:
        return {one.code for one in retrain(table, count, seed=seed)}

    assert drawn(1) == drawn(1)
    assert drawn(1) < drawn(1, 9)
    assert drawn(1) != drawn(2)


def test_on_the_same_machine_every_bit_must_agree(
    table: TruthTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(code: int, seed: int, *_: Any) -> TrainingResult:
        trained = invent(code, seed)
        losses = {split: float(np.nextafter(it, 9)) for split, it in trained.loss.items()}
        return replace(trained, loss=losses) if seed == 5 else trained

    monkeypatch.setattr(training, "train_standalone", train)
    found = retrain(table, 3)
    assert [one.outcome for one in found] == [RerunOutcome.IDENTICAL, RerunOutcome.DIFFERENT] * 3
    assert found[1].faults[0] == (
        "the loss of digits_test_1 differs, on the same machine and libraries"
    )


def test_on_another_machine_a_difference_as_between_seeds_is_close(
    table: TruthTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_another_machine(monkeypatch)
    assert {one.outcome for one in retrain(table, 3)} == {RerunOutcome.IDENTICAL}
    single = table.measurements.by_seed[TEST].accuracies
    spread = math.sqrt(float(np.mean((single[:, 0] - single[:, 1]) ** 2)))  # of two seeds
    for share, outcome in ((0.2, RerunOutcome.CLOSE), (5.0, RerunOutcome.DIFFERENT)):
        monkeypatch.setattr(training, "train_standalone", shifted(share * spread))
        found = retrain(table, 3)
        assert {one.outcome for one in found} == {outcome}
        assert {one.differing for one in found} == {("cpu",)}
        assert found[0].distance == pytest.approx(share * spread)
    bound = retraining.SPREAD_FACTOR * spread
    assert f"more than {bound:.2f} points apart" in found[0].faults[0]


def test_a_given_tolerance(table: TruthTable, monkeypatch: pytest.MonkeyPatch) -> None:
    on_another_machine(monkeypatch)
    monkeypatch.setattr(training, "train_standalone", shifted(1.0))
    assert {one.outcome for one in retrain(table, 3, tolerance=1.01)} == {RerunOutcome.CLOSE}
    assert {one.outcome for one in retrain(table, 3, tolerance=0.99)} == {RerunOutcome.DIFFERENT}
    with pytest.raises(InputError, match="tolerance is -1"):
        retrain(table, 3, tolerance=-1)


def test_each_training_is_compared_with_its_own_machine(
    table: TruthTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_on = np.zeros((len(table), 2), np.int16)
    made_on[:, 1] = 1
    machines = [*table.protocol["machines"], {**table.protocol["machines"][0], "cpu": "another"}]
    two = replace(
        table,
        measurements=replace(table.measurements, made_on=made_on),
        protocol={**table.protocol, "machines": machines},
    )
    monkeypatch.setattr(training, "train_standalone", shifted(0.5))
    found = retrain(two, 3)
    assert [one.differing for one in found] == [(), ("cpu",)] * 3
    assert [one.outcome for one in found] == [RerunOutcome.DIFFERENT, RerunOutcome.CLOSE] * 3


def test_other_images_are_named(table: TruthTable) -> None:
    other = replace(table, protocol={**table.protocol, "images": "0" * 64})
    assert {one.differing for one in retrain(other, 1)} == {("images",)}


def test_a_training_that_fails_is_different(
    table: TruthTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> TrainingResult:
        raise CheckError("the training loss is nan")

    monkeypatch.setattr(training, "train_standalone", fail)
    found = retrain(table, 1)
    assert [one.outcome for one in found] == [RerunOutcome.DIFFERENT] * 2
    assert found[0].faults == ("it failed: the training loss is nan",)


def test_one_seed_gives_no_tolerance(
    invented: list[TrainingKey], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    protocol = load_protocol("nb201-digits").changed({"data.noise_draws": 1, "training.epochs": 1})
    build_table(BuildPlan(protocol, chosen_architectures("5", NB201), [0]), tmp_path, "t")
    table = read_table(tmp_path / "t.nbtable")
    assert {one.outcome for one in retrain(table, 2)} == {RerunOutcome.IDENTICAL}
    on_another_machine(monkeypatch)
    with pytest.raises(InputError, match="has one seed, so nothing says how far"):
        retrain(table, 2)
    assert {one.outcome for one in retrain(table, 2, tolerance=1)} == {RerunOutcome.IDENTICAL}


@pytest.mark.parametrize("count", [0, 41])
def test_a_sample_out_of_bounds(table: TruthTable, count: int) -> None:
    with pytest.raises(InputError, match=f"cannot draw {count} architectures: the table has"):
        retrain(table, count)


def test_a_table_that_lacks_what_is_compared(table: TruthTable) -> None:
    with pytest.raises(
        InputError, match=f"by code {TRAINING_VERSION + 1}, this is {TRAINING_VERSION}: check out"
    ):
        retrain(replace(table, protocol={**table.protocol, "code": TRAINING_VERSION + 1}), 1)
    lacks: list[dict[str, Any]] = [{"by_seed": {}}, {"made_on": None}]
    for lacking in lacks:
        measured = replace(table.measurements, **lacking)
        with pytest.raises(InputError, match="does not hold what each seed gave, and on which"):
            retrain(replace(table, measurements=measured), 1)
