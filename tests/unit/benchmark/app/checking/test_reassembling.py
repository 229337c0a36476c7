from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.standalone import TrainingResult
from benchmark.app.building import BuildPlan, build_table, chosen_architectures, training
from benchmark.app.building.journal import JOURNAL, TrainingKey, open_journal, read_journal
from benchmark.app.checking.reassembling import table_differences
from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import TrainingProtocol, load_protocol
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.curves import read_curves
from benchmark.truth.files.nbtable import read_table

NB201 = open_space("nb201")
TEST = AccuracyKey("digits", "test", 1)


def invent(code: int, seed: int, *_: Any) -> TrainingResult:
    valid, test, first, second = np.random.default_rng([code, seed]).uniform(size=4).tolist()
    percent = {"valid": 100 * valid, "test": 100 * test}
    curves = {"valid": [first], "test": [second]}
    return TrainingResult(percent, {"valid": first, "test": second}, curves, 2.0 + first)


@pytest.fixture
def protocol() -> TrainingProtocol:
    return load_protocol("nb201-digits").changed({"data.noise_draws": 1, "training.epochs": 1})


@pytest.fixture
def folder(protocol: TrainingProtocol, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return where a table of 40 architectures was built."""
    monkeypatch.setattr(training, "train_standalone", invent)
    build_table(BuildPlan(protocol, chosen_architectures("40", NB201), range(3)), tmp_path, "t")
    return tmp_path


def differences(folder: Path, table: TruthTable | None = None) -> list[str]:
    curves = read_curves(folder / "t.nbcurves")
    return table_differences(table or read_table(folder / "t.nbtable"), curves, folder / JOURNAL)


def test_a_table_follows_from_its_trainings(folder: Path) -> None:
    assert differences(folder) == []
    table = read_table(folder / "t.nbtable")
    assert table_differences(table, None, folder) == []


def test_a_changed_curve_is_found(folder: Path) -> None:
    table, curves = read_table(folder / "t.nbtable"), read_curves(folder / "t.nbcurves")
    changed = replace(curves, columns=_one_off(curves.columns, "digits_test_1 seed 2"))
    (line,) = table_differences(table, changed, folder)
    assert line.startswith("curve of digits_test_1 seed 2 differs for 1 architectures")


def test_the_order_and_the_times_of_trainings_do_not_matter(
    folder: Path, protocol: TrainingProtocol, tmp_path: Path
) -> None:
    journal = read_journal(folder)
    with open_journal(tmp_path / "other", journal.settings) as other:
        for training, trained in reversed(journal.trained.items()):
            other.add(training, replace(trained, seconds=9.0), {"cpu": "another"})
    table, curves = read_table(folder / "t.nbtable"), read_curves(folder / "t.nbcurves")
    assert table_differences(table, curves, tmp_path / "other") == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("accuracy of digits_test_1", lambda it: {"accuracies": _one_off(it.accuracies)}),
        ("number of seeds of digits_test_1", lambda it: {"seeds": _one_off(it.seeds)}),
    ],
)
def test_a_changed_column_is_found(folder: Path, name: str, changes: Any) -> None:
    table = read_table(folder / "t.nbtable")
    (line,) = differences(folder, replace(table, **changes(table)))
    assert line.startswith(f"{name} differs for 1 architectures, the first is |")


@pytest.mark.parametrize(
    ("field", "name"), [("deviations", "deviation"), ("losses", "loss"), ("costs", "cost")]
)
def test_a_changed_measurement_is_found(folder: Path, field: str, name: str) -> None:
    table = read_table(folder / "t.nbtable")
    columns = getattr(table.measurements, field)
    key = next(key for key in columns if "seconds" not in str(key))
    changes: dict[str, Any] = {field: _one_off(columns, key)}
    measured = replace(table.measurements, **changes)
    (line,) = differences(folder, replace(table, measurements=measured))
    assert line.startswith(f"{name} of {key} differs for 1 architectures, the first is |")


def test_a_changed_last_bit_of_a_seed_is_found(folder: Path) -> None:
    table = read_table(folder / "t.nbtable")
    single = table.measurements.by_seed[TEST]
    losses = single.losses.copy()
    losses[3, 1] = np.nextafter(losses[3, 1], 9)
    by_seed = {**table.measurements.by_seed, TEST: replace(single, losses=losses)}
    measured = replace(table.measurements, by_seed=by_seed)
    (line,) = differences(folder, replace(table, measurements=measured))
    assert line.startswith("loss by seed of digits_test_1 differs for 1 architectures")


def test_a_missing_training_is_found(folder: Path) -> None:
    path = folder / JOURNAL
    path.write_bytes(path.read_bytes()[:-5])
    count = len(
        BuildPlan(
            load_protocol("nb201-digits"), chosen_architectures("40", NB201), range(3)
        ).trainings
    )
    assert differences(folder) == [f"it lacks 1 of {count} trainings"]


def test_another_training_is_found(folder: Path, tmp_path: Path) -> None:
    journal = read_journal(folder)
    changed = TrainingKey(*min((one.code, one.seed) for one in journal.trained))
    with open_journal(tmp_path / "other", journal.settings) as other:
        for training, trained in journal.trained.items():
            curve = {"valid": [0.0], "test": [0.0]} if training == changed else trained.curve
            other.add(training, replace(trained, curve=curve), {"cpu": "one"})
    table = read_table(folder / "t.nbtable")
    assert table_differences(table, None, tmp_path / "other") == [
        "the SHA-256 of its trainings differs"
    ]


def test_trainings_of_another_protocol_are_found(
    folder: Path, protocol: TrainingProtocol, tmp_path: Path
) -> None:
    other = protocol.changed({"training.learning_rate": 0.2})
    build_table(
        BuildPlan(other, chosen_architectures("4", NB201), range(1)), tmp_path / "other", "t"
    )
    table = read_table(folder / "t.nbtable")
    assert table_differences(table, None, tmp_path / "other") == [
        "it holds trainings of other settings: their protocol.training.learning_rate is 0.2, "
        "not 0.1"
    ]


def test_a_table_that_was_not_trained_here(folder: Path) -> None:
    table = read_table(folder / "t.nbtable")
    other = replace(table, source=replace(table.source, kind="csv"))
    with pytest.raises(InputError, match="was not trained here"):
        differences(folder, other)
    with pytest.raises(InputError, match="does not say how it was trained"):
        differences(folder, replace(table, protocol={"seeds": 5}))
    odd = {"protocol": [5], "seeds": ["x"], "machines": [5], "failed": [5]}
    for name, value in odd.items():
        with pytest.raises(InputError, match="does not say how it was trained"):
            differences(folder, replace(table, protocol={**table.protocol, name: value}))


def _one_off(columns: Any, key: Any = TEST) -> dict[Any, Any]:
    """Return columns of which one has one other number."""
    column = columns[key].copy()
    column[2] = column[2] / 2 + 1
    return {**columns, key: column}
