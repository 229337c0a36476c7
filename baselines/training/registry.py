"""The one-shot bases by name; a new one is added to `BASES`."""

from collections.abc import Mapping
from types import MappingProxyType

from baselines.training.base import Base
from baselines.training.darts import Darts
from baselines.training.darts_2nd import SecondOrderDarts
from baselines.training.rsps import Rsps
from baselines.training.snas import Snas
from benchmark.errors import unknown_name


def base_class(name: str) -> type[Base]:
    """Return the base of a name."""
    if name not in BASES:
        raise unknown_name("base", name, BASES)
    return BASES[name]


BASES: Mapping[str, type[Base]] = MappingProxyType(
    {base.name: base for base in (Rsps, Darts, SecondOrderDarts, Snas)}
)
"""All bases; each has a name of its own, which a test checks."""
