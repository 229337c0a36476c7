from __future__ import annotations

import io
import os
import pickle
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from benchmark.errors import InputError
from benchmark.spaces.nb201 import is_connected
from benchmark.truth.sources import analog
from benchmark.truth.sources.analog import KEY, load_records, read_analog
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.table import TruthTable


@pytest.fixture(scope="module")
def table() -> TruthTable:
    return read_analog()


def test_the_whole_space_was_trained_once(table: TruthTable) -> None:
    assert table.is_complete
    assert table.keys == (KEY,)
    assert np.all(table.seeds[KEY] == 1)
    assert "not NAS-Bench-201's own" in table.description
    assert table.source.sha256 == analog.SHA256


def test_the_disconnected_predict_chance(table: TruthTable) -> None:
    np.testing.assert_array_equal(table.accuracy(KEY) == 10.0, ~is_connected())


def test_accuracies_are_means_of_25_passes_over_10000_images(table: TruthTable) -> None:
    images = table.accuracy(KEY) / 100 * 25 * 10_000
    assert np.sum(np.abs(images - np.round(images)) > 1e-6) == 2  # as the docstring says


def test_it_agrees_with_the_official_table(table: TruthTable, shared: Path) -> None:
    official = read_csv(shared / "nas-bench-201" / "accuracies.csv").table.accuracy(KEY)
    ours = table.accuracy(KEY)
    assert kendalltau(ours, official).statistic == pytest.approx(0.920, abs=5e-4)
    assert spearmanr(ours, official).statistic == pytest.approx(0.990, abs=5e-4)
    assert np.argmax(ours) == np.argmax(official)
    assert official[np.argmax(ours)] == pytest.approx(94.37, abs=5e-3)


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


@pytest.mark.parametrize("function", [os.system, eval, subprocess.call, getattr])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_pickle_is_refused(
    tmp_path: Path, function: Callable[..., object], protocol: int
) -> None:
    proof = tmp_path / "proof"
    evil = pickle.dumps({(0,) * 6: Call(function, f"touch {proof}", "x")}, protocol)
    with pytest.raises(InputError) as caught:
        load_records(io.BytesIO(evil), "evil.anb")
    assert str(caught.value).startswith("evil.anb asks for ")
    assert function.__name__ in str(caught.value)
    assert not proof.exists()


@pytest.mark.parametrize(
    "name", ["AnalogNASBench", "pkg_resources.resource_filename", "pickle.load"]
)
def test_nothing_else_of_the_package_is_let_in(name: str) -> None:
    with pytest.raises(InputError, match=rf"^x asks for analognasbench\.data\.{name}: refused$"):
        load_records(io.BytesIO(f"canalognasbench.data\n{name}\n.".encode()), "x")


@pytest.mark.parametrize("damaged", [b"", b"\x80\x04", b"not a pickle", b"\x80\x04]q\x00."])
def test_a_damaged_pickle_is_one_line(damaged: bytes) -> None:
    with pytest.raises(InputError, match=r"^x .*refused$"):
        load_records(io.BytesIO(damaged), "x")


def test_another_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "data.anb"
    path.write_bytes(pickle.dumps(Call(os.mkdir, str(tmp_path / "proof"))))
    with pytest.raises(
        InputError, match=r"data\.anb: SHA-256 is [0-9a-f]{12}\.\.\., not 85f3435b877a"
    ):
        read_analog(path)
    assert not (tmp_path / "proof").exists()


def test_no_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(InputError, match=r"pip install analog-nasbench==0\.1\.3"):
        read_analog()
