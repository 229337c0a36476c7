from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import CheckError, InputError
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.registry import open_space
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.measurements import BySeed, Measurements
from benchmark.truth.table import Source, TruthTable

NB201 = open_space("nb201")

KEYS = [AccuracyKey.parse(text) for text in ("cifar10_test_200", "imagenet16_valid_12")]
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@st.composite
def tables(draw: st.DrawFn) -> TruthTable:
    codes = np.array(sorted(draw(st.sets(st.integers(0, SIZE - 1), min_size=1, max_size=30))))
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    return TruthTable(
        name=draw(TEXT),
        description=draw(TEXT),
        source=Source(draw(TEXT), draw(TEXT)),
        codes=codes,
        accuracies={key: random.uniform(0, 100, len(codes)) for key in keys},
        seeds={
            key: random.integers(1, 4, len(codes), np.int16) for key in keys if draw(st.booleans())
        },
        official_index=random.permutation(SIZE)[: len(codes)].astype(np.int32)
        if draw(st.booleans())
        else None,
        measurements=Measurements(
            by_seed={key: by_seed(random, len(codes)) for key in keys if draw(st.booleans())}
        ),
        space=NB201,
    )


def by_seed(random: np.random.Generator, size: int) -> BySeed:
    seeds = tuple(sorted(random.permutation(9)[: random.integers(1, 5)].tolist()))
    accuracies, losses = random.uniform(0, 100, (2, size, len(seeds)))
    accuracies[random.uniform(size=accuracies.shape) < 0.2] = np.nan
    return BySeed(seeds, accuracies, losses)


def one() -> TruthTable:
    codes = np.arange(0, SIZE, 5)
    accuracies = {key: np.linspace(10, 94, len(codes)) for key in KEYS}
    return TruthTable("one", "an example", Source("-", "-"), codes, accuracies, space=NB201)


@given(table=tables())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: TruthTable
) -> None:
    path = tmp_path_factory.mktemp("tables") / "a.nbtable"
    write_table(table, path)
    found = read_table(path)
    assert (found.name, found.description, found.source, found.keys) == (
        table.name,
        table.description,
        table.source,
        table.keys,
    )
    np.testing.assert_array_equal(found.codes, table.codes)
    for key in table.keys:
        np.testing.assert_array_equal(found.accuracy(key), table.accuracy(key))
    assert found.seeds.keys() == table.seeds.keys()
    for key, counts in table.seeds.items():
        np.testing.assert_array_equal(found.seeds[key], counts)
    singles = found.measurements.by_seed
    assert list(singles) == list(table.measurements.by_seed)
    for key, single in table.measurements.by_seed.items():
        assert singles[key].seeds == single.seeds
        np.testing.assert_array_equal(singles[key].accuracies, single.accuracies)
        np.testing.assert_array_equal(singles[key].losses, single.losses)
    assert (found.official_index is None) == (table.official_index is None)
    if table.official_index is not None:
        np.testing.assert_array_equal(found.official_index, table.official_index)


def test_columns_are_mapped_and_outlive_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nbtable"
    write_table(one(), path)
    before = pa.total_allocated_bytes()
    table = read_table(path)
    assert pa.total_allocated_bytes() == before
    assert not table.accuracy(KEYS[0]).flags.owndata
    path.unlink()
    np.testing.assert_array_equal(table.accuracy(KEYS[0]), one().accuracy(KEYS[0]))


def test_opening_takes_milliseconds(tmp_path: Path) -> None:
    write_table(one(), tmp_path / "a.nbtable")
    times = []
    for _ in range(5):
        start = time.perf_counter()
        read_table(tmp_path / "a.nbtable")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_changed_byte_is_found_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, place: float, flip: int
) -> None:
    path = tmp_path_factory.mktemp("tables") / "a.nbtable"
    write_table(one(), path)
    contents = bytearray(path.read_bytes())
    contents[int(place * len(contents))] ^= flip
    path.write_bytes(contents)
    try:
        found = read_table(path)
    except InputError:
        return
    np.testing.assert_array_equal(found.codes, one().codes)  # the byte was padding
    for key in KEYS:
        np.testing.assert_array_equal(found.accuracy(key), one().accuracy(key))


@pytest.mark.parametrize("kept", [0, 0.001, 0.3, 0.99])
def test_a_cut_off_file_is_one_line(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "a.nbtable"
    write_table(one(), path)
    contents = path.read_bytes()
    path.write_bytes(contents[: int(kept * len(contents))])
    with pytest.raises(InputError, match=r"a.nbtable is no table file, or it is damaged"):
        read_table(path)


def test_a_changed_number_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.nbtable"
    write_table(one(), path)
    place = path.read_bytes().index(np.float64(94).tobytes())
    contents = bytearray(path.read_bytes())
    contents[place + 6] ^= 1
    path.write_bytes(contents)
    with pytest.raises(InputError, match="its checksum does not hold"):
        read_table(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nbtable"
    batch = pa.record_batch({"code": [1]}).replace_schema_metadata(
        {"version": "0", "checksum": "-"}
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(InputError, match="has version 0 of the format, not 4; write it again"):
        read_table(path)


def test_another_arrow_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nbtable"
    batch = pa.record_batch({"code": [1]})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(InputError, match=r"is an Arrow or Feather file of another .* as \.parquet"):
        read_table(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*: No such file or directory$"):
        read_table(tmp_path / "gone.nbtable")


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.nbtable").mkdir()
    with pytest.raises(CheckError, match=r"^cannot write .*: Is a directory$"):
        write_table(one(), tmp_path / "a.nbtable")
    assert len(list(tmp_path.iterdir())) == 1
