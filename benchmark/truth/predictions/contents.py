"""The text of a file that somebody else wrote, and what its entries and their places are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmark.errors import InputError
from benchmark.files import reason
from benchmark.spaces.nb201 import from_genotype, from_string, is_genotype

MAX_MIB = 32  # ten times the published files, which hold the whole space
_SHOWN = 120  # letters of a wrong value in a message, enough for an architecture
_NEAR = 200  # columns within which a line's number leads to an entry


class Place(NamedTuple):
    """Where an entry begins in a file, both numbers counted from 1.

    Example:
        >>> str(Place(3)), str(Place(1, 2_000))
        ('line 3', 'line 1, column 2000')
    """

    line: int
    column: int = 1

    def __str__(self) -> str:
        """Return the place in words, with the column where the line alone would not help."""
        return f"line {self.line}" + (f", column {self.column}" if self.column > _NEAR else "")


class Entry(NamedTuple):
    """An architecture and its score as they stand in a file, unchecked."""

    place: Place
    arch: str
    score: str


def read_text(path: str | Path) -> str:
    """Return the text of a file without its byte order mark.

    Args:
        path: The file, UTF-8, at most `MAX_MIB`.

    Raises:
        InputError: The file cannot be read, is larger, or is not UTF-8.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     read_text(file.name)
        ''
    """
    most = MAX_MIB * 2**20
    try:
        with Path(path).open("rb") as file:
            contents = file.read(most + 1)  # also ends what has no end, such as a pipe
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    if len(contents) > most:
        raise InputError(
            f"{path} is larger than {MAX_MIB} MiB; give a file with one entry for each of the "
            "architectures"
        )
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error


def parse_arch(text: str) -> int:
    """Return the code of an architecture in either of the forms that files use.

    Raises:
        InputError: The text is neither; the message gives the nearest in the form it was meant in.

    Example:
        >>> parse_arch("|none~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")
        5
    """
    return from_genotype(text) if is_genotype(text) else from_string(text)


def shown(text: str) -> str:
    """Return a text in quotes for a message, shortened where it is long.

    Example:
        >>> shown("nan"), len(shown("9" * 5_000))
        ("'nan'", 125)
    """
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
