from __future__ import annotations

import io
import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.truth.sources import window
from benchmark.truth.sources.pth import PthReader

MAGIC = 0x1950A86A20F9469CFC6C
PROPERTIES = {"little_endian": True}


def write(path: Path, content: object, magic: int = MAGIC, properties: object = PROPERTIES) -> None:
    with path.open("wb") as file:
        for part in (magic, 1001, properties, content, []):
            pickle.dump(part, file, protocol=2)
        file.write(b"storages")


def read(path: Path) -> tuple[dict[int, Any], dict[str, Any]]:
    reader = PthReader(path)
    return dict(reader.records()), reader.others


def test_what_pickle_reads_is_read(tmp_path: Path, records: dict[int, Any], write_pth: Any) -> None:
    write_pth(tmp_path / "a.pth", records)
    found, others = read(tmp_path / "a.pth")
    assert found == {i: {"less": it[12], "full": it[200]} for i, it in records.items()}
    assert others["evaluated_indexes"] == set(records)
    assert others["meta_archs"] == [it[12]["arch_str"] for it in records.values()]


@pytest.mark.parametrize("order", [("a", "arch2infos", "b"), ("arch2infos",), ("b", "arch2infos")])
def test_the_order_and_the_number_of_items_do_not_matter(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    for count in (0, 1, 2, 999, 1000, 1001, 2001):  # pickle writes at most 1,000 at a time
        infos = {index: {"x": [index, f"text {index}"], "y": (index,)} for index in range(count)}
        content = {"arch2infos": infos, "a": [*range(1500)], "b": set()}
        content = {"a": 1, **{key: content[key] for key in order}, "z": None}  # type: ignore[dict-item]
        write(tmp_path / "a.pth", content)
        found, others = read(tmp_path / "a.pth")
        assert found == infos
        assert others == {key: it for key, it in content.items() if key != "arch2infos"}


def test_what_records_share_is_shared(tmp_path: Path) -> None:
    strings = [f"string {number}" for number in range(3000)]
    common = {"list": [1.5, 2.5], "text": "".join(["common ", "text"])}
    random = np.random.default_rng(0)
    infos: dict[int, Any] = {}
    for index in range(300):
        earlier = infos[int(random.integers(index))] if index else {}
        infos[index] = {
            "string": strings[int(random.integers(3000))],
            "common": common,
            "earlier": earlier.get("own", [None]),
            "keys": dict.fromkeys(strings[index : index + 20], 1.0),
            "own": [f"own {index}", {f"deep {index}": float(index)}],
        }
    write(tmp_path / "a.pth", {"meta_archs": strings, "arch2infos": infos, "z": 1})
    assert read(tmp_path / "a.pth")[0] == infos


def test_a_block_may_end_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: dict[int, Any], write_pth: Any
) -> None:
    write_pth(tmp_path / "a.pth", records)
    expected = read(tmp_path / "a.pth")
    for block in (1 << 10, 54_321):
        monkeypatch.setattr(window, "BLOCK", block)
        assert read(tmp_path / "a.pth") == expected


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (20, 200):
        infos = {
            i: {"x": {f"{i}@{epoch}": i * 0.5 for epoch in range(2000)}, "y": 0}
            for i in range(count)
        }
        write(tmp_path / "a.pth", {"arch2infos": infos, "meta_archs": []})
        del infos
        tracemalloc.start()
        assert sum(1 for _ in PthReader(tmp_path / "a.pth").records()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "a.pth").stat().st_size > 10_000_000
    assert peaks[1] < peaks[0] + 8_000_000


def test_progress_is_the_share_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a.pth", {"arch2infos": {i: {"x": "text " * 99} for i in range(9)}, "z": 1})
    shares: list[float] = []
    for _ in PthReader(tmp_path / "a.pth", shares.append).records():
        pass
    assert len(shares) == 9
    assert sorted(shares) == shares
    assert 0.9 < shares[-1] <= 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"arch2infos": {"x": {}, "y": {}}, "z": 1},
            "does not have the layout of the official files",
        ),
        ({"arch2infos": {"x": {}, 1: {}}, "z": 1}, "has an architecture with the index 'x'"),
        ({"arch2infos": {0: os.mkdir, 1: {}}, "z": 1}, r"asks for posix\.mkdir"),
        ({"a": os.system, "arch2infos": {0: {}, 1: {}}}, r"asks for posix\.system"),
        ([1, 2], "does not have the layout of the official files"),
        ({"arch2infos": [1, 2], "z": 1}, None),
        ({"x": 1}, "does not have the layout of the official files"),
    ],
)
def test_what_is_laid_out_otherwise_is_refused(
    tmp_path: Path, content: object, message: str | None
) -> None:
    write(tmp_path / "a.pth", content)
    if message is None:
        assert read(tmp_path / "a.pth")[0] == {}
    else:
        with pytest.raises(InputError, match=message):
            read(tmp_path / "a.pth")


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    write(path, {"arch2infos": {}}, magic=5)
    with pytest.raises(InputError, match="is no PyTorch file in the legacy format"):
        read(path)
    write(path, {"arch2infos": {}}, properties={"little_endian": False})
    with pytest.raises(InputError, match="with another byte order"):
        read(path)
    path.write_bytes(b"text")
    with pytest.raises(InputError, match="is no PyTorch file in the legacy format"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is cut off"):
        read(path)


def test_numbers_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    head = io.BytesIO()
    for part in (MAGIC, 1001, PROPERTIES):
        pickle.dump(part, head, protocol=2)
    start = b"\x80\x02}q\x00(X\x0a\x00\x00\x00arch2infosq\x01}q\x02(K\x00"
    for record, message in (
        (b"}r\x00\x01\x00\x00(X\x01\x00\x00\x00aj\xff\xff\x00\x00u", "is missing"),
        (b"}r\xff\xff\xff\xff(X\x01\x00\x00\x00aK\x01u", "out of order"),
        (b"}r\x00\x01\x00\x00(X\x01\x00\x00\x00ah\x02u", "is damaged"),
    ):
        (tmp_path / "a.pth").write_bytes(head.getvalue() + start + record + b"uu.")
        with pytest.raises(InputError, match=message):
            read(tmp_path / "a.pth")
