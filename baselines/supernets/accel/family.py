"""The networks of Accel-NASBench's space."""

from typing import ClassVar

import torch

from baselines.supernets.accel.network import accel_network
from baselines.supernets.base import Family, Supernet
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Path
from benchmark.errors import InputError
from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.base import Scale


class AccelFamily(Family):
    """Each architecture's own network, for proxies and for training alone."""

    space: ClassVar[str] = "accel"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Refuse: this space has no supernet here.

        Raises:
            InputError: Always.
        """
        raise _no_supernet()

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights."""
        assert isinstance(scale, AccelScale)
        return accel_network(code, scale, generator, running=running)

    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Refuse: this space has no supernet here.

        Raises:
            InputError: Always.
        """
        raise _no_supernet()


def _no_supernet() -> InputError:
    return InputError(
        "space accel has no supernet: score it with proxies, params or flops, which take each "
        "architecture on its own"
    )
