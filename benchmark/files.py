"""Atomic writing and bounded reading of files."""

import hashlib
import io
import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

import psutil

from benchmark.errors import CheckError, InputError

_BLOCK = 1 << 20  # bytes that are read at once
_UNITS = {1 << 30: "GB", 1 << 20: "MB"}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, which it replaces when the block ends well.

    Whatever goes wrong, ``path`` stays as it was. The temporary name keeps the suffix, because
    some libraries choose the format by it. The block should do nothing but write.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}-{marked_name()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise CheckError(f"cannot write {path}: {reason(error)}") from error
    finally:
        with suppress(OSError):  # replaced already, or never written
            temporary.unlink()


def write_atomic(path: str | Path, data: bytes | str) -> None:
    """Replace a file's contents by ``data`` as a whole; text is encoded as UTF-8."""
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


def marked_name() -> str:
    """Return a unique name by which `sweep` finds the process it belongs to."""
    return f"{_machine()}{os.getpid():08x}{secrets.token_hex(4)}"


@contextmanager
def marked_folder() -> Iterator[Path]:
    """Yield a new temporary folder, and remove it when the block ends.

    Folders that killed processes of this machine left behind are removed as well.
    """
    sweep(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="nasbench-", suffix=f"-{marked_name()}") as name:
        yield Path(name)


def sweep(folder: str | Path) -> None:
    """Remove the temporary files that killed processes of this machine left in a folder."""
    with suppress(OSError):
        for path in Path(folder).iterdir():
            match = re.fullmatch(rf".*-{_machine()}([0-9a-f]{{8}})[0-9a-f]{{8}}(\.\w+)?", path.name)
            if match and (process := int(match[1], 16)) and is_gone(process):
                with suppress(OSError):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def is_gone(process: int) -> bool:
    """Return whether a process of this machine has ended, given its number."""
    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OverflowError):
        return False


@cache
def _machine() -> str:
    """Return eight hexadecimal digits for this machine and, in a container, its processes."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:8]


def read_bounded(path: str | Path, most: int, otherwise: str, *, name: str = "") -> bytes:
    """Return the contents of a regular file, without ever reading more than ``most`` bytes.

    Messages call it ``name``, and say ``otherwise`` of a larger one.

    Pipes and devices are refused, because a reader could wait or read without end.
    """
    contents = io.BytesIO()
    try:
        with _open_regular(path, name or str(path)) as file:
            is_large = os.fstat(file.fileno()).st_size > most
            while not is_large and (block := file.read(_BLOCK)):  # the size may be wrong
                contents.write(block)
                is_large = contents.tell() > most
    except OSError as error:
        raise InputError(f"cannot read {name or path}: {reason(error)}") from error
    if is_large:
        raise InputError(f"{name or path} has more than {_size(most)}: {otherwise}")
    return contents.getvalue()


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's contents as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    return digest.hexdigest()


def reason(error: OSError) -> str:
    """Return why the system refused, without the path."""
    return os.strerror(error.errno) if error.errno else str(error)


def _open_regular(path: str | Path, name: str) -> BinaryIO:
    """Open a regular file for reading; refuse anything else without waiting for it."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")  # refuses a folder
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InputError(f"cannot read {name}: it is no regular file")
    return file


def _size(count: int) -> str:
    """Return a number of bytes in the largest unit of which it is a multiple."""
    for unit, name in _UNITS.items():
        if count and count % unit == 0:
            return f"{count // unit:,} {name}"
    return f"{count:,} bytes"


def _flush(path: Path) -> None:
    """Write a file, or a folder's list of names, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
