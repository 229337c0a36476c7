from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.nb201 import to_string
from benchmark.truth import TABLES, AccuracyKey, open_table
from benchmark.truth.files.nbtable import write_table
from benchmark.truth.sources.analog import read_analog

KEY = AccuracyKey("cifar10", "test", 200)


@pytest.mark.parametrize("name", TABLES)
def test_every_registered_table_opens(name: str) -> None:
    for table in (open_table(name), open_table(name)):  # from its source, then from the cache
        assert table.name == name
        assert table.is_complete


def test_the_cache_holds_the_accuracies_of_the_source() -> None:
    source = read_analog()
    table = open_table("analog-nasbench")
    assert list(table.accuracies) == list(source.accuracies)
    assert table.digest(KEY) == source.digest(KEY)


def test_a_path_opens_by_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "mine.CSV"
    path.write_text(f"arch,cifar10_test_200\n{to_string(5)},42\n")
    table = open_table(path, allow_subset=True)
    write_table(table, tmp_path / "mine.nbtable")
    again = open_table(str(tmp_path / "mine.nbtable"), allow_subset=True)
    np.testing.assert_array_equal(again.accuracy(KEY), [42])
    with pytest.raises(InputError, match="15,624 of 15,625 architectures are missing"):
        open_table(path)
    with pytest.raises(InputError, match="holds 1 of 15,625 architectures"):
        open_table(tmp_path / "mine.nbtable")


@pytest.mark.parametrize("name", ["analog", "nowhere/table.parquet", ""])
def test_an_unknown_table_lists_the_choices(name: str) -> None:
    with pytest.raises(InputError, match=r"unknown table .*analog-nasbench, <path>.csv"):
        open_table(name)


@pytest.mark.parametrize("suffix", [".csv", ".nbtable"])
def test_a_missing_file_is_one_line(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*: No such file or directory$"):
        open_table(tmp_path / f"gone{suffix}")


def test_importing_the_tables_does_not_import_arrow() -> None:
    program = "import sys, benchmark.truth; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
