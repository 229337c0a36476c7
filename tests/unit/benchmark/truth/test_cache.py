from __future__ import annotations

from pathlib import Path

import numpy as np
import platformdirs
import pytest

from benchmark.images import data_folder
from benchmark.spaces.registry import open_space
from benchmark.truth.files.cache import cache_folder, cached
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.table import Source, TruthTable

NB201 = open_space("nb201")

KEY = AccuracyKey("cifar10", "test", 200)


class Maker:
    """Makes a table and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> TruthTable:
        self.calls += 1
        return TruthTable(
            "t", "", Source("-", "-"), np.array([5]), {KEY: np.array([42.0])}, space=NB201
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_variable_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == folder
    for empty in (True, False):
        if empty:
            monkeypatch.setenv("NASBENCH_CACHE", "")
        else:
            monkeypatch.delenv("NASBENCH_CACHE")
        assert cache_folder() == Path(platformdirs.user_cache_dir("nasbench"))


def test_a_table_is_made_once(folder: Path) -> None:
    make = Maker()
    assert [cached("t", make).accuracy(KEY, 5) for _ in range(3)] == [42.0] * 3
    assert make.calls == 1
    assert [path.name for path in folder.iterdir()] == ["t.nbtable"]


def test_a_damaged_file_is_made_again(folder: Path) -> None:
    make = Maker()
    cached("t", make)
    (folder / "t.nbtable").write_bytes(b"damaged")
    assert cached("t", make).accuracy(KEY, 5) == 42.0
    cached("t", make)
    assert make.calls == 2


def test_an_unwritable_cache_is_no_error(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    make = Maker()
    assert [cached("t", make).accuracy(KEY, 5) for _ in range(2)] == [42.0] * 2
    assert make.calls == 2


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NASBENCH_CACHE", "~/cache")
    monkeypatch.setenv("NASBENCH_DATA", "~/data")
    assert cache_folder() == tmp_path / "cache"
    assert data_folder() == tmp_path / "data"
