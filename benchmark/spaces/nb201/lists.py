"""Lists of architectures in text files, and the reading of such text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.files import reason
from benchmark.spaces.nb201.codes import Codes
from benchmark.spaces.nb201.genotypes import from_genotype, is_genotype
from benchmark.spaces.nb201.strings import from_string, to_string

MAX_MIB = 32  # ten times the published files of predictions, which hold the whole space
_SHOWN = 120  # characters of a wrong value in a message, enough for an architecture


def read_subset(path: str | Path) -> Codes:
    r"""Read a list of architectures.

    Args:
        path: CSV with a column ``arch`` among others, or one architecture a line; UTF-8, at most
            32 MiB. Empty lines are skipped.

    Returns:
        Codes [n], ascending, each once.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "some.txt"
        ...     _ = path.write_text(f"{to_string(7)}\n{to_string(3)}\n")
        ...     read_subset(path)
        array([3, 7])
    """
    text = read_text(path)
    line_of: dict[int, int] = {}
    try:
        for line, arch in _entries(text):
            try:
                code = parse_arch(arch)
            except InputError as error:
                raise InputError(f"line {line}: {error}") from error
            earlier = line_of.setdefault(code, line)
            if earlier != line:
                raise InputError(f"line {line}: {to_string(code)} repeats line {earlier}")
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not line_of:
        raise InputError(f"{path} lists no architecture; write one a line")
    return np.array(sorted(line_of), np.int64)


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and architecture of each entry."""
    header = text.lstrip().partition("\n")[0].split(",")
    if "arch" in (field.strip(' "\r') for field in header):
        for line, (arch,) in csv_columns(text, ["arch"]):
            yield line, arch
    else:
        for line, arch in enumerate(text.split("\n"), start=1):
            if arch.strip():
                yield line, arch.strip()


def csv_columns(text: str, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the line number and the fields of some columns for each row of CSV."""
    listed = " and ".join(columns)
    rows = csv_rows(text)
    first, header = next(rows, (1, []))
    if not header:
        raise InputError(f"line {first}: the file is empty; name the columns {listed}")
    for column in columns:
        if header.count(column) != 1:
            there = "no" if column not in header else "more than one"
            raise InputError(
                f"line {first}: {there} column {column!r} in {shown(','.join(header))}; the first "
                f"line must name the columns {listed} once"
            )
    wanted = [header.index(column) for column in columns]
    for line, fields in rows:
        yield line, [fields[place] for place in wanted]


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the line number and the fields of each row of CSV, the header first.

    Example:
        >>> list(csv_rows("index,arch\n\n0,a\n"))
        [(1, ['index', 'arch']), (3, ['0', 'a'])]
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    width = 0
    try:
        for fields in filter(None, reader):
            width = width or len(fields)
            if len(fields) != width:
                raise InputError(
                    f"line {reader.line_num}: the header has {width} fields, this line "
                    f"{len(fields)}; it is damaged, or the file was cut off there"
                )
            yield reader.line_num, fields
    except csv.Error as error:
        raise InputError(
            f"line {reader.line_num}: not CSV ({error}); the line is damaged, or the file was cut "
            "off there"
        ) from error


def read_text(path: str | Path) -> str:
    """Return the text of a file without its byte order mark."""
    most = MAX_MIB * 2**20
    try:
        with Path(path).open("rb") as file:
            contents = file.read(most + 1)  # bounds what has no end, such as a device
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    if len(contents) > most:
        raise InputError(
            f"{path} is larger than {MAX_MIB} MiB; give a file with one entry for each of the "
            "architectures"
        )
    return decoded(contents, path)


def decoded(contents: bytes, path: str | Path) -> str:
    """Return the text of a file's contents, UTF-8 with or without a byte order mark."""
    if contents.startswith(b"\x1f\x8b"):
        raise InputError(f"{path} is compressed with gzip; decompress it first")
    try:
        return contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save the file as UTF-8") from error


def parse_arch(text: str) -> int:
    """Return the code of an architecture, given as a string or as a genotype.

    Example:
        >>> parse_arch("|none~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|")
        5
    """
    if re.fullmatch(r"\([0-9](, ?[0-9]){5}\)", text):
        raise InputError(
            f"not an architecture: {text} has the operations as NASLib numbers them; write a "
            f"string such as {to_string(5)!r}"
        )
    return from_genotype(text) if is_genotype(text) else from_string(text)


def shown(text: str) -> str:
    """Return a text in quotes for a message, shortened where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
