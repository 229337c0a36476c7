"""A list of architectures from a file, to which a comparison is restricted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.nb201 import Codes, to_string
from benchmark.truth.predictions.contents import parse_arch, read_text
from benchmark.truth.predictions.csv_form import csv_columns


def read_subset(path: str | Path) -> Codes:
    r"""Read which architectures to compare.

    The file is CSV with a column ``arch``, others are passed over, or has one architecture a line
    and nothing else. Empty lines do not matter.

    Args:
        path: The file, UTF-8, at most 32 MiB.

    Returns:
        Codes [n], ascending, each once.

    Raises:
        InputError: The file cannot be read, or something in it is no architecture or stands there
            twice; the message names the line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "some.txt"
        ...     _ = path.write_text(f"{to_string(7)}\n{to_string(3)}\n")
        ...     read_subset(path)
        array([3, 7])
    """
    text = read_text(path)
    try:
        line_of = _lines_of(text)
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not line_of:
        raise InputError(f"{path}: there is no architecture in it; write one a line")
    return np.array(sorted(line_of), np.int64)


def _lines_of(text: str) -> dict[int, int]:
    """Return the line of each architecture."""
    first = text.lstrip().partition("\n")[0]
    is_csv = "arch" in (field.strip(' "\r') for field in first.split(","))
    line_of: dict[int, int] = {}
    for line, arch in _csv_lines(text) if is_csv else _plain_lines(text):
        try:
            code = parse_arch(arch)
        except InputError as error:
            raise InputError(f"line {line}: {error}") from error
        earlier = line_of.setdefault(code, line)
        if earlier != line:
            raise InputError(
                f"line {line}: {to_string(code)} stands on line {earlier} already; keep one of them"
            )
    return line_of


def _csv_lines(text: str) -> Iterator[tuple[int, str]]:
    for line, (arch,) in csv_columns(text, ["arch"]):
        yield line, arch


def _plain_lines(text: str) -> Iterator[tuple[int, str]]:
    for line, arch in enumerate(text.split("\n"), start=1):
        if arch.strip():
            yield line, arch.strip()
