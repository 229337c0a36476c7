"""A slow second implementation of DARTS's space, with genotypes as dictionaries."""

from __future__ import annotations

import re
from itertools import combinations, permutations, product
from typing import Any

from hypothesis import strategies as st
from numpy.typing import NDArray

OPERATIONS = [
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
]
EDGES = [(0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (0, 4), (1, 4), (2, 4), (3, 4)]
EDGES += [(source, 5) for source in range(5)]

Cell = dict[int, dict[int, str]]  # for each node, the operation from each input that it keeps
Genotype = tuple[Cell, Cell]


def genotype_of(choices: NDArray[Any]) -> Genotype:
    """Return what choices [34] keep."""
    cells = []
    for cell in range(2):
        keeps = {2: (0, 1)}
        for place, node in enumerate((3, 4, 5)):
            option = choices[28 + 3 * cell + place]
            keeps[node] = list(combinations(range(node), 2))[option]
        cells.append(
            {
                node: {
                    source: OPERATIONS[choices[14 * cell + EDGES.index((source, node))]]
                    for source in keeps[node]
                }
                for node in (2, 3, 4, 5)
            }
        )
    return cells[0], cells[1]


def read(text: str) -> tuple[list[list[tuple[int, str]]], list[list[tuple[int, str]]]]:
    """Return the inputs of the eight nodes of a text that is known to be well formed."""
    lists = re.findall(r"\[(\(.*?)\]", text)
    cells = []
    for listed in lists:
        pairs = [(int(source), name) for name, source in re.findall(r"\('(\w+)', (\d)\)", listed)]
        cells.append([pairs[place : place + 2] for place in range(0, 8, 2)])
    return cells[0], cells[1]


def genotype_of_text(text: str) -> Genotype:
    one, other = (
        {node: dict(inputs) for node, inputs in enumerate(cell, start=2)} for cell in read(text)
    )
    return one, other


def text_of(genotype: Genotype, *, swapped: bool = False, concat: str = "range(2, 6)") -> str:
    """Return the text of a genotype, the inputs of a node in one order or the other."""
    parts = []
    for kind, cell in zip(("normal", "reduce"), genotype, strict=True):
        entries = [
            (name, source)
            for node in (2, 3, 4, 5)
            for source, name in sorted(cell[node].items(), reverse=swapped)
        ]
        parts.append(f"{kind}={entries}, {kind}_concat={concat}")
    return f"Genotype({', '.join(parts)})"


def renamings(cell: Cell) -> list[Cell]:
    """Return all cells that are this one with its nodes renamed."""
    found = []
    for order in permutations((2, 3, 4, 5)):
        name = {0: 0, 1: 1, **dict(zip((2, 3, 4, 5), order, strict=True))}
        renamed = {
            name[node]: {name[source]: one for source, one in inputs.items()}
            for node, inputs in cell.items()
        }
        if all(source < node for node, inputs in renamed.items() for source in inputs):
            found.append(renamed)
    return found


def canonical_choices(allowed: list[set[int]], cell: int, node: int) -> list[dict[int, int]]:
    """Return all canonical choices about one node that options allow, by decision."""
    edges = [14 * cell + EDGES.index((source, node)) for source in range(node)]
    pairs = list(combinations(range(node), 2))
    decision = 28 + 3 * cell + node - 3
    found = []
    for number, pair in enumerate(pairs):
        if node > 2 and number not in allowed[decision]:
            continue
        options = [
            allowed[edge] if source in pair else allowed[edge] & {0}
            for source, edge in enumerate(edges)
        ]
        for chosen in product(*options):
            one = dict(zip(edges, chosen, strict=True))
            found.append(one | ({decision: number} if node > 2 else {}))
    return found


# Strategies

N_OPTIONS = [7] * 28 + [3, 6, 10] * 2
CHOICES = st.tuples(*(st.integers(0, number - 1) for number in N_OPTIONS))
CODES = st.integers(0, (180 * 7**8) ** 2 - 1)
