from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import CheckError, InputError
from benchmark.files import (
    marked_folder,
    read_bounded,
    replacing,
    sha256,
    sweep,
    write_atomic,
)


@given(data=st.binary() | st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: bytes | str
) -> None:
    path = tmp_path_factory.mktemp("files") / "new" / "folder" / "file.bin"
    write_atomic(path, data)
    assert path.read_bytes() == (data.encode() if isinstance(data, str) else data)


def test_the_old_contents_stand_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path, error: BaseException) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_broken_block_leaves_no_trace(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)):
        write_half(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_wrote_nothing_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckError, match=r"^cannot write .*a\.txt: No such file or directory$"),
        replacing(tmp_path / "a.txt"),
    ):
        pass


def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_atomic(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_permission_denied_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CheckError, match=r"^cannot write .*a\.txt: Permission denied$"):
        write_atomic(tmp_path / "a.txt", "text")


def test_a_folder_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(CheckError, match=r"^cannot write .*a\.txt: Is a directory$"):
        write_atomic(tmp_path / "a.txt", "text")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]


def test_a_file_where_the_folder_should_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(CheckError, match=r"^cannot write .*: (File exists|Not a directory)$"):
        write_atomic(tmp_path / "a" / "b.txt", "text")


def test_the_checksum_of_a_large_file(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "large").write_bytes(data)
    assert sha256(tmp_path / "large") == hashlib.sha256(data).hexdigest()


def test_the_checksum_of_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone: No such file or directory$"):
        sha256(tmp_path / "gone")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path, size: int) -> None:
    path, data = tmp_path / "a", os.urandom(size)
    path.write_bytes(data)
    assert read_bounded(path, size, "no") == data
    (tmp_path / "link").symlink_to(path)
    assert read_bounded(tmp_path / "link", size + 1, "no") == data
    path.write_bytes(data + b"x")
    with pytest.raises(InputError, match=r"^it has more than [\d,]+ (bytes|MB): give another$"):
        read_bounded(path, size, "give another", name="it")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux alone has such files")
def test_a_wrong_size_is_not_relied_on() -> None:
    assert Path("/proc/self/maps").stat().st_size == 0
    assert read_bounded("/proc/self/maps", 1 << 26, "no")
    with pytest.raises(InputError, match=r"^/proc/self/maps has more than 9 bytes: no$"):
        read_bounded("/proc/self/maps", 9, "no")


def test_temporary_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from benchmark.files import sweep, replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.json"], check=False)
    (left,) = tmp_path.iterdir()
    mark = left.name[3:11]
    others = [
        tmp_path / f".a-{'0' * 8}{left.name[11:]}",  # of another machine
        tmp_path / f".a-{mark}{os.getpid():08x}00000000.json",  # of one who lives
        tmp_path / f".a-{mark}0000000000000000.json",
        tmp_path / "a.json",
    ]
    for path in others:
        path.write_text("whole")
    folder = tmp_path / left.stem
    (folder / "inner").mkdir(parents=True)
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(others)
    sweep(tmp_path / "gone")


def test_a_temporary_folder_of_a_killed_process_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import os, signal
from benchmark.files import marked_folder
with marked_folder() as folder:
    (folder / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with marked_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []
