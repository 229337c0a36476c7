"""Writing files so that a reader sees the old contents or the new, never half of them."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from benchmark.errors import CheckError, InputError
from benchmark.processes import is_gone, this_host


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
            while block := file.read(1 << 20):
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


def _flush(path: Path) -> None:
    """Ask the system to put a file, or a folder's list of names, on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
