"""Architectures written as text: one, or a list of them in a file."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.errors import InputError
from benchmark.spaces.nb201.codes import Codes
from benchmark.spaces.nb201.genotypes import from_genotype, is_genotype
from benchmark.spaces.nb201.strings import from_string, to_string
from benchmark.text_files import csv_columns, read_text


def read_subset(path: str | Path) -> Codes:
    r"""Read a list of architectures, and return their codes [n], ascending, each once.

    The file is a CSV with a column ``arch``, or has one architecture per line; UTF-8, at most
    32 MiB. Empty lines are skipped.
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


def parse_arch(text: str) -> int:
    """Return the code of an architecture, given as a string or as a genotype."""
    if re.fullmatch(r"\([0-9](, ?[0-9]){5}\)", text):
        raise InputError(
            f"not an architecture: {text} has the operations as NASLib numbers them; write a "
            f"string such as {to_string(5)!r}"
        )
    return from_genotype(text) if is_genotype(text) else from_string(text)
