"""A mapping as a JSON file with a checksum of its own, read back only as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.files import read_bounded, write_atomic
from benchmark.records.plain import digest

MAX_BYTES = 1 << 26  # of a file; a record has some 150,000


@dataclass(frozen=True)
class SignedKind:
    """A kind of signed file, and how messages speak of it.

    Attributes:
        format: What stands in the file as its ``format``.
        schema: The newest form that this code reads; raised whenever older code cannot read one.
        name: What one is called.
        writer: The command that writes one.
        damaged: What to do about one that is cut off or damaged, with its own punctuation.
        changed: What to do about one that was changed after it was written.
    """

    format: str
    schema: int
    name: str
    writer: str
    damaged: str
    changed: str


def write_signed(kind: SignedKind, contents: Mapping[str, Any], path: str | Path) -> None:
    """Write contents, made of plain JSON values, as a file of a kind.

    Raises:
        CheckError: The system refused.
    """
    write_atomic(path, _render({**contents, "format": kind.format, "schema": kind.schema}))


def read_signed(kind: SignedKind, path: str | Path) -> dict[str, Any]:
    """Return the contents of a file of a kind, which is what was written to the last sign.

    Raises:
        InputError: The file cannot be read, is of another kind or newer code, or was damaged.
    """
    found = read_bounded(path, MAX_BYTES, f"it is no {kind.name}")
    try:
        text = found.decode().replace("\r\n", "\n")  # git on Windows adds \r
        contents = json.loads(text)
        is_intact = isinstance(contents, dict) and text == _render(contents)
    except (ValueError, RecursionError, InputError) as error:
        raise InputError(
            f"{path} is no {kind.name}, or it was cut off or damaged{kind.damaged}"
        ) from error
    if not isinstance(contents, dict) or contents.get("format") != kind.format:
        raise InputError(f"{path} is no {kind.name}; name a file that {kind.writer} wrote")
    schema = contents.get("schema")
    if type(schema) is int and schema > kind.schema:
        raise InputError(
            f"{path} has schema {schema!s:.60}, this version reads up to {kind.schema}; "
            "install a newer nasbench-suite"
        )
    if not is_intact:
        raise InputError(
            f"{path} was changed after it was written (its checksum does not hold); {kind.changed}"
        )
    if type(schema) is not int or schema < 1:
        raise InputError(f"{path} has schema {schema!r:.60}: there is none; {kind.changed}")
    return contents


def _render(contents: Mapping[str, Any]) -> str:
    """Return the text of a file; its checksum covers everything but itself."""
    unsigned = {name: value for name, value in contents.items() if name != "sha256"}
    signed = unsigned | {"sha256": digest(unsigned)}
    return json.dumps(signed, indent=1, sort_keys=True) + "\n"
