"""JSON files with a checksum, so that damage and changes by hand are noticed."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmark.errors import InputError
from benchmark.files import read_bounded, write_atomic
from benchmark.records.json_values import digest

MAX_BYTES = 1 << 26  # of a file; a record has some 150,000


@dataclass(frozen=True)
class JsonKind:
    """A kind of JSON file, and what messages call it."""

    format: str  # its ``format`` entry
    schema: int  # its ``schema`` entry, the version of the format
    name: str  # what one is called
    writer: str
    remedy: str  # what to do about one that is damaged


def write_json(kind: JsonKind, contents: Mapping[str, Any], path: str | Path) -> None:
    """Write plain values as a file of a kind."""
    whole = {**contents, "format": kind.format, "schema": kind.schema}
    whole["sha256"] = digest(whole)
    write_atomic(path, json.dumps(whole, indent=1, sort_keys=True) + "\n")


def read_json(kind: JsonKind, path: str | Path) -> dict[str, Any]:
    """Return the contents of a file of a kind."""
    data = read_bounded(path, MAX_BYTES, f"it is no {kind.name}")
    try:
        contents = msgspec.json.decode(data.removeprefix(BOM_UTF8))
        checksum = contents.pop("sha256", None) if isinstance(contents, dict) else None
        is_intact = checksum == digest(contents)
    except (msgspec.MsgspecError, ValueError, RecursionError, InputError) as error:
        raise InputError(
            f"{path} is no {kind.name}, or it was cut off or damaged; {kind.remedy}"
        ) from error
    if not isinstance(contents, dict) or contents.get("format") != kind.format:
        raise InputError(f"{path} is no {kind.name}; name a file that {kind.writer} wrote")
    if contents.get("schema") != kind.schema:
        raise InputError(
            f"{path} has schema {contents.get('schema')!r:.60}, this version of nasbench-suite "
            f"reads {kind.schema}; {kind.remedy}"
        )
    if not is_intact:
        raise InputError(
            f"{path} was changed after it was written (its checksum does not hold); {kind.remedy}"
        )
    return contents
