"""The isomorphism classes of NAS-Bench-201 (section 2), by its notation of a cell as text."""

from __future__ import annotations

from functools import cache
from itertools import product

from benchmark.spaces.nb201 import EDGES, OPERATIONS


def official_text(operations: tuple[int, ...]) -> str:
    """Write a cell by recursion from its output."""

    def node(number: int) -> str:
        if number == 0:
            return "0"
        return "+".join(sorted(edge(start, number) for start in range(number)))

    def edge(start: int, end: int) -> str:
        operation, source = OPERATIONS[operations[EDGES.index((start, end))]], node(start)
        if operation == "none" or source == "#":
            return "#"
        return source if operation == "skip_connect" else f"({source})@{operation}"

    return node(3)


@cache
def isomorphism_classes() -> list[int]:
    """Return for every architecture the smallest code that has the same text."""
    smallest: dict[str, int] = {}
    texts = map(official_text, product(range(5), repeat=6))
    return [smallest.setdefault(text, code) for code, text in enumerate(texts)]
