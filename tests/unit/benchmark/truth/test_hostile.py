"""Archives that would unpack to too much, or elsewhere: refused, and nothing is written."""

from __future__ import annotations

import bz2
import io
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.truth.importing import import_table
from benchmark.truth.sources.nats import MAX_PACKED, MAX_PLAIN, read_file, read_nats
from benchmark.truth.sources.options import ImportOptions
from tests.fuzzing import bounded

NAME = "000001.pickle.pbz2"


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return path


def member(name: str, size: int = 0, **attributes: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    for attribute, value in attributes.items():
        setattr(made, attribute, value)
    return made


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_bomb_is_not_unpacked_to_its_end() -> None:
    packed = bz2.compress(bytes(1 << 20), 9) * (2 * MAX_PLAIN >> 20)  # streams, one after another
    single = bz2.compress(bytes(MAX_PLAIN + 1), 9)
    assert len(single) < 1_000
    start = time.monotonic()
    with bounded():
        for data in (single, packed):
            with pytest.raises(InputError, match=f"{NAME} has "):
                read_file(NAME, data)
    assert time.monotonic() - start < 30


def test_a_member_that_claims_to_be_huge(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "a.tar", (member(NAME), b""))
    contents = bytearray(path.read_bytes())
    contents[124:136] = b"77777777777\0"  # the size, in octal digits
    header = bytes(contents[:148]) + b" " * 8 + bytes(contents[156:512])
    contents[148:156] = f"{sum(header):06o}\0 ".encode()
    path.write_bytes(contents)
    with bounded(), pytest.raises(InputError, match=f"is no file of at most {MAX_PACKED >> 20} MB"):
        read_nats(path)


@pytest.mark.parametrize(
    "name",
    [f"../{NAME}", f"/tmp/{NAME}", f"nats/../../{NAME}", "../../escaped", "/tmp/escaped"],
)
def test_a_name_that_leads_elsewhere_writes_nothing(tmp_path: Path, cache: Path, name: str) -> None:
    inner = tmp_path / "one" / "two"
    inner.mkdir(parents=True)
    path = tar_of(inner / "a.tar", (member(name, 4), b"evil"))
    before = everything(tmp_path)
    with pytest.raises(InputError):
        import_table(path, ImportOptions(name="x", allow_subset=True))
    assert everything(tmp_path) - before <= {cache, cache / "tables"}
    assert not Path("/tmp/escaped").exists()
    assert not Path(f"/tmp/{NAME}").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tar_of(tmp_path / "a.tar", (member(NAME, type=kind, linkname="/etc/passwd"), b""))
    with pytest.raises(InputError, match=f"{NAME} is no file of at most"):
        read_nats(path)
