"""What a comparison was made of: its files with their checksums, and the truth it was held against.

A record's own checksum tells that it was damaged. That it was replaced, or that one is gone, shows
only beside a list of what there was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from benchmark.errors import InputError
from benchmark.records.signed import SignedKind, read_signed, write_signed

SUFFIX = ".manifest.json"

KIND = SignedKind(
    format="nasbench manifest",
    schema=1,
    name="manifest",
    writer="nasbench run",
    damaged="; run the command again that made it",
    changed="run the command again that made it",
)


@dataclass(frozen=True)
class Manifest:
    """What lay in a folder when a comparison was made.

    Attributes:
        files: SHA-256 of each file by its name.
        table: Name of the truth table.
        accuracy: Which of its accuracies.
        truth: SHA-256 of that accuracy of all its architectures.
        source: SHA-256 of the file that the table came from, as the table says.
        command: What was typed.

    Raises:
        InputError: A name is a path, or something is no text.

    Example:
        >>> Manifest({"../gm-seed0.json": "0" * 64}, "t", "cifar10_test_200", "0" * 64, "-", "")
        Traceback (most recent call last):
        benchmark.errors.InputError: a manifest names '../gm-seed0.json': name a file beside it
    """

    files: Mapping[str, str]
    table: str
    accuracy: str
    truth: str
    source: str
    command: str

    def __post_init__(self) -> None:
        """Check what a stranger may have written."""
        if not isinstance(self.files, Mapping) or not all(
            isinstance(text, str) for text in (*self.files.values(), *_texts(self))
        ):
            raise InputError("a manifest holds file names, checksums and texts")
        for name in self.files:
            if not re.fullmatch(r"[\w+-][\w.+-]*", name):
                raise InputError(f"a manifest names {name[:80]!r}: name a file beside it")


def manifest_path(folder: str | Path, name: str) -> Path:
    """Return where the manifest of a comparison is kept.

    Example:
        >>> manifest_path("runs", "comparison").as_posix()
        'runs/comparison.manifest.json'
    """
    return Path(folder) / f"{name}{SUFFIX}"


def write_manifest(manifest: Manifest, path: str | Path) -> None:
    """Write a manifest into a file, in the place of an earlier one.

    Raises:
        CheckError: The system refused.
    """
    write_signed(KIND, asdict(manifest), path)


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest.

    Raises:
        InputError: The file cannot be read, is no manifest, or was changed.

    Example:
        >>> import tempfile
        >>> kept = Manifest({"gm.csv": "0" * 64}, "t", "cifar10_test_200", "0" * 64, "-", "")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_manifest(kept, manifest_path(folder, "gm"))
        ...     read_manifest(manifest_path(folder, "gm")) == kept
        True
    """
    contents = read_signed(KIND, path)
    try:
        return Manifest(**{field.name: contents[field.name] for field in fields(Manifest)})
    except KeyError as error:
        raise InputError(f"{path} has no {error.args[0]}; {KIND.changed}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}; {KIND.changed}") from error


def _texts(manifest: Manifest) -> list[Any]:
    return [getattr(manifest, field.name) for field in fields(manifest) if field.name != "files"]
