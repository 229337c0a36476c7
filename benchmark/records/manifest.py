"""What a comparison was made of: its files with their checksums, and the truth.

A record's own checksum shows that it was damaged; that it was replaced or is missing shows only in
such a list.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from benchmark.errors import InputError, readable
from benchmark.records.json_file import JsonKind, read_json, write_json

SUFFIX = ".manifest.json"

KIND = JsonKind(
    format="nasbench manifest",
    schema=1,
    name="manifest",
    writer="nasbench run",
    remedy="run the command again that made it",
)


FileName = Annotated[str, Meta(pattern=r"^[\w+-][\w.+-]*\Z")]  # beside the manifest, not hidden


@dataclass(frozen=True)
class Manifest:
    """What was in a folder when a comparison was made."""

    files: Mapping[FileName, str]  # SHA-256 of each file by its name
    table: str
    accuracy: str  # which of its accuracies
    truth: str  # SHA-256 of that accuracy of all its architectures
    source: str  # SHA-256 of the file that the table came from, as the table says
    command: str  # what was typed


def manifest_path(folder: str | Path, name: str) -> Path:
    """Return where the manifest of a comparison is kept."""
    return Path(folder) / f"{name}{SUFFIX}"


def write_manifest(manifest: Manifest, path: str | Path) -> None:
    """Write a manifest into a file, in the place of an earlier one."""
    write_json(KIND, asdict(manifest), path)


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest."""
    contents = read_json(KIND, path)
    try:
        return msgspec.convert(contents, Manifest)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {readable(str(error)):.200}; {KIND.remedy}") from error
