"""The networks of NAS-Bench-Macro."""

from typing import ClassVar

import torch
from torch import nn

from baselines.supernets.base import Family, Supernet
from baselines.supernets.child import ChildNetwork
from baselines.supernets.macro.child import MacroNetwork
from baselines.supernets.macro.network import MacroSupernet
from baselines.supernets.mixture import Path
from benchmark.spaces.base import Scale
from benchmark.spaces.macro.layers import IDENTITY, MacroScale


class MacroFamily(Family):
    """The supernet of eight layers, and each architecture's own network."""

    space: ClassVar[str] = "macro"

    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights."""
        assert isinstance(scale, MacroScale)
        return MacroSupernet(scale, generator)

    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights."""
        assert isinstance(scale, MacroScale)
        return MacroNetwork(code, scale, generator, running=running)

    @torch.no_grad()
    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy the weights of a canonical path; both networks have them in the same order."""
        assert isinstance(supernet, MacroSupernet)
        used: list[nn.Module] = [supernet.stem]
        for layer, option in zip(supernet.all_layers(), path, strict=True):
            if option != IDENTITY:
                used.append(layer.bottleneck(option))
            elif layer.shortcut is not None:
                used.append(layer.shortcut)
        used += [supernet.head, supernet.classifier]
        given = [weight for module in used for weight in module.parameters()]
        for own, weight in zip(child.parameters(), given, strict=True):
            own.copy_(weight)
