from __future__ import annotations

import json
import tempfile
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from benchmark.errors import InputError
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.importing import import_table
from benchmark.truth.keys import CostKey
from benchmark.truth.sources.nas_bench_macro import KEY, read_macro
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.table_from_results import formula_differences
from tests.unit.benchmark.truth.macro_file import SPACE, macro_records, write_macro

RECORDS = macro_records()
FEW = macro_records(9)


def test_every_number_is_read(tmp_path: Path) -> None:
    found = read_macro(write_macro(tmp_path, RECORDS))
    table, measured = found.table, found.table.measurements
    assert table.space is SPACE
    assert table.is_complete
    assert table.networks == 3_969
    assert table.keys == (KEY,)
    assert str(KEY) == "cifar10_test_50"
    singles = np.array([RECORDS[SPACE.format(code)]["test_acc"] for code in range(SPACE.size)])
    np.testing.assert_array_equal(table.codes, np.arange(SPACE.size))
    np.testing.assert_array_equal(table.accuracy(KEY), singles.mean(axis=1))
    np.testing.assert_array_equal(table.seeds[KEY], 3)
    np.testing.assert_allclose(measured.deviations[KEY], singles.std(axis=1, ddof=1))
    assert measured.by_seed[KEY].seeds == (0, 1, 2)
    np.testing.assert_array_equal(measured.by_seed[KEY].accuracies, singles)
    for quantity in ("params", "flops"):
        expected = [RECORDS[SPACE.format(code)][quantity] / 1e6 for code in range(SPACE.size)]
        np.testing.assert_array_equal(measured.costs[CostKey(quantity, "cifar10", 50)], expected)
    assert formula_differences(table) == []
    for text in (table.description, *found.notes):
        assert "no validation split" in text
        assert "best" in text
    agreement = measured.agreement[KEY]
    distinct = singles[np.unique(SPACE.canonical(SPACE.all_codes()))]
    taus = [
        kendalltau(distinct[:, one], distinct[:, other]).statistic
        for one, other in combinations(range(3), 2)
    ]
    assert agreement.tau == pytest.approx(np.mean(taus))
    assert (agreement.architectures, agreement.seeds) == (3_969, 3)


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    table = read_macro(write_macro(tmp_path, RECORDS)).table
    write_table(table, tmp_path / "macro.nbtable")
    again = read_table(tmp_path / "macro.nbtable")
    assert again.space is SPACE
    np.testing.assert_array_equal(again.accuracy(KEY), table.accuracy(KEY))
    np.testing.assert_array_equal(
        again.measurements.by_seed[KEY].accuracies, table.measurements.by_seed[KEY].accuracies
    )


def test_an_import_knows_the_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    path = write_macro(tmp_path, RECORDS)
    done = import_table(path)
    assert done.table.name == "nas-bench-macro"
    assert done.table.source.kind == "nas-bench-macro"
    assert "no validation split" in done.table.protocol["notes"][0]
    named = import_table(path, ImportOptions(name="mine", space=SPACE))
    assert named.table.name == "mine"


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"test_acc": [90.0, 91.0]}, "test_acc must be a list of 3 accuracies"),
    ({"test_acc": 90.0}, "test_acc must be a list of 3 accuracies"),
    ({"test_acc": [90.0, 91.0, 100.5]}, "test_acc is 100.5: it must be a number from 0 to 100"),
    ({"test_acc": [90.0, 91.0, "92"]}, "test_acc is '92': it must be a number from 0 to 100"),
    ({"test_acc": [90.0, 91.0, True]}, "test_acc is True: it must be a number"),
    ({"mean_acc": 12.5}, "mean_acc is 12.5, but its other numbers give "),
    ({"std": 12.5}, "std is 12.5, but its other numbers give "),
    ({"std": None}, "std is None: it must be a number"),
    ({"params": 5}, "params is 5, but its other numbers give [0-9]+; get"),
    ({"flops": 5}, "flops is 5, but its other numbers give [0-9]+; get"),
    ({"flops": 5.0}, "flops is 5.0: it must be an integer"),
    ({"params": 1 << 60}, "params is 11529215[0-9]+: it must be an integer"),
    ({"extra": 1}, "it must have test_acc, mean_acc, std, params, flops, each once"),
]


@pytest.mark.parametrize(("change", "message"), FAULTS, ids=[*map(str, range(len(FAULTS)))])
def test_a_wrong_number_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    arch = "00000012"
    records = FEW | {arch: FEW[arch] | change}
    path = write_macro(tmp_path, records)
    with pytest.raises(InputError, match=rf"macro_cifar10\.json: {arch}: {message}") as caught:
        read_macro(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is no JSON"),
        ("[]", "it is no JSON object of architectures"),
        ("3", "it is no JSON object of architectures"),
        ("{}", "6,561 of 6,561 architectures are missing, the first is 00000000"),
        ('{"00000000": {"std": NaN}}', "NaN is no number"),
        ('{"00000000": [1]}', "00000000: it must have test_acc"),
        ('{"0000000": {}}', "not an architecture: '0000000'; the nearest is '00000000'"),
        ("[" * 100_000, "it is no JSON"),
    ],
)
def test_what_is_no_such_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_macro(path)
    assert "\n" not in str(caught.value)


def test_an_architecture_twice_or_missing(tmp_path: Path) -> None:
    text = json.dumps(FEW)
    path = tmp_path / "doubled.json"
    path.write_text(text[:-1] + ', "00000000": ' + json.dumps(FEW["00000000"]) + "}")
    with pytest.raises(InputError, match="it has 00000000 twice; keep one"):
        read_macro(path)
    one_less = {arch: record for arch, record in RECORDS.items() if arch != "00120120"}
    with pytest.raises(
        InputError, match=r"1 of 6,561 architectures are missing, the first is 00120120; get the"
    ):
        read_macro(write_macro(tmp_path, one_less))


@settings(max_examples=30)
@given(st.integers(0, 3_000), st.binary(max_size=3), st.booleans())
def test_a_damaged_file_gives_one_line(place: int, put: bytes, drop: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_macro(Path(folder), FEW)
        text = path.read_bytes()
        place %= len(text)
        path.write_bytes(text[:place] + put + text[place + drop :])
        message = ""
        try:
            read_macro(path)
        except InputError as error:
            message = str(error)
        assert message  # it lacks most architectures, also if it is still valid
        assert "\n" not in message


@pytest.fixture(scope="module")
def official(shared: Path) -> Any:
    return read_macro(shared / "nas-bench-macro" / "nas-bench-macro_cifar10.json").table


def test_the_published_table(official: Any) -> None:
    assert len(official) == 6_561
    best = SPACE.format(int(SPACE.canonical(official.accuracy(KEY).argmax())))
    assert (best, round(official.accuracy(KEY, best), 3)) == ("22212220", 93.127)
    assert official.accuracy(KEY).min() == pytest.approx(45.36, abs=0.01)
    assert official.measurements.agreement[KEY].tau == pytest.approx(0.879, abs=5e-4)


@pytest.mark.parametrize(("quantity", "expected"), [("params", 0.215), ("flops", 0.546)])
def test_sizes_say_little_of_the_published_table(
    official: Any, quantity: str, expected: float
) -> None:
    distinct = np.unique(SPACE.canonical(official.codes))
    sizes = official.measurements.costs[CostKey(quantity, "cifar10", 50)][distinct]
    tau = kendalltau(sizes, official.accuracy(KEY, distinct)).statistic
    assert tau == pytest.approx(expected, abs=5e-4)


def test_equal_networks_have_equal_accuracies(official: Any) -> None:
    canonical = SPACE.canonical(official.codes)
    np.testing.assert_array_equal(official.accuracy(KEY), official.accuracy(KEY, canonical))
