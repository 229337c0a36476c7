"""Writing files so that a reader sees the old contents or the new, and reading within bounds."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from benchmark.errors import CheckError, InputError
from benchmark.processes import is_gone, this_host

_BLOCK = 1 << 20  # bytes that are read at once
_UNITS = {1 << 30: "GB", 1 << 20: "MB"}


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; when the block ends well, it takes its place.

    The folder is made when it is missing. The temporary name keeps the suffix, because some
    libraries choose the format by it. Whatever goes wrong, ``path`` stays as it was and the
    temporary file is removed. The block should do nothing but write.

    Args:
        path: The file to create or replace.

    Yields:
        The path to write to; nothing exists there yet.

    Raises:
        CheckError: The system refused, for example for want of permission or of space.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(Path(folder) / "a.txt") as temporary:
        ...         _ = temporary.write_text("whole")
        ...     print((Path(folder) / "a.txt").read_text(), len(list(Path(folder).iterdir())))
        whole 1
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}-{marked_name()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)  # noqa: PTH105 - the one call that promises to be atomic
        _flush(path.parent)
    except OSError as error:
        raise CheckError(f"cannot write {path}: {reason(error)}") from error
    finally:
        with suppress(OSError):  # gone already, or the folder never was
            temporary.unlink()


def write_atomic(path: str | Path, data: bytes | str) -> None:
    r"""Write ``data`` to ``path`` as a whole; text is encoded as UTF-8.

    Args:
        path: The file to create or replace; its folder is made when it is missing.
        data: The new contents.

    Raises:
        CheckError: The system refused.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomic(Path(folder) / "tau.txt", "τ")
        ...     (Path(folder) / "tau.txt").read_bytes()
        b'\xcf\x84'
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


def marked_name() -> str:
    """Return a name nobody else has, by which `sweep` can tell whose it is."""
    return f"{_mark()}{os.getpid():08x}{secrets.token_hex(4)}"


@contextmanager
def marked_folder() -> Iterator[Path]:
    """Yield a new folder among the system's temporary ones, and remove it when the block ends.

    Those that processes of this machine left there as they were killed go as well.

    Yields:
        The folder.

    Example:
        >>> with marked_folder() as folder:
        ...     write_atomic(folder / "a.txt", "for a while")
        >>> folder.exists()
        False
    """
    sweep(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix="nasbench-", suffix=f"-{marked_name()}") as name:
        yield Path(name)


def sweep(folder: str | Path) -> None:
    """Remove what processes of this machine left half written in a folder as they were killed.

    What is marked by another machine is left alone, because its process may live.

    Args:
        folder: The folder; it need not exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     mine = Path(folder) / f".a-{marked_name()}.txt"
        ...     _ = mine.write_text("being written")
        ...     sweep(folder)
        ...     mine.exists()
        True
    """
    with suppress(OSError):
        for path in Path(folder).iterdir():
            match = re.fullmatch(rf".*-{_mark()}([0-9a-f]{{8}})[0-9a-f]{{8}}(\.\w+)?", path.name)
            if match and (process := int(match[1], 16)) and is_gone(process):
                with suppress(OSError):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


@cache
def _mark() -> str:
    """Return eight hexadecimal digits that stand for this machine."""
    return hashlib.sha256(this_host().encode()).hexdigest()[:8]


def read_bounded(path: str | Path, most: int, otherwise: str, *, name: str = "") -> bytes:
    """Return the contents of a plain file, of which no more is read than it may have.

    A pipe would wait for its writer and a device never ends: neither is read. What a file's size
    is said to be is not relied on.

    Args:
        path: The file, or a link to it.
        most: Bytes that it may have.
        otherwise: What to say of a larger one.
        name: What messages call it; nothing is its path.

    Raises:
        InputError: The file cannot be read, is no plain file, or is larger.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     read_bounded(file.name, 10, "give a small file")
        b''
    """
    kept = io.BytesIO()
    try:
        with _open_plain(path, name or str(path)) as file:
            is_large = os.fstat(file.fileno()).st_size > most
            while not is_large and (block := file.read(_BLOCK)):
                kept.write(block)
                is_large = kept.tell() > most
    except OSError as error:
        raise InputError(f"cannot read {name or path}: {reason(error)}") from error
    if is_large:
        raise InputError(f"{name or path} has more than {_size(most)}: {otherwise}")
    return kept.getvalue()


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's contents as 64 hexadecimal digits.

    Raises:
        InputError: The file cannot be read.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     sha256(file.name)[:16]
        'e3b0c44298fc1c14'
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    return digest.hexdigest()


def reason(error: OSError) -> str:
    """Return why the system refused, in its own few words where it gave a number.

    Example:
        >>> reason(FileNotFoundError(2, "a long story about a file"))
        'No such file or directory'
    """
    return os.strerror(error.errno) if error.errno else str(error)


def _open_plain(path: str | Path, name: str) -> BinaryIO:
    """Open a file for reading; anything else than a plain one is not waited for, and refused."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")  # refuses a folder
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise InputError(f"cannot read {name}: it is no plain file")
    return file


def _size(count: int) -> str:
    """Return a number of bytes in the largest unit of which it is a multiple."""
    for unit, name in _UNITS.items():
        if count and count % unit == 0:
            return f"{count // unit:,} {name}"
    return f"{count:,} bytes"


def _flush(path: Path) -> None:
    """Ask the system to put a file, or a folder's list of names, on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
