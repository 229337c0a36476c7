"""Checkpoints come from strangers too: tensors and plain values are read, nothing is run."""

from __future__ import annotations

import copy
import hashlib
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

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


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.arguments


def signed(data: bytes) -> bytes:
    return MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data


def archive_of(pickled: bytes, compression: int = zipfile.ZIP_STORED, pad: int = 0) -> bytes:
    """Return what PyTorch would write, with any pickle in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        archive.writestr("a/data.pkl", pickled)
        archive.writestr("a/byteorder", "little")
        archive.writestr("a/version", "3\n")
        archive.writestr("a/data/0", bytes(pad))
    return packed.getvalue()


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
    assert [found[name] for name in ("position", "name", "none")] == [7, "root.0", None]


def test_the_layout_of_tensors_is_kept(tmp_path: Path) -> None:
    tensor = torch.zeros(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    write_checkpoint({"x": tensor}, tmp_path / "a")
    assert read_checkpoint(tmp_path / "a")["x"].stride() == tensor.stride()


def test_every_changed_byte_is_noticed(path: Path) -> None:
    contents = path.read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(len(contents), size=300).tolist():
        changed = bytearray(contents)
        changed[place] ^= int(random.integers(1, 256))
        path.write_bytes(changed)
        with pytest.raises(InputError):
            read_checkpoint(path)
    for length in range(0, len(contents), 50):
        path.write_bytes(contents[:length])
        with pytest.raises(InputError):
            read_checkpoint(path)


@pytest.mark.parametrize("function", [os.system, eval, exec, getattr, os.mkdir, print])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_hostile_pickle_runs_nothing(
    tmp_path: Path, function: Callable[..., object], protocol: int
) -> None:
    proof = tmp_path / "proof"
    argument = str(proof) if function is os.mkdir else f"touch {proof}"
    pickled = pickle.dumps({"weights": Call(function, argument)}, protocol)
    path = tmp_path / "a.checkpoint"
    for data in (archive_of(pickled), pickled):
        path.write_bytes(signed(data))
        with pytest.raises(InputError, match=r"^[^\n]*a.checkpoint holds no plain checkpoint \("):
            read_checkpoint(path)
    assert not proof.exists()


def test_whole_modules_are_not_read(tmp_path: Path) -> None:
    packed = io.BytesIO()
    torch.save({"network": torch.nn.Linear(2, 2)}, packed)
    (tmp_path / "a").write_bytes(signed(packed.getvalue()))
    with pytest.raises(InputError, match="holds no plain checkpoint"):
        read_checkpoint(tmp_path / "a")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    data = archive_of(pickle.dumps({}, 2), zipfile.ZIP_DEFLATED, pad=1 << 28)
    assert len(data) < 1 << 20
    (tmp_path / "a").write_bytes(signed(data))
    with (
        bounded(),
        pytest.raises(InputError, match=r"holds no plain checkpoint \(has compressed parts\)"),
    ):
        read_checkpoint(tmp_path / "a")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    with (
        bounded(),
        pytest.raises(InputError, match="large has more than 8 GB: it is no checkpoint"),
    ):
        read_checkpoint(tmp_path / "large")


class Storage:
    """Pickles as PyTorch names a storage of numbers."""

    def __init__(self, count: int) -> None:
        self.told = ("storage", torch.FloatStorage, "0", "cpu", count)


class TorchPickler(pickle.Pickler):
    """Pickles storages by their names, as PyTorch does."""

    def persistent_id(self, one: object) -> object:
        return one.told if isinstance(one, Storage) else None


def pickled_as_torch_does(contents: object) -> bytes:
    packed = io.BytesIO()
    TorchPickler(packed, 2).dump(contents)
    return packed.getvalue()


def tensor_of(count: int, offset: int, size: object, stride: object) -> Call:
    hooks: OrderedDict[int, object] = OrderedDict()
    arguments = (Storage(count), offset, size, stride, False, hooks)
    return Call(torch._utils._rebuild_tensor_v2, *arguments)


BOMBS: dict[str, tuple[object, str]] = {
    "bytes": (Call(bytearray, 1 << 28), "asks for __builtin__ bytearray"),
    "a tensor": (Call(torch.Tensor, 1 << 26), "asks for torch Tensor"),
    "a storage that grows": (tensor_of(2, 0, (1 << 26,), (1,)), "larger than its storage"),
    "a storage that ends": (tensor_of(2, 1, (2,), (1,)), "larger than its storage"),
    "a number shown often": (tensor_of(2, 0, (1 << 40,), (0,)), "larger than its storage"),
    "a storage of another size": (tensor_of(1 << 26, 0, (2,), (1,)), "another size than it says"),
    "a negative stride": (tensor_of(2, 1, (2,), (-1,)), "no sound shape"),
    "a product": (tensor_of(2, 0, (1 << 61,) * 64, (0,) * 64), "larger than its storage"),
    "items": (Call(OrderedDict, [(((),), 1)]), "takes 0 positional arguments"),
    "a key of tuples": ({((),): 1}, "other keys than texts and numbers"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_nothing_is_allocated_but_what_the_bytes_fill(tmp_path: Path, bomb: str) -> None:
    contents, message = BOMBS[bomb]
    data = archive_of(pickled_as_torch_does({"weights": contents}), pad=8)
    (tmp_path / "a").write_bytes(signed(data))
    match = rf"holds no plain checkpoint \([^\n]*{message}"
    with bounded(), pytest.raises(InputError, match=match):
        read_checkpoint(tmp_path / "a")


def test_tensors_that_share_a_storage_still_do(tmp_path: Path) -> None:
    whole = torch.arange(6.0)
    write_checkpoint({"whole": whole, "part": whole[2:4]}, tmp_path / "a")
    found = read_checkpoint(tmp_path / "a")
    assert found["part"].tolist() == [2, 3]
    found["whole"][2] = 9
    assert found["part"].tolist() == [9, 3]


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "int8", "int64", "bool"])
def test_numbers_of_any_kind(tmp_path: Path, name: str) -> None:
    tensor = torch.arange(6).to(getattr(torch, name)).view(2, 3)
    contents = {"x": tensor, "none": tensor[:0], "one": tensor[0, 1], "t": tensor.T}
    write_checkpoint(contents, tmp_path / "a")
    found = read_checkpoint(tmp_path / "a")
    for part, expected in contents.items():
        assert found[part].dtype == expected.dtype
        assert found[part].tolist() == expected.tolist()
        assert found[part].stride() == expected.stride()


def test_parts_that_overlap_are_refused(tmp_path: Path) -> None:
    packed = io.BytesIO(archive_of(pickle.dumps({}, 2), pad=1 << 16))
    with zipfile.ZipFile(packed, "a") as archive:
        (part,) = (entry for entry in archive.filelist if entry.filename == "a/data/0")
        for number in range(1, 1_000):
            other = copy.copy(part)
            other.filename = f"a/data/{number}"
            archive.filelist.append(other)
        archive.writestr("a/end", "")
    (tmp_path / "a").write_bytes(signed(packed.getvalue()))
    with pytest.raises(InputError, match=r"holds no plain checkpoint \(has parts that overlap\)"):
        read_checkpoint(tmp_path / "a")


def test_an_older_form_before_the_archive_is_not_read(tmp_path: Path) -> None:
    """PyTorch tells the forms apart by the first bytes, a zip reader by the last."""
    packed = io.BytesIO()
    torch.save({"x": torch.ones(2)}, packed, _use_new_zipfile_serialization=False)
    data = packed.getvalue() + archive_of(pickle.dumps({"step": 3}, 2))
    (tmp_path / "a").write_bytes(signed(data))
    assert read_checkpoint(tmp_path / "a") == {"step": 3}


def test_a_pickle_of_too_many_parts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.pickles.values.MAX_PARTS", 1_000)
    (tmp_path / "a").write_bytes(signed(archive_of(pickle.dumps({"x": [[]] * 1_000}, 2))))
    with pytest.raises(InputError, match="has more than 1,000 parts"):
        read_checkpoint(tmp_path / "a")


@pytest.mark.parametrize("contents", [[1, 2], "text", torch.zeros(2), 3])
def test_what_is_no_mapping_is_refused(tmp_path: Path, contents: object) -> None:
    packed = io.BytesIO()
    torch.save(contents, packed)
    (tmp_path / "a").write_bytes(signed(packed.getvalue()))
    with pytest.raises(InputError, match=r"holds a .*: it is no checkpoint"):
        read_checkpoint(tmp_path / "a")


def test_no_file_and_another_version(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone: No such file or directory$"):
        read_checkpoint(tmp_path / "gone")
    (tmp_path / "a").write_bytes(b"nasbench checkpoint 2\n")
    with pytest.raises(InputError, match="is no checkpoint of this version"):
        read_checkpoint(tmp_path / "a")


def damaged(contents: bytes, count: int) -> Iterator[bytes]:
    random = np.random.default_rng(1)
    hostile = [b"cos\nsystem\n", b"\x8e" + b"\xff" * 7 + b"\x7f", b"r\xff\xff\xff\x7f", b"]" * 999]
    for case in range(count):
        at, length = int(random.integers(len(contents))), int(random.integers(1, 40))
        match case % 4:
            case 0:
                yield contents[:at] + random.bytes(length) + contents[at + length :]
            case 1:
                yield contents[:at] + contents[at + length :]
            case 2:
                yield contents[:at] + hostile[case // 4 % len(hostile)] + contents[at:]
            case _:
                changed = bytearray(contents)
                changed[at] ^= 1 << int(random.integers(8))
                yield bytes(changed)


@pytest.mark.slow
def test_any_damage_that_was_signed_is_refused_or_plain(path: Path) -> None:
    data = path.read_bytes().split(b"\n", 2)[2]
    refused = 0
    with bounded():
        for changed in damaged(data, cases(500)):
            path.write_bytes(signed(changed))
            message = ""
            try:
                with timed():
                    assert isinstance(read_checkpoint(path), dict)
            except InputError as error:
                message = str(error)
            refused += bool(message)
            assert "\n" not in message
    assert refused > cases(500) / 4
