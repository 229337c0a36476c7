"""Reading and writing genotypes as the programs of DARTS print them.

``Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=range(2, 6), reduce=[…],
reduce_concat=range(2, 6))`` lists for each node from 2 to 5 its two inputs, in any order. Source:
quark0/darts, ``cnn/genotypes.py``. Texts are taken apart, never evaluated.
"""

import re
from typing import NoReturn

import numpy as np

from benchmark.errors import InputError, readable, unknown_name
from benchmark.spaces.darts.codes import (
    CELL_KEPT,
    INPUTS,
    KEPT,
    KINDS,
    NODES,
    OPERATIONS,
    from_cells,
    to_cells,
)
from benchmark.spaces.darts.compact import is_compact, read_compact

LONGEST = 2000  # characters of a text that are read; four times a genotype
_SHOWN = 60  # characters of a wrong text that a message repeats

Entry = tuple[str, int]  # an operation and the node that its edge comes from
_FORM = re.compile(
    r"\s*(?:\w+\.)?Genotype\s*\(\s*normal\s*=\s*(?P<normal>[\[(].*?)\s*,"
    r"\s*normal_concat\s*=\s*(?P<normal_concat>.*?)\s*,"
    r"\s*reduce\s*=\s*(?P<reduce>[\[(].*?)\s*,"
    r"\s*reduce_concat\s*=\s*(?P<reduce_concat>.*?)\s*,?\s*\)\s*",
    re.DOTALL,
)
_ENTRY = re.compile(r"\s*[(\[]\s*(['\"])(?P<name>\w+)\1\s*,\s*(?P<source>\d{1,2})\s*,?\s*[)\]]\s*")
_CONCAT = re.compile(r"range\(2,\s*6\)|\[2,\s*3,\s*4,\s*5\]|\(2,\s*3,\s*4,\s*5\)")
_ONE = "('sep_conv_3x3', 0)"


def to_genotype(code: int) -> str:
    """Return the one text of a valid code: inputs ascend, and all four nodes are concatenated."""
    sources, operations = to_cells(np.array(code))
    parts = []
    for kind, inputs, used in zip(KINDS, sources, operations, strict=True):
        entries = zip(used.ravel().tolist(), inputs.ravel().tolist(), strict=True)
        listed = ", ".join(f"('{OPERATIONS[number]}', {source})" for number, source in entries)
        parts.append(f"{kind}=[{listed}], {kind}_concat=range({NODES[0]}, {NODES[-1] + 1})")
    return f"Genotype({', '.join(parts)})"


def parse_genotype(text: str) -> int:
    """Return the code of a genotype or of compact lists, see `read_compact`.

    Raises:
        InputError: It is none of this space; the message says what is wrong.
    """
    if len(text) > LONGEST:
        _fail(text, f"it has {len(text):,} characters, {LONGEST:,} at most are read")
    if is_compact(text):
        cells = read_compact(text)
    else:
        found = _FORM.fullmatch(text)
        if found is None:
            _fail(
                text,
                f"write Genotype(normal=[{_ONE}, …], normal_concat=range(2, 6), reduce=[…], "
                "reduce_concat=range(2, 6)), with eight pairs in each list",
            )
        for kind in KINDS:
            if not _CONCAT.fullmatch(concat := found[f"{kind}_concat"]):
                _fail(
                    text,
                    f"{kind}_concat is {readable(concat[:_SHOWN])}, but cells of this space "
                    "concatenate nodes 2 to 5: write range(2, 6)",
                )
        cells = [_entries(text, kind, found[kind]) for kind in KINDS]
    checked = [_checked(text, kind, cell) for kind, cell in zip(KINDS, cells, strict=True)]
    entries = [entry for cell in checked for entry in cell]
    numbers = [(source, OPERATIONS.index(name)) for name, source in entries]
    sources, operations = np.array(numbers).T.reshape(2, len(KINDS), len(NODES), KEPT)
    return int(from_cells(sources, operations))


def _entries(text: str, kind: str, listed: str) -> list[Entry]:
    """Return the pairs of a list such as ``[('skip_connect', 0), …]``."""
    if listed[-1] != {"[": "]", "(": ")"}[listed[0]]:
        _fail(text, f"the list {kind} does not end in a bracket that closes it")
    entries, place, inside = [], 0, listed[1:-1].rstrip().removesuffix(",")
    while place < len(inside):
        entry = _ENTRY.match(inside, place)
        if entry is None or inside[entry.end() : entry.end() + 1] not in ("", ","):
            wrong = readable(inside[place : place + _SHOWN])
            _fail(text, f"at {wrong!r} in {kind}: write pairs like {_ONE}, with commas between")
        entries.append((entry["name"], int(entry["source"])))
        place = entry.end() + 1
    return entries


def _checked(text: str, kind: str, entries: list[Entry]) -> list[Entry]:
    """Return the pairs of a cell, after checking that it is one of this space."""
    if len(entries) != CELL_KEPT:
        _fail(text, f"{kind} has {len(entries)} inputs, but four nodes have two each: give eight")
    for place, (name, source) in enumerate(entries):
        node = INPUTS + place // KEPT
        if name == "none":
            _fail(
                text,
                f"node {node} of {kind} has operation none, which genotypes of this space never "
                f"keep: choose from {', '.join(OPERATIONS)}",
            )
        if name not in OPERATIONS:
            raise unknown_name(f"operation of node {node} of {kind}", name, OPERATIONS)
        if source >= node:
            _fail(text, f"node {node} of {kind} reads node {source}: choose from 0 to {node - 1}")
        if place % KEPT and source == entries[place - 1][1]:
            _fail(
                text,
                f"both inputs of node {node} of {kind} are node {source}: choose two different "
                f"ones from 0 to {node - 1}",
            )
    return entries


def _fail(text: str, reason: str) -> NoReturn:
    start = readable(text[:_SHOWN])
    shown = start + "…" if len(text) > _SHOWN else start
    raise InputError(f"not a genotype of DARTS: {shown!r}: {reason}")
