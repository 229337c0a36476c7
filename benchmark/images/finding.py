"""Where data sets lie: one folder for all, to which those that may be downloaded are."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmark.errors import CheckError, InputError
from benchmark.files import reason

VARIABLE = "NASBENCH_DATA"


def data_folder(given: Path | None = None) -> Path:
    """Return the folder that is given, else the one ``NASBENCH_DATA`` names, else the user's own.

    Example:
        >>> data_folder(Path("/data")).as_posix()
        '/data'
        >>> data_folder().is_absolute()
        True
    """
    if given is not None:
        return given.absolute()
    return Path(os.environ.get(VARIABLE) or platformdirs.user_data_dir("nasbench")).absolute()


@dataclass(frozen=True)
class Remote:
    """A file that its publisher offers for download.

    Attributes:
        name: Its name.
        address: Where it lies, without the name.
        md5: The MD5 checksum that the publisher states, 32 hexadecimal digits.
    """

    name: str
    address: str
    md5: str

    def check(self, path: Path) -> None:
        """Check that a file is the published one.

        Raises:
            InputError: It is not, or cannot be read.
        """
        try:
            with path.open("rb") as file:
                found = hashlib.md5(usedforsecurity=False)
                while block := file.read(1 << 20):
                    found.update(block)
        except OSError as error:
            raise InputError(f"cannot read {path}: {reason(error)}") from error
        if found.hexdigest() != self.md5:
            raise InputError(
                f"{path} is not the published file, whose MD5 is {self.md5}: delete it and get "
                f"{self.address}{self.name}"
            )

    def download(self, folder: Path) -> Path:
        """Return the file in a folder, downloading it where it is not there.

        Raises:
            CheckError: It cannot be downloaded, or what came is not the published file.
        """
        import pooch  # slow to import

        try:
            found = pooch.retrieve(
                self.address + self.name, f"md5:{self.md5}", fname=self.name, path=folder
            )
        except (OSError, ValueError) as error:  # requests' own errors are OSErrors
            why = str(error).splitlines()[0][:200]
            raise CheckError(
                f"cannot download {self.address}{self.name}: {why}; get it elsewhere and put it "
                f"into {folder}"
            ) from error
        return Path(found)


def holds(folder: Path, names: Sequence[str]) -> bool:
    """Say whether a folder holds all files of some names."""
    return all((folder / name).is_file() for name in names)


def read_file(path: Path, most: int) -> bytes:
    """Return a file's contents, unpacked where its name ends in ``.gz``.

    Args:
        path: The file.
        most: Bytes that it may hold; no more are read.

    Raises:
        InputError: It cannot be read, or holds more.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is damaged ({error}): get it again") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    if len(data) > most:
        raise InputError(f"{path} has more than {most:,} bytes: it is another file")
    return data


def read_members(path: Path, names: Sequence[str], most: int) -> list[bytes]:
    """Return files of a published archive, whose checksum was checked before.

    Args:
        path: The archive, ``.tar.gz``.
        names: The files in it.
        most: Bytes that each may hold.

    Raises:
        InputError: The archive lacks one, or one is larger.
    """
    with tarfile.open(path, "r:gz") as archive:
        found = {}
        for member in archive:
            if member.name in names and member.isreg() and member.size <= most:
                file = archive.extractfile(member)
                found[member.name] = b"" if file is None else file.read()
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(f"{path} lacks {missing[0]}, or has another file of that name")
    return [found[name] for name in names]


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Begin the message of an error with a file's name."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path} {error}") from error
