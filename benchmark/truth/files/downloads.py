"""Tables that their publishers offer as one file: where it is, and how to get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmark.errors import CheckError, unknown_name
from benchmark.truth.files.cache import cache_folder

FOLDER = "downloads"  # in the cache folder
_NO_CONNECTION = ("ConnectionError", "ConnectTimeout", "ReadTimeout")  # of requests


@dataclass(frozen=True)
class PublishedTable:
    """A file with a table, always with the same contents."""

    address: str
    sha256: str  # of its contents, 64 hexadecimal digits

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.address.rpartition("/")[2]

    def download(self) -> Path:
        """Return the file in the cache folder, after downloading it if it is missing there."""
        import pooch  # slow to import

        folder = cache_folder() / FOLDER
        try:
            found = pooch.retrieve(
                self.address, f"sha256:{self.sha256}", fname=self.file, path=folder
            )
        except (OSError, ValueError) as error:  # requests' own errors are OSErrors
            is_away = type(error).__name__ in _NO_CONNECTION
            why = "no connection" if is_away else str(error).splitlines()[0][:200]
            raise CheckError(
                f"cannot download {self.address}: {why}; download it yourself and run: nasbench "
                f"tables import {self.file}"
            ) from error
        return Path(found)


PUBLISHED: Mapping[str, PublishedTable] = MappingProxyType(
    {
        "nas-bench-macro": PublishedTable(
            "https://raw.githubusercontent.com/xiusu/NAS-Bench-Macro/master/data/"
            "nas-bench-macro_cifar10.json",
            "686dee8363cc21cca8c1f321ad5749454f2d9b9ca5972682e137e539bc522297",
        ),
    }
)
"""The published tables by the name that they are imported under."""


def published_table(name: str) -> PublishedTable:
    """Return the published table of a name."""
    if name not in PUBLISHED:
        raise unknown_name("published table", name, PUBLISHED)
    return PUBLISHED[name]
