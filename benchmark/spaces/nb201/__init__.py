"""The search space of NAS-Bench-201: 15,625 cells, each a number from 0 to 15,624.

A cell has four nodes and six edges, and each edge carries one of five operations. An architecture
is written in one of these forms:

* ``operations``: six indices into `OPERATIONS`, in the order of `EDGES`;
* ``code``: the same six read as a number in base 5, the first edge most significant;
* ``string``: NAS-Bench-201's own, ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``;
* ``genotype``: that of few-shot NAS and other programs, see `to_genotype`.
"""

from benchmark.spaces.nb201.codes import (
    EDGES,
    NONE,
    OPERATIONS,
    SIZE,
    Operations,
    all_operations,
    checked_codes,
    decode,
    encode,
)
from benchmark.spaces.nb201.equivalence import (
    distinct_codes,
    is_connected,
    live_codes,
)
from benchmark.spaces.nb201.genotypes import from_genotype, is_genotype, to_genotype
from benchmark.spaces.nb201.network_equivalence import network_codes
from benchmark.spaces.nb201.strings import all_strings, from_string, to_string

__all__ = [
    "EDGES",
    "NONE",
    "OPERATIONS",
    "SIZE",
    "Operations",
    "all_operations",
    "all_strings",
    "checked_codes",
    "decode",
    "distinct_codes",
    "encode",
    "from_genotype",
    "from_string",
    "is_connected",
    "is_genotype",
    "live_codes",
    "network_codes",
    "to_genotype",
    "to_string",
]
