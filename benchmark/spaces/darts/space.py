"""The space of DARTS: the operations of 28 edges, and the inputs that six nodes keep."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import InputError
from benchmark.spaces.base import Choices, Codes, Decision, Scale, Space
from benchmark.spaces.darts.codes import (
    EDGES,
    FIRST_PAIR,
    KEPT,
    KINDS,
    OPERATIONS,
    PAIRS,
    SIZE,
    decode,
    encode,
    kept_edges,
    to_cells,
)
from benchmark.spaces.darts.complexity import (
    TABLE_SCALE,
    DartsScale,
    multiply_adds_of_cells,
    parameters_of_cells,
)
from benchmark.spaces.darts.counting import count_architectures
from benchmark.spaces.darts.genotypes import parse_genotype, to_genotype
from benchmark.spaces.darts.isomorphism import network_codes
from benchmark.spaces.darts.places import node_of, pair_decision, source_of
from benchmark.spaces.darts.strongest import strongest_choices
from benchmark.spaces.subspaces.subspace import Subspace


class DartsCells(Space):
    """Genotypes of DARTS; a code holds just the kept edges, so every code is canonical.

    Choices [34] hold the operations of all edges, of which `encode` ignores those not kept.
    """

    name: ClassVar[str] = "darts"
    title: ClassVar[str] = "DARTS"
    description: ClassVar[str] = "a normal and a reduction cell of eight kept edges each"
    source: ClassVar[str] = "Liu, Simonyan & Yang, ICLR 2019, arXiv 1806.09055"
    scale_class: ClassVar[type[Scale]] = DartsScale
    table_scale = TABLE_SCALE
    decisions = (
        *(Decision(f"{kind} {one}→{two}", OPERATIONS) for kind in KINDS for one, two in EDGES),
        *(
            Decision(f"{kind} inputs of {node}", tuple(f"{one},{two}" for one, two in pairs))
            for kind in KINDS
            for node, pairs in PAIRS.items()
        ),
    )

    @cached_property
    def size(self) -> int:
        """Number of genotypes, (180 · 7^8)²."""
        return SIZE

    def encode(self, choices: ArrayLike) -> Codes:
        """Return the codes [...] of choices [..., 34], without the operations of edges not kept."""
        return encode(self.checked_choices(choices))

    def decode(self, codes: ArrayLike) -> Choices:
        """Return the choices [..., 34] of codes [...], option 0 on edges that are not kept."""
        return decode(self.checked(codes))

    def network(self, codes: ArrayLike) -> Codes:
        """Return for each code [...] the smallest of those whose nodes are merely renamed."""
        return network_codes(self.checked(codes))

    def active(self, choices: ArrayLike) -> NDArray[np.bool_]:
        """Return which edges of choices [..., 34] are kept; decisions on inputs have no weights."""
        given = np.asarray(choices)
        found = np.zeros(given.shape, bool)
        found[..., :FIRST_PAIR] = kept_edges(given).reshape(*given.shape[:-1], FIRST_PAIR)
        return found

    def activated(self, choices: Choices, decisions: Sequence[int]) -> Choices:
        """Return choices [34] in which some edges are kept.

        A node that does not keep one of them drops the last kept edge that is not among them,
        unless its inputs are among the decisions themselves.
        """
        changed = np.array(choices)
        wanted: dict[tuple[int, int], set[int]] = {}
        for decision in decisions:
            if decision < FIRST_PAIR:
                wanted.setdefault(node_of(decision), set()).add(source_of(decision))
        for (cell, node), sources in wanted.items():
            if len(sources) > KEPT:
                raise InputError(
                    f"edges from {sorted(sources)} into node {node} of the {KINDS[cell]} cell "
                    f"cannot be kept together: choose {KEPT} of them at most"
                )
            if node in PAIRS and (place := pair_decision(cell, node)) not in decisions:
                kept = PAIRS[node][int(changed[place])]
                others = [source for source in kept if source not in sources]
                pair = tuple(sorted({*sources, *others[: KEPT - len(sources)]}))
                changed[place] = PAIRS[node].index(pair)
        return changed

    def count(self, subspace: Subspace) -> int:
        """Return the number of genotypes whose code lies in a subspace, perhaps none."""
        return count_architectures(subspace)

    def strongest(self, subspace: Subspace, strengths: NDArray[np.float64]) -> int:
        """Return the genotype of greatest strengths, see `strongest_choices`."""
        return int(encode(strongest_choices(subspace, strengths)))

    def format(self, code: int) -> str:
        """Return the text of a genotype, each node's inputs in ascending order."""
        return to_genotype(int(self.checked(code)))

    def parse(self, text: str) -> int:
        """Return the code of a genotype, or of NASLib's compact lists."""
        return parse_genotype(text)

    def parameters(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the trainable parameters [...] of evaluation networks without auxiliary head."""
        assert isinstance(scale, DartsScale)
        return parameters_of_cells(*to_cells(self.checked(codes)), scale)

    def multiply_adds(self, codes: ArrayLike, scale: Scale) -> NDArray[np.int64]:
        """Return the multiply-adds [...] of a forward pass of one image."""
        assert isinstance(scale, DartsScale)
        return multiply_adds_of_cells(*to_cells(self.checked(codes)), scale)
