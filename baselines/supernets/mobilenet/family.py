"""The networks of ProxylessNAS's space."""

from typing import ClassVar

import torch

from baselines.supernets.base import Family, Supernet
from baselines.supernets.chain.inheriting import inherit
from baselines.supernets.mobilenet.network import mobilenet_network, mobilenet_supernet
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Path
from benchmark.spaces.base import Scale
from benchmark.spaces.mobilenet.layers import MobileNetScale


class MobileNetFamily(Family):
    """The supernet of 21 layers, and each architecture's own network."""

    space: ClassVar[str] = "mobilenet"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights."""
        assert isinstance(scale, MobileNetScale)
        return mobilenet_supernet(scale, generator)

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights."""
        assert isinstance(scale, MobileNetScale)
        return mobilenet_network(code, scale, generator, running=running)

    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy the weights of a canonical path."""
        inherit(supernet, child, path)
