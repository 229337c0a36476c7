"""Writing files so that a reader sees the old contents or the new, never half of them."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import CheckError, InputError


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
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(8)}{path.suffix}")
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
