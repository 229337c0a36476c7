"""Every reader, given thousands of damaged files: a clear error or sound numbers, nothing else."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.nb201 import to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.curves import LearningCurves, read_curves, write_curves
from benchmark.truth.files.exporting import export_table
from benchmark.truth.files.nbtable import read_table
from benchmark.truth.importing import import_table
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.nats import read_file, read_nats
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.sources.parquet import read_parquet
from benchmark.truth.sources.pth import PthReader
from benchmark.truth.table import Source, TruthTable
from tests.fuzzing import bounded, cases, timed

NB201 = open_space("nb201")

# Files for each reader: few whenever tests are run, many every night.
FEW, MANY = 75, cases(2_000)
COUNTS = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.nightly)])
PROOF = "NASBENCH_FUZZ_PROOF"
# What a hostile pickle is made of: calls by name in three protocols, and claims of great size.
HOSTILE = [
    b"cos\nsystem\n(S'touch $" + PROOF.encode() + b"'\ntR",
    b"cposix\nsystem\nX\x1a\0\0\0touch $NASBENCH_FUZZ_PROOF\x85R",
    b"\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R",
    b"c__builtin__\ngetattr\nccollections\nOrderedDict\nX\x08\0\0\0fromkeys\x86R",
    b"r\xff\xff\xff\x7f",
    b"j\xff\xff\xff\x7f",
    b"X\xff\xff\xff\x7f",
    b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
    b")" + b"\x85" * 50_000 + b"0",
    b"(" * 1_000,
    b"]" * 1_000,
    b"0",
    b"2",
    b"ccollections\nOrderedDict\n(d(dX\x01\0\0\0xK\x01s\x86b",
    b"\x82\x01",
    b"Pspam\n",
    b"(i__main__\nTruthTable\n",
]
PROTOCOLS = (2, 4, 5)  # of pickles


def damaged(contents: bytes, count: int) -> Iterator[bytes]:
    """Yield files that are cut off, changed in bits and bytes, shifted, or made hostile."""
    places = opcode_places(contents)
    random = np.random.default_rng(1)
    size = len(contents)
    for case in range(count):
        at, length = int(random.integers(size)), int(random.integers(1, 16))
        kind = case % 6
        if kind == 0:
            yield contents[:at]
        elif kind == 1:
            flipped = bytearray(contents)
            flipped[at] ^= 1 << int(random.integers(8))
            yield bytes(flipped)
        elif kind == 2:
            yield contents[:at] + random.bytes(length) + contents[at + length :]
        elif kind == 3:
            yield contents[:at] + contents[at + length :]
        elif kind == 4:
            yield contents[:at] + contents[at // 2 : at // 2 + length] + contents[at:]
        else:
            hostile = HOSTILE[int(random.integers(len(HOSTILE)))]
            at = places[at % len(places)] if places else at
            yield contents[:at] + hostile + contents[at:]


def opcode_places(contents: bytes) -> list[int]:
    """Return where opcodes begin, if these are pickles."""
    file, places = io.BytesIO(contents), []
    with suppress(Exception):  # the end, or no pickle
        while True:
            places += [place for _, _, place in pickletools.genops(file) if place is not None]
    return places


@pytest.fixture(autouse=True)
def proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name the file that a hostile pickle makes, and see that none was made."""
    path = tmp_path / "proof"
    monkeypatch.setenv(PROOF, str(path))
    with bounded():
        yield path
    assert not path.exists()


def survive(
    contents: bytes, read: Callable[[bytes], object], count: int, least: float = 0.3
) -> None:
    """See that a reader reads or refuses every damaged file, and the whole one as it is."""
    read(contents)
    messages = [message for data in damaged(contents, count) if (message := refusal(read, data))]
    assert len(messages) > least * count
    assert not any("\n" in message for message in messages)


def refusal(read: Callable[[Any], object], data: Any) -> str:
    """Return why a reader refuses, or nothing where it reads."""
    try:
        with timed():
            read(data)
    except InputError as error:
        return str(error)
    return ""


def one_table() -> TruthTable:
    codes = np.arange(40)
    keys = [AccuracyKey.parse(text) for text in ("cifar10_test_200", "imagenet16_valid_12")]
    percent = {key: np.linspace(10, 94, len(codes)) for key in keys}
    index = codes[::-1].astype(np.int32)
    return TruthTable(
        "one", "", Source("-", "-"), codes, percent, official_index=index, space=NB201
    )


def by_path(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    def written(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return written


@COUNTS
def test_pth(tmp_path: Path, small_records: Any, write_pth: Any, count: int) -> None:
    from benchmark.truth.sources.official import read_record

    def read(path: Path) -> None:
        for index, record in PthReader(path).records():
            if not isinstance(record, dict) or set(record) != {"less", "full"}:
                raise InputError("is another record")
            read_record(index, {12: record["less"], 200: record["full"]}, curves=True)

    write_pth(tmp_path / "a.pth", small_records)
    survive((tmp_path / "a.pth").read_bytes(), by_path(tmp_path / "b.pth", read), count)


@COUNTS
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_nats_record_whose_compression_is_sound(
    small_records: Any, protocol: int, count: int
) -> None:
    import bz2

    content = {str(epochs): block for epochs, block in small_records[0].items()}

    def read(data: bytes) -> object:
        return read_file("000000.pickle.pbz2", bz2.compress(data, 1))

    survive(pickle.dumps(content, protocol), read, count // len(PROTOCOLS))


@COUNTS
def test_a_nats_file(small_records: Any, tmp_path: Path, write_nats: Any, count: int) -> None:
    write_nats(tmp_path / "nats", small_records)
    name = "000001.pickle.pbz2"
    contents = (tmp_path / "nats" / name).read_bytes()
    survive(contents, lambda data: read_file(name, data), count, least=0.9)


@COUNTS
def test_a_nats_tar(small_records: Any, tmp_path: Path, write_nats: Any, count: int) -> None:
    write_nats(tmp_path / "nats", small_records)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(tmp_path / "nats", "nats")
    survive(packed.getvalue(), by_path(tmp_path / "a.tar", read_nats), count)


@COUNTS
def test_csv(tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.spaces.nb201.strings.nearest_code", lambda text: 0)  # is slow
    lines = [f"{code},{to_string(code)},{10 + code}" for code in range(9)]
    text = "\n".join(["index,arch,cifar10_test_200", *lines])
    read = by_path(
        tmp_path / "a.csv", lambda path: read_csv(path, ImportOptions(allow_subset=True)).table
    )
    survive(text.encode(), read, count)


@COUNTS
def test_parquet(tmp_path: Path, count: int) -> None:
    export_table(one_table(), tmp_path / "a.parquet")
    read = by_path(
        tmp_path / "b.parquet",
        lambda path: read_parquet(path, ImportOptions(allow_subset=True)).table,
    )
    survive((tmp_path / "a.parquet").read_bytes(), read, count)


@COUNTS
def test_the_project_s_own_file(tmp_path: Path, count: int) -> None:
    export_table(one_table(), tmp_path / "a.nbtable")
    read = by_path(tmp_path / "b.nbtable", read_table)
    survive((tmp_path / "a.nbtable").read_bytes(), read, count)


@COUNTS
def test_learning_curves(tmp_path: Path, count: int) -> None:
    percent = np.linspace([10.0], [93.0], 12, axis=1).repeat(3, 0).astype(np.float32)
    curves = LearningCurves(
        "one", Source("-", "-"), np.arange(3), {"cifar10_test_12": percent}, space=NB201
    )
    write_curves(curves, tmp_path / "a.nbcurves")
    read = by_path(tmp_path / "b.nbcurves", read_curves)
    survive((tmp_path / "a.nbcurves").read_bytes(), read, count)


def test_a_failed_import_leaves_nothing(
    tmp_path: Path, cache: Path, small_records: Any, write_pth: Any, write_nats: Any
) -> None:
    write_pth(tmp_path / "a.pth", small_records)
    write_nats(tmp_path / "nats", small_records)
    export_table(one_table(), tmp_path / "a.parquet")
    for path in (tmp_path / "a.pth", tmp_path / "nats/000000.pickle.pbz2", tmp_path / "a.parquet"):
        whole = path.read_bytes()
        source = path.parent if path.suffix == ".pbz2" else path
        for data in damaged(whole, 40):
            path.write_bytes(data)
            options = ImportOptions(name="x", allow_subset=True)
            message = refusal(lambda source: import_table(source, options), source)  # noqa: B023
            files = [name for _, _, names in os.walk(cache) for name in names]
            assert files == ([] if message else ["x.nbtable"])
            assert not message or (str(source) in message and "\n" not in message)
            for name in files:
                (cache / "tables" / name).unlink()
        path.write_bytes(whole)
