"""The folder of all data sets, downloads to it, and bounded reading of its files."""

import gzip
import os
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from benchmark.errors import CheckError, InputError
from benchmark.files import reason

VARIABLE = "NASBENCH_DATA"


def data_folder(given: Path | None = None) -> Path:
    """Return the given folder, else that of ``NASBENCH_DATA``, else the user's data folder."""
    if given is not None:
        return given.absolute()
    named = os.environ.get(VARIABLE) or platformdirs.user_data_dir("nasbench")
    return Path(named).expanduser().absolute()


@dataclass(frozen=True)
class RemoteFile:
    """A file that its publisher offers for download."""

    name: str
    address: str
    md5: str  # the publisher's MD5 checksum, 32 hexadecimal digits

    def check(self, path: Path) -> None:
        """Check that a file is the published one."""
        import pooch  # slow to import

        try:
            found = pooch.file_hash(path, "md5")
        except OSError as error:
            raise InputError(f"cannot read {path}: {reason(error)}") from error
        if found != self.md5:
            raise InputError(
                f"{path} is not the published file, whose MD5 is {self.md5}: delete it and get "
                f"{self.address}{self.name}"
            )

    def download(self, folder: Path) -> Path:
        """Return the file in a folder, after downloading it if it is missing."""
        import pooch  # slow to import

        try:
            found = pooch.retrieve(
                self.address + self.name, f"md5:{self.md5}", fname=self.name, path=folder
            )
        except (OSError, ValueError) as error:  # requests' own errors are OSErrors
            why = str(error).splitlines()[0][:200]
            raise CheckError(
                f"cannot download {self.address}{self.name}: {why}; download it yourself and put "
                f"it into {folder}"
            ) from error
        return Path(found)


def has_files(folder: Path, names: Sequence[str]) -> bool:
    """Return whether a folder holds all the files."""
    return all((folder / name).is_file() for name in names)


def read_file(path: Path, most: int) -> bytes:
    """Return a file's contents, decompressed if its name ends in ``.gz``."""
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
    """Return files of a ``.tar.gz`` archive whose checksum was checked before."""
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
