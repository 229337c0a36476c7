from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau

from benchmark.errors import InputError
from benchmark.spaces.registry import open_space
from benchmark.truth.formats import read_path
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.sources.accel import COLUMNS, KEY, read_accel
from benchmark.truth.sources.options import ImportOptions

SPACE = open_space("accel")
FILE = "accel-nasbench/accel_nasbench_imagenet.csv"
ARCHIVE = "accel-nasbench/anb_dataset_jsons.tar.gz"
ONE = ["6466611", "3535533", "1233222", "0000000"]
TWO = ["1111111", "3333333", "1111141", "1010101"]
ROWS = [
    [*ONE, "59.5", "400.5", "2.5", "1600"],
    [*TWO, "60", "300", "3", "3200"],
    [*ONE, "60.5", "400.5", "2.5", "3200"],
]


def write_rows(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = COLUMNS) -> Path:
    path.write_text("\n".join(",".join(row) for row in [header, *rows]) + "\n")
    return path


def result(row: Sequence[str]) -> dict[str, Any]:
    """Return a row in the form of the published archive."""
    architecture: dict[str, object] = {}
    for stage in range(7):
        for kind, column in zip("ekl", row[:3], strict=True):
            architecture[f"block{stage}_{kind}"] = int(column[stage])
        architecture[f"block{stage}_se"] = row[3][stage] == "1"
    accuracy, macs, params, seconds = map(float, row[4:])
    return {
        "architecture": architecture,
        "metrics": {"val_top1": accuracy, "val_top5": 90.0, "train_time": seconds},
        "model_info": {"macs": macs, "params": params},
        "platform_perf": {},
    }


def write_archive(path: Path, results: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(_folder("anb_dataset_jsons"))
        for name, contents in results.items():
            member = tarfile.TarInfo(f"./anb_dataset_jsons/{name}")
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    return path


def _folder(name: str) -> tarfile.TarInfo:
    folder = tarfile.TarInfo(name)
    folder.type = tarfile.DIRTYPE
    return folder


def test_repeated_trainings_are_averaged_and_counted(tmp_path: Path) -> None:
    by_json = {
        f"result_{place}.json": json.dumps(result(row)).encode() for place, row in enumerate(ROWS)
    }
    paths = [
        write_rows(tmp_path / "rows.csv", ROWS),
        write_archive(tmp_path / "archive.tar.gz", by_json),
    ]
    for path in paths:
        found = read_path(path, ImportOptions(name="mine"))
        table = found.table
        assert table.space is SPACE
        assert (table.name, table.source.file, table.source.kind) == (
            "mine",
            path.name,
            "accel-nasbench",
        )
        codes = SPACE.to_codes([",".join(ONE), ",".join(TWO)])
        assert sorted(codes.tolist()) == table.codes.tolist()
        assert table.accuracy(KEY, codes).tolist() == [60, 60]
        assert table.seeds[KEY][table.rows(codes)].tolist() == [2, 1]
        for quantity, expected in (
            ("flops", [400.5, 300]),
            ("params", [2.5, 3]),
            ("seconds", [150, 200]),
        ):
            column = table.measurements.costs[CostKey(quantity, "imagenet", 16)]
            assert column[table.rows(codes)].tolist() == expected
        assert any("proxy recipe" in note for note in found.notes)
        assert "1 architectures were trained more than once: means are taken" in found.notes
        assert "proxy recipe" in table.description
        assert "single seed" in table.description


@pytest.mark.parametrize("file", [FILE, ARCHIVE])
def test_the_published_trainings(shared: Path, file: str) -> None:
    table = read_path(shared / file, ImportOptions()).table
    assert table.keys == (AccuracyKey("imagenet", "valid", 16),)
    assert len(table) == table.networks == 5_125
    assert int(table.seeds[KEY].sum()) == 5_138
    column = table.accuracy(KEY)
    assert (column.min(), column.max()) == (42.85, 67.052)
    params = SPACE.parameters(table.codes, SPACE.table_scale)
    published = table.measurements.costs[CostKey("params", "imagenet", 16)]
    np.testing.assert_allclose(published, params / 1e6, rtol=1e-12)
    assert round(kendalltau(params, column).statistic, 2) == 0.62
    macs = table.measurements.costs[CostKey("flops", "imagenet", 16)]
    assert round(kendalltau(macs, column).statistic, 2) == 0.44


def test_the_archive_and_the_rows_agree(shared: Path) -> None:
    rows, archive = (read_accel(shared / file).table for file in (FILE, ARCHIVE))
    np.testing.assert_array_equal(rows.codes, archive.codes)
    np.testing.assert_array_equal(rows.accuracy(KEY), archive.accuracy(KEY))
    with (shared / FILE).open(newline="") as file:
        assert set(COLUMNS) <= set(next(csv.reader(file)))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, "6466612", "line 3: not an architecture: .*; the nearest is 'e64666"),
        (3, "000000", "line 3: not an architecture"),
        (4, "101", "line 3: val_top1 is '101': it must be a number from 0 to 100"),
        (4, "nan", "line 3: val_top1 is 'nan'"),
        (4, "", "line 3: val_top1 is ''"),
        (5, "-1", "line 3: macs_M is '-1'"),
        (6, "1_0", "line 3: params_M is '1_0'"),
        (7, "inf", "line 3: train_time_s is 'inf'"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, column: int, value: str, message: str) -> None:
    faulty = [*ROWS[0]]
    faulty[column] = value
    path = write_rows(tmp_path / "faulty.csv", [ROWS[1], faulty])
    with pytest.raises(InputError, match=rf"faulty\.csv, {message}"):
        read_path(path, ImportOptions())


def test_no_training_is_an_error(tmp_path: Path) -> None:
    for path in (write_rows(tmp_path / "a.csv", []), write_archive(tmp_path / "b.tar", {})):
        with pytest.raises(InputError, match="it holds no training"):
            read_accel(path)


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"{}",
        json.dumps({**result(ROWS[0]), "metrics": None}).encode(),
        json.dumps({**result(ROWS[0]), "architecture": {}}).encode(),
        b"\xff",
        b" " * (1 << 17),
    ],
    ids=range(9),
)
def test_a_faulty_result_is_named(tmp_path: Path, contents: bytes) -> None:
    path = write_archive(tmp_path / "faulty.tar.gz", {"result_7.json": contents})
    with pytest.raises(InputError, match=r"faulty\.tar\.gz, .*result_7\.json: ") as caught:
        read_path(path, ImportOptions())
    assert "\n" not in str(caught.value)


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    by_json = {
        f"result_{place}.json": json.dumps(result(row)).encode() for place, row in enumerate(ROWS)
    }
    path = write_archive(tmp_path / "cut.tar.gz", by_json)
    contents = path.read_bytes()
    for size in (40, len(contents) // 2):
        path.write_bytes(contents[:size])
        with pytest.raises(InputError, match=r"cut\.tar\.gz"):
            read_accel(path)


def test_another_space_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.csv", ROWS)
    with pytest.raises(InputError, match="accel"):
        read_path(path, ImportOptions(space=open_space("macro")))
