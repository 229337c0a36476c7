from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import CheckError, InputError
from benchmark.spaces.nb201 import SIZE, all_strings, to_string
from benchmark.spaces.registry import open_space
from benchmark.truth import open_table
from benchmark.truth.curves import read_curves
from benchmark.truth.files.cache import curves_path, imported_names, table_path
from benchmark.truth.files.exporting import export_table
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.importing import import_table, source_sha256
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.table import Source, TruthTable
from tests.fuzzing import bounded

NB201 = open_space("nb201")

TEST = AccuracyKey("cifar10", "test", 200)
ANY = ImportOptions(allow_subset=True)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def mini_frame(count: int = 9) -> pd.DataFrame:
    columns = {
        "arch": [*range(count)],
        "cellstr": [to_string(count - row) for row in range(count)],
        "cifar10-test": [10.0 + row for row in range(count)],
        "imagenet-val": [20.5 + row for row in range(count)],
    }
    frame = pd.DataFrame(columns).astype({"cellstr": object})
    frame.columns = pd.Index(list(columns), dtype=object)
    return frame


def whole(kind: str, name: str) -> TruthTable:
    percent = {TEST: np.linspace(10, 94, SIZE)}
    return TruthTable(name, "", Source("-", "-", kind), np.arange(SIZE), percent, space=NB201)


def test_a_pth_file_is_kept(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_pth: Any
) -> None:
    path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
    write_pth(path, records)
    shares: list[float] = []
    done = import_table(path, ImportOptions(curves=True, show=shares.append))
    assert files(cache) == ["nas-bench-201.nbcurves", "nas-bench-201.nbtable"]
    assert done.path == table_path("nas-bench-201")
    assert done.curves == curves_path("nas-bench-201")
    assert len(shares) == len(records)
    table = open_table("nas-bench-201", allow_subset=True)
    source = table.source
    assert (source.file, source.kind) == (path.name, "nas-bench-201")
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest() == source_sha256(path)
    assert source.dated.endswith("+00:00")
    assert source.dated <= source.imported
    assert len(table) == len(records)
    assert table.description == f"NAS-Bench-201's own numbers, from {path.name}"
    assert read_curves(done.curves).source == source


def test_what_differs_from_the_formula_is_noted(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_pth: Any
) -> None:
    write_pth(tmp_path / "a.pth", records)
    notes = import_table(tmp_path / "a.pth").notes
    assert [note.partition(":")[0] for note in notes] == ["params_cifar10_12", "flops_cifar10_12"]
    assert "6 of 6 differ from the formula, the first is 0.500000 M instead of 0." in notes[0]


def test_an_accuracy_that_some_lack_is_left_out(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_pth: Any
) -> None:
    fewer = pickle.loads(pickle.dumps(records))
    last = fewer[len(fewer) - 1][12]
    del last["dataset_seed"]["cifar100"]
    write_pth(tmp_path / "a.pth", fewer)
    done = import_table(tmp_path / "a.pth", ImportOptions(curves=True))
    assert len(done.table.keys) == 10
    assert "cifar100_test_12 is left out: 5 of 6 architectures have it" in done.notes
    assert done.curves is not None
    assert not [name for name in read_curves(done.curves).columns if name.startswith("cifar100_v")][
        1:
    ]


def test_a_folder_and_its_tar_are_the_same(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_nats: Any
) -> None:
    folder = tmp_path / "NATS-tss-v1_0-3ffb9-simple"
    write_nats(folder, records)
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(folder, folder.name)
    first = import_table(folder, ImportOptions(name="a")).table
    second = import_table(tmp_path / "a.tar", ImportOptions(name="b")).table
    assert first.source.sha256 == source_sha256(folder)
    assert second.source.sha256 == source_sha256(tmp_path / "a.tar")
    assert first.keys == second.keys
    for key in first.keys:
        np.testing.assert_array_equal(first.accuracy(key), second.accuracy(key))
        np.testing.assert_array_equal(first.seeds[key], second.seeds[key])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "NATS-tss-v1_0-3ffb9-simple",
        "a.tar",
        "cache",
    ]


def test_files_that_are_promised_must_be_there(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_nats: Any, write_pth: Any
) -> None:
    write_nats(tmp_path / "nats", records)
    (tmp_path / "nats" / "000003.pickle.pbz2").unlink()
    with pytest.raises(InputError, match="lists 6 architectures but lacks 1 of them"):
        import_table(tmp_path / "nats")
    assert len(import_table(tmp_path / "nats", ANY).table) == 5
    write_pth(tmp_path / "a.pth", records, evaluated_indexes={0, 1, 2, 3, 4, 5, 6, 7})
    with pytest.raises(InputError, match="lists 8 architectures but lacks 2 of them"):
        import_table(tmp_path / "a.pth")
    write_pth(tmp_path / "a.pth", records, meta_archs=list(all_strings()))
    with pytest.raises(InputError, match="has an architecture 0 that does not match its list"):
        import_table(tmp_path / "a.pth")


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickled_data_frame_is_refused_with_its_conversion(
    tmp_path: Path, cache: Path, protocol: int
) -> None:
    path = tmp_path / "mini-bench-arch-cell-accs.pd"
    mini_frame().to_pickle(path, protocol=protocol)
    with pytest.raises(InputError) as caught:
        import_table(path, ANY)
    command = re.search(r"import pandas; .*index=False\)", str(caught.value))
    assert command is not None
    subprocess.run([sys.executable, "-c", command[0]], cwd=tmp_path, check=True)
    table = import_table(
        path.with_suffix(".csv"), ImportOptions(epochs=200, allow_subset=True)
    ).table
    assert table.name == "mini-bench-arch-cell-accs"
    assert [*map(str, table.keys)] == ["cifar10_test_200", "imagenet16_valid_200"]
    assert table.accuracy(TEST, 9) == 10.0
    assert table.accuracy(AccuracyKey("imagenet16-120", "valid", 200), 1) == 28.5
    assert table.official_index is not None
    assert table.official_index.tolist() == [*range(8, -1, -1)]


@pytest.mark.parametrize("write", [pd.DataFrame.to_csv, pd.DataFrame.to_parquet])
def test_columns_of_mini_nasbench(
    tmp_path: Path, cache: Path, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    path = tmp_path / ("a.csv" if write is pd.DataFrame.to_csv else "a.parquet")
    frame = mini_frame()
    write(frame, path)  # pandas adds its row labels to a CSV file
    with pytest.raises(InputError, match=r"epochs of cifar10-test is not in the file; .*--epochs"):
        import_table(path, ANY)
    with pytest.raises(InputError, match=r"15,616 of 15,625 architectures are missing"):
        import_table(path, ImportOptions(epochs=200))
    assert import_table(path, replace(ANY, epochs=200)).table.accuracy(TEST, 9) == 10.0
    for bad, message in (
        (frame.rename(columns={"cifar10-test": "accuracy"}), "unknown column 'accuracy'"),
        (frame.drop(columns=["cifar10-test", "imagenet-val"]), "no accuracy"),
        (frame.assign(cellstr="x"), "(line 2|row 1): not an architecture"),
        (frame.assign(cellstr=to_string(3)), "(line 3|row 2): .* is already on (line 2|row 1)"),
        (frame.replace(10.0, np.nan), "(line 2|row 1): cifar10-test is '.*': it must be a perc"),
        (frame[["cifar10-test"]], "no column 'arch'"),
    ):
        write(bad, path)
        with pytest.raises(InputError, match=message):
            import_table(path, ImportOptions(epochs=200, allow_subset=True, replace=True))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".nbtable"])
def test_what_is_exported_is_imported(tmp_path: Path, cache: Path, suffix: str) -> None:
    keys = [TEST, AccuracyKey("imagenet16-120", "valid", 12)]
    random = np.random.default_rng(0)
    codes = np.sort(random.permutation(SIZE)[:50])
    accuracies = {key: random.uniform(0, 100, 50) for key in keys}
    index = random.permutation(SIZE)[:50].astype(np.int32)
    table = TruthTable(
        "one", "", Source("-", "-"), codes, accuracies, official_index=index, space=NB201
    )
    export_table(table, tmp_path / f"a{suffix}")
    found = import_table(tmp_path / f"a{suffix}", ImportOptions(name="b", allow_subset=True)).table
    assert found.name == "b"
    np.testing.assert_array_equal(found.codes, codes)
    assert found.official_index is not None
    np.testing.assert_array_equal(found.official_index, index)
    for key in keys:
        np.testing.assert_array_equal(found.accuracy(key), accuracies[key])
    assert open_table("b", allow_subset=True).keys == tuple(sorted(keys))


def test_a_parquet_file_of_pandas(tmp_path: Path, cache: Path) -> None:
    frame = pd.DataFrame({"arch": [to_string(7), to_string(3)], "cifar10_test_200": [90, 80]})
    frame.to_parquet(tmp_path / "mine.parquet", index=True)
    table = import_table(tmp_path / "mine.parquet", ANY).table
    assert (table.name, table.codes.tolist()) == ("mine", [3, 7])
    assert table.accuracy(TEST).tolist() == [80, 90]
    frame.astype({"arch": "category"}).to_parquet(tmp_path / "mine.parquet")  # a dictionary
    assert import_table(tmp_path / "mine.parquet", replace(ANY, replace=True)).table.codes[0] == 3
    frame.assign(when=pd.Timestamp(0)).to_parquet(tmp_path / "mine.parquet")
    with pytest.raises(InputError, match="has a column 'when' of timestamp"):
        import_table(tmp_path / "mine.parquet", ANY)


def test_a_long_text_that_parquet_repeats_is_not_unpacked(tmp_path: Path, cache: Path) -> None:
    places = pa.array(np.zeros(SIZE, np.int32))
    archs = pa.DictionaryArray.from_arrays(places, pa.array(["x" * (1 << 22)]))  # 64 GB in all
    columns = {"arch": archs, "cifar10_test_200": np.full(SIZE, 50.0)}
    for is_kept in (True, False):
        pq.write_table(pa.table(columns), tmp_path / "a.parquet", store_schema=is_kept)
        with bounded(), pytest.raises(InputError, match="has a text of more than 1,024 bytes"):
            import_table(tmp_path / "a.parquet")


def test_export_needs_a_known_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"use the suffix \.csv, \.parquet or \.nbtable"):
        export_table(whole("", "x"), tmp_path / "a.txt")


def test_a_name_belongs_to_one_source(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"arch,cifar10_test_200\n{to_string(3)},50\n")
    import_table(path, ANY)
    import_table(path, ANY)  # once more from the same file
    path.write_text(f"arch,cifar10_test_200\n{to_string(3)},60\n")
    with pytest.raises(InputError, match="there is a table 'a' already, from another file"):
        import_table(path, ANY)
    assert open_table("a", allow_subset=True).accuracy(TEST, 3) == 50
    done = import_table(path, ImportOptions(allow_subset=True, replace=True))
    assert done.table.accuracy(TEST, 3) == 60
    table_path("a").write_bytes(b"damaged")
    assert import_table(path, ANY).table.accuracy(TEST, 3) == 60


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 81, "analog-nasbench"])
def test_what_cannot_be_a_name_is_refused_first(tmp_path: Path, cache: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"cannot name a table|is the name of a built-in table"):
        import_table(tmp_path / "gone.csv", ImportOptions(name=name))


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("a.pth", b"PK\x03\x04rest", "is a zip archive, as newer versions of PyTorch save"),
        ("a.txt", b"text", r"is of no known format; import NAS-Bench-201-v1_\*\.pth"),
        ("a.pth", b"", "is of no known format"),
        ("a.tar", b"\0" * 10_240, "holds no architecture"),
        ("a.parquet", b"PAR1rest", "is no valid Parquet file"),
        ("a.nbtable", b"ARROW1rest", "is no table file"),
        ("a.pd", b"\x80\x04pandas", "is a pickled data frame"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, cache: Path, name: str, contents: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(InputError, match=message) as caught:
        import_table(tmp_path / name, ANY)
    assert str(tmp_path / name) in str(caught.value)
    assert files(cache) == []


def test_missing_files_and_empty_folders(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*gone: No such file or directory"):
        import_table(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty holds no 000000\.pickle\.pbz2 or the like"):
        import_table(tmp_path / "empty")


@pytest.mark.parametrize("function", [os.system, eval, exec, getattr, os.mkdir])
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_hostile_pickle_is_refused_with_its_name(
    tmp_path: Path,
    cache: Path,
    call: Any,
    write_nats: Any,
    records: Any,
    function: Any,
    protocol: int,
) -> None:
    import bz2

    proof = tmp_path / "proof"
    evil = call(function, f"touch {proof}")
    write_nats(tmp_path / "nats", records)
    bad = tmp_path / "nats" / "000002.pickle.pbz2"
    bad.write_bytes(bz2.compress(pickle.dumps({"12": evil}, protocol)))
    with pytest.raises(InputError) as caught:
        import_table(tmp_path / "nats")
    assert "000002.pickle.pbz2" in str(caught.value)
    if protocol:
        assert f"asks for {function.__module__}.{function.__name__}".replace(
            "builtins", "__builtin__" if protocol == 2 else "builtins"
        ) in str(caught.value)
    head = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(part, head, protocol=2)
    content = {"arch2infos": {0: {"less": evil, "full": {}}, 1: {}}, "z": 1}
    (tmp_path / "a.pth").write_bytes(head.getvalue() + pickle.dumps(content, protocol))
    with pytest.raises(InputError, match=r"a\.pth asks for|a\.pth is not of pickle protocol 2"):
        import_table(tmp_path / "a.pth")
    (tmp_path / "a.pd").write_bytes(pickle.dumps([evil, "pandas"], protocol))
    with pytest.raises(InputError, match=r"a\.pd is a pickled data frame|no known format"):
        import_table(tmp_path / "a.pd")
    assert not proof.exists()
    assert files(cache) == []


def test_an_unwritable_cache_fails_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.csv").write_text(f"arch,cifar10_test_200\n{to_string(3)},50\n")
    with pytest.raises(CheckError, match="cannot write"):
        import_table(tmp_path / "a.csv", ANY)


def test_imported_tables_are_opened_by_name(tmp_path: Path, cache: Path) -> None:
    for table in (whole("csv", "mine"), whole("nas-bench-201", "z")):
        write_table(table, tmp_path / f"{table.name}.nbtable")
        import_table(tmp_path / f"{table.name}.nbtable")
    assert imported_names() == ["mine", "z"]
    assert open_table("mine").name == "mine"
    table_path("z").write_bytes(b"damaged")
    with pytest.raises(InputError, match="is no table file"):
        open_table("z")
    with pytest.raises(InputError, match=r"unknown table 'zz'.*analog-nasbench, mine, z, <"):
        open_table("zz")


def test_a_part_of_the_official_table_is_imported(
    tmp_path: Path, cache: Path, records: dict[int, Any], write_pth: Any
) -> None:
    write_pth(tmp_path / "a.pth", records)
    import_table(tmp_path / "a.pth")
    assert len(read_table(table_path("nas-bench-201"))) == 6
