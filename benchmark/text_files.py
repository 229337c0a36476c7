"""Reading text and CSV files, with the line in messages."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.errors import InputError
from benchmark.files import reason

MAX_MIB = 32  # ten times the published files of predictions, which hold the whole space
_SHOWN = 120  # characters of a wrong value in a message, enough for an architecture


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
                f"line {first}: {there} column {column!r} in {quoted(','.join(header))}; the first "
                f"line must name the columns {listed} once"
            )
    wanted = [header.index(column) for column in columns]
    for line, fields in rows:
        yield line, [fields[place] for place in wanted]


def csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the line number and the fields of each row of CSV, the header first."""
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


def quoted(text: str) -> str:
    """Return a text in quotes for a message, shortened where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}..."
