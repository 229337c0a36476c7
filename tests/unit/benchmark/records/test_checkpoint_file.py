"""Checkpoints may be damaged or forged: tensors and plain values are read, nothing is run."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.records.checkpoint_file import MAGIC, read_checkpoint, write_checkpoint
from tests.fuzzing import bounded, cases, timed

CONTENTS: dict[str, Any] = {
    "weights": {"stem": torch.arange(6.0).view(2, 3), "half": torch.ones(2, dtype=torch.float64)},
    "optimiser": {"state": {0: {"momentum": torch.zeros(2)}}, "groups": [{"lr": 0.1}]},
    "position": 7,
    "name": "root.0",
    "none": None,
}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def signed(data: bytes) -> bytes:
    return MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_checkpoint(CONTENTS, tmp_path / "a.checkpoint")
    return tmp_path / "a.checkpoint"


def test_what_is_written_is_read(path: Path) -> None:
    found = read_checkpoint(path)
    assert found.keys() == CONTENTS.keys()
    for name, tensor in CONTENTS["weights"].items():
        assert found["weights"][name].dtype == tensor.dtype
        assert torch.equal(found["weights"][name], tensor)
    assert torch.equal(found["optimiser"]["state"][0]["momentum"], torch.zeros(2))
    assert found["optimiser"]["groups"] == [{"lr": 0.1}]
    assert [found[name] for name in ("position", "name", "none")] == [7, "root.0", None]


@settings(max_examples=15)
@given(st.dictionaries(st.text() | st.integers(), PLAIN))
def test_plain_values_are_read_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[Any, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "plain"
    write_checkpoint(contents, path)
    assert repr(read_checkpoint(path)) == repr(contents)  # -0.0 and the kind of number too


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 1, 1), (2, 1, 4, 5)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_the_memory_format_is_kept(
    tmp_path: Path, shape: tuple[int, ...], layout: torch.memory_format
) -> None:
    tensor = torch.empty(shape, memory_format=layout).uniform_()
    write_checkpoint({"x": tensor}, tmp_path / "a")
    found = read_checkpoint(tmp_path / "a")["x"]
    assert found.stride() == tensor.stride()
    assert torch.equal(found, tensor)


def test_tensors_that_share_a_storage(tmp_path: Path) -> None:
    whole = torch.arange(6.0, requires_grad=True)
    write_checkpoint({"whole": whole, "part": whole[2:4], "again": whole}, tmp_path / "a")
    found = read_checkpoint(tmp_path / "a")
    assert [found[name].tolist() for name in ("whole", "part")] == [whole.tolist(), [2, 3]]
    assert torch.equal(found["again"], found["whole"])


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "int8", "int64", "bool"])
def test_numbers_of_any_kind(tmp_path: Path, name: str) -> None:
    tensor = torch.arange(6).to(getattr(torch, name)).view(2, 3)
    contents = {"x": tensor, "empty": tensor[:0], "scalar": tensor[0, 1], "transposed": tensor.T}
    write_checkpoint(contents, tmp_path / "a")
    found = read_checkpoint(tmp_path / "a")
    for part, expected in contents.items():
        assert found[part].dtype == expected.dtype
        assert found[part].tolist() == expected.tolist()


def test_every_changed_byte_is_noticed(path: Path) -> None:
    contents = path.read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(len(contents), size=100).tolist():
        changed = bytearray(contents)
        changed[place] ^= int(random.integers(1, 256))
        path.write_bytes(changed)
        with pytest.raises(InputError):
            read_checkpoint(path)
    for length in range(0, len(contents), 50):
        path.write_bytes(contents[:length])
        with pytest.raises(InputError):
            read_checkpoint(path)


EMPTY = b"\x02\0\0\0\0\0\0\0{}"  # of safetensors


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Expecting value"),
        (b"{}\n", "header too small"),
        (b"{}\n" + b"\xff" * 8, "header too large"),
        (b"{}\n" + EMPTY, "'items'"),
        (b"[" * 100_000 + b"\n" + EMPTY, "recursion"),
        (b'{"items": 3}\n' + EMPTY, "not iterable"),
        (b'{"items": [[[], 3]]}\n' + EMPTY, "unhashable"),
        (b'{"items": [["a", {"tensor": "0", "channels_last": false}]]}\n' + EMPTY, "'0'"),
        (b"9" * 5_000 + b"\n" + EMPTY, "Exceeds the limit"),
        (pickle.dumps(CONTENTS), ""),
    ],
)
def test_a_forged_file_is_refused_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(signed(data))
    with pytest.raises(
        InputError, match=rf"a is an incomplete checkpoint \([^\n]*{message}[^\n]*\)$"
    ):
        read_checkpoint(tmp_path / "a")


def test_nothing_is_allocated_but_what_the_bytes_fill(tmp_path: Path) -> None:
    header = json.dumps({"0": {"dtype": "F32", "shape": [1 << 30], "data_offsets": [0, 1 << 32]}})
    packed = len(header).to_bytes(8, "little") + header.encode() + bytes(8)
    (tmp_path / "a").write_bytes(signed(b'{"items": []}\n' + packed))
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    with bounded():
        with pytest.raises(InputError, match="incomplete checkpoint"):
            read_checkpoint(tmp_path / "a")
        with pytest.raises(InputError, match="large has more than 8 GB: it is no checkpoint"):
            read_checkpoint(tmp_path / "large")


@pytest.mark.parametrize("value", ["[]", "3", '"text"', "null"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "a").write_bytes(signed(value.encode() + b"\n" + EMPTY))
    with pytest.raises(InputError, match=r"holds a .*: it is no checkpoint"):
        read_checkpoint(tmp_path / "a")


def test_no_file_and_another_version(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone: No such file or directory$"):
        read_checkpoint(tmp_path / "gone")
    (tmp_path / "a").write_bytes(b"nasbench checkpoint 1\n")
    with pytest.raises(InputError, match="is no checkpoint of this version"):
        read_checkpoint(tmp_path / "a")


def damaged(contents: bytes, count: int) -> Iterator[bytes]:
    random = np.random.default_rng(1)
    for case in range(count):
        at, length = int(random.integers(len(contents))), int(random.integers(1, 40))
        before, after = contents[:at], contents[at + length :]
        yield (
            before + random.bytes(length) + after,
            before + after,
            before + contents[at : at + length] * 2 + after,
            before + bytes([contents[at] ^ 1 << int(random.integers(8))]) + contents[at + 1 :],
        )[case % 4]


def test_any_damage_that_was_signed_is_refused_or_plain(path: Path) -> None:
    data = path.read_bytes().split(b"\n", 2)[2]
    messages = []
    with bounded():
        for changed in damaged(data, cases(300)):
            path.write_bytes(signed(changed))
            try:
                with timed():
                    assert isinstance(read_checkpoint(path), dict)
            except InputError as error:
                messages.append(str(error))
    assert len(messages) > cases(300) / 4
    assert not any("\n" in message for message in messages)
