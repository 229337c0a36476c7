"""Lists of architectures in files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Space
from benchmark.text_files import csv_columns, read_text


def read_subset(path: str | Path, space: Space) -> Codes:
    r"""Read a list of architectures of a space, and return their codes [n], ascending, each once.

    The file is a CSV with a column ``arch``, or has one architecture per line; UTF-8, at most
    32 MiB. Empty lines are skipped.
    """
    text = read_text(path)
    line_of: dict[int, int] = {}
    try:
        for line, arch in _entries(text):
            try:
                code = space.parse(arch)
            except InputError as error:
                raise InputError(f"line {line}: {error}") from error
            earlier = line_of.setdefault(code, line)
            if earlier != line:
                raise InputError(f"line {line}: {space.format(code)} repeats line {earlier}")
    except InputError as error:
        raise InputError(f"{path}, {error}") from error
    if not line_of:
        raise InputError(f"{path} lists no architecture; write one per line")
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
