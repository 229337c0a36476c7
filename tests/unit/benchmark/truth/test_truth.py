from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError, MissingError
from benchmark.spaces.base import Arch
from benchmark.spaces.nb201 import SIZE, to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.keys import DATASETS, SPLITS, AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.table import Source, TruthTable

NB201 = open_space("nb201")

KEYS = st.builds(
    AccuracyKey,
    st.sampled_from([*DATASETS, "fashion-mnist", "svhn"]),
    st.sampled_from(SPLITS),
    st.integers(1, 10**6),
)
TEST, VALID = AccuracyKey("cifar10", "test", 200), AccuracyKey("cifar10", "valid", 12)


def table() -> TruthTable:
    codes = np.array([5, 25, 15_000])
    accuracies = {TEST: np.array([10.0, 90.5, 70.25]), VALID: np.array([9.0, 60.0, 50.0])}
    seeds = {TEST: np.array([3, 1, 2], np.int16)}
    index = np.array([7, 0, 3], np.int32)
    return TruthTable(
        "three", "an example", Source("-", "-"), codes, accuracies, seeds, index, space=NB201
    )


@given(KEYS)
def test_a_key_survives_its_column_name(key: AccuracyKey) -> None:
    assert AccuracyKey.parse(str(key)) == key


def test_the_column_name_of_imagenet_is_short() -> None:
    key = AccuracyKey("imagenet16-120", "test", 200)
    assert str(key) == "imagenet16_test_200"
    assert AccuracyKey.parse("imagenet16-120_test_200") == key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cifar10_test", "not an accuracy: 'cifar10_test'; write <dataset>_<split>_<epochs>"),
        ("cifar10_test_0", "not an accuracy"),
        ("cifar10_test_1.5", "not an accuracy"),
        ("cifar10_test_200 ", "not an accuracy"),
        ("CIFAR10_test_200", "'CIFAR10' cannot name a data set: use small letters"),
        ("-_test_200", "'-' cannot name a data set"),
        ("cifar10_train_200", "unknown split 'train'.*choose from valid, test"),
    ],
)
def test_what_is_no_key_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        AccuracyKey.parse(text)


def test_keys_are_checked_however_they_are_made() -> None:
    with pytest.raises(InputError, match="epochs is 0: it must be 1 or more"):
        AccuracyKey("cifar10", "test", 0)


@given(st.lists(st.sampled_from([5, 25, 15_000]), max_size=9))
def test_looking_up_many_is_looking_up_each(codes: list[int]) -> None:
    truth = dict(zip([5, 25, 15_000], [10.0, 90.5, 70.25], strict=True))
    expected = [truth[code] for code in codes]
    strings = [to_string(code) for code in codes]
    np.testing.assert_array_equal(table().accuracy(TEST, np.array(codes, int)), expected)
    np.testing.assert_array_equal(table().accuracy(TEST, strings), expected)
    np.testing.assert_array_equal(table().accuracy(TEST, [*strings, *codes]), expected * 2)
    for code, value in zip(codes, expected, strict=True):
        assert table().accuracy(TEST, code) == table().accuracy(TEST, to_string(code)) == value
        assert isinstance(table().accuracy(TEST, np.int64(code)), float)


def test_without_architectures_the_column_comes() -> None:
    np.testing.assert_array_equal(table().accuracy(VALID), [9.0, 60.0, 50.0])
    assert table().keys == (TEST, VALID)
    assert len(table()) == 3
    assert not table().is_complete


def test_completeness() -> None:
    whole = replace(
        table(),
        codes=np.arange(SIZE),
        accuracies={TEST: np.zeros(SIZE)},
        seeds={},
        official_index=None,
    )
    assert whole.is_complete


def test_a_missing_key_lists_what_there_is() -> None:
    with pytest.raises(MissingError) as caught:
        table().accuracy(AccuracyKey("cifar100", "test", 200))
    assert str(caught.value) == (
        "table 'three' has no cifar100_test_200: it has cifar10_test_200, cifar10_valid_12"
    )


@pytest.mark.parametrize("archs", [26, [5, 26], to_string(26), [to_string(26), to_string(5)]])
def test_a_missing_architecture_is_named(archs: Arch | list[Arch]) -> None:
    with pytest.raises(MissingError) as caught:
        table().accuracy(TEST, archs)
    assert str(caught.value) == (
        f"table 'three' has no {to_string(26)}: it holds 3 of 15,625 architectures"
    )


@pytest.mark.parametrize("archs", [SIZE, -1, "resnet", [5.0], [None]])
def test_what_is_no_architecture_is_refused(archs: object) -> None:
    with pytest.raises(InputError):
        table().accuracy(TEST, archs)  # type: ignore[call-overload]


def test_a_table_cannot_be_changed() -> None:
    given_array = np.array([10.0, 90.5, 70.25])
    truth = replace(table(), accuracies={TEST: given_array})
    given_array[:] = 0
    assert truth.accuracy(TEST, 5) == 10.0
    for array in (truth.codes, truth.accuracy(TEST), truth.seeds[TEST], truth.official_index):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(FrozenInstanceError):
        truth.name = "other"  # type: ignore[misc]


def test_a_table_can_be_sent_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(table()))
    assert copy.keys == table().keys
    assert copy.accuracy(TEST, 25) == 90.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.array([25, 5, 15_000])}, "codes must be ascending"),
        ({"codes": np.array([5, 5, 15_000])}, "codes must be ascending"),
        ({"codes": np.array([], int)}, "codes must be .* at least one"),
        ({"codes": np.array([5, 25, SIZE])}, "code 15625 is out of bounds"),
        ({"accuracies": {}}, "no accuracy"),
        ({"accuracies": {TEST: np.zeros(2)}}, "cifar10_test_200 must hold a percentage"),
        ({"accuracies": {TEST: np.array([1, np.nan, 1])}}, "must hold a percentage"),
        ({"accuracies": {TEST: np.array([1, 100.1, 1])}}, "must hold a percentage"),
        ({"accuracies": {TEST: np.array([1, -0.1, 1])}}, "must hold a percentage"),
        ({"seeds": {TEST: np.array([1, 0, 1])}}, "seeds of cifar10_test_200"),
        ({"seeds": {AccuracyKey("cifar100", "test", 12): np.ones(3)}}, "seeds of cifar100_test_12"),
        ({"official_index": np.array([1, 1, 2])}, "official index"),
        ({"official_index": np.array([1, 2])}, "official index"),
    ],
)
def test_columns_must_fit(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(table(), **change)  # type: ignore[arg-type]


@st.composite
def full_tables(draw: st.DrawFn) -> TruthTable:
    """Return a table in which every kind of column is present, with one architecture to twelve."""
    codes = np.array(sorted(draw(st.sets(st.integers(0, SIZE - 1), min_size=1, max_size=12))))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    size = len(codes)
    return TruthTable(
        "full",
        "an example",
        Source("-", "-"),
        codes,
        {key: random.uniform(0, 100, size) for key in (TEST, VALID)},
        {TEST: random.integers(1, 4, size, np.int16)},
        random.permutation(size).astype(np.int32) if draw(st.booleans()) else None,
        Measurements(
            deviations={TEST: random.uniform(0, 9, size)},
            losses={VALID: random.uniform(0, 9, size)},
            costs={CostKey("flops", "cifar10", 200): random.uniform(0, 9, size)},
            agreement={TEST: Agreement(0.5, size, 0.6)},
            by_seed={TEST: BySeed((3, 5), *random.uniform(0, 100, (2, size, 2)))},
            made_on=random.integers(0, 3, (size, 2), np.int16) if draw(st.booleans()) else None,
        ),
        {"seeds": [3, 5]},
        space=NB201,
    )


def column_values(table: TruthTable) -> dict[str, Any]:
    """Return all columns of a table, [n] or [n, seeds] each, by a name."""
    measured, (single,) = table.measurements, table.measurements.by_seed.values()
    groups: list[Mapping[Any, Any]] = [table.accuracies, table.seeds]
    groups += [measured.deviations, measured.losses, measured.costs]
    columns: dict[str, Any] = {
        f"{place} {key}": column
        for place, group in enumerate(groups)
        for key, column in group.items()
    }
    columns |= {"codes": table.codes, "accuracy": single.accuracies, "loss": single.losses}
    columns |= {"index": table.official_index, "machine": measured.made_on}
    return {name: column for name, column in columns.items() if column is not None}


@given(table=full_tables(), data=st.data())
def test_a_restricted_table_has_the_rows_of_its_architectures(
    table: TruthTable, data: st.DataObject
) -> None:
    known = data.draw(st.sets(st.sampled_from(table.codes.tolist()), min_size=1))
    wanted = known | data.draw(st.sets(st.integers(0, SIZE - 1), max_size=5))
    found = table.only(np.array(sorted(wanted)))
    rows = [row for row, code in enumerate(table.codes.tolist()) if code in wanted]
    columns, expected = column_values(found), column_values(table)
    assert columns.keys() == expected.keys()
    for name, column in columns.items():
        assert column.dtype == expected[name].dtype
        np.testing.assert_array_equal(column, [expected[name][row] for row in rows])
    kept = ("name", "description", "source", "protocol")
    assert all(getattr(found, name) == getattr(table, name) for name in kept)
    assert found.measurements.agreement == table.measurements.agreement
    assert found.measurements.by_seed[TEST].seeds == (3, 5)


def test_a_table_that_lacks_all_architectures_cannot_be_restricted() -> None:
    with pytest.raises(MissingError, match="'three' has none of the 2 architectures that were sc"):
        table().only(np.array([0, 26]))


def test_a_digest_knows_every_accuracy_and_architecture() -> None:
    one = table()
    column = one.accuracy(TEST).copy()
    column[2] = np.nextafter(column[2], 100)
    changed = replace(one, accuracies={**one.accuracies, TEST: column})
    moved = replace(one, codes=np.array([5, 26, 15_000]))
    assert len({one.digest(TEST), one.digest(VALID), changed.digest(TEST), moved.digest(TEST)}) == 4
    renamed = replace(one, name="other", source=Source("a", "b"), seeds={})
    assert renamed.digest(TEST) == one.digest(TEST)
    assert changed.digest(VALID) == one.digest(VALID)
    with pytest.raises(MissingError, match="table 'three' has no cifar100_test_200"):
        one.digest(AccuracyKey("cifar100", "test", 200))
