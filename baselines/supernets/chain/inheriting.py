"""Handing the weights of a path on to the network of its architecture."""

import torch
from torch import nn

from baselines.supernets.base import Supernet
from baselines.supernets.chain.child import ChainNetwork
from baselines.supernets.chain.supernet import ChainSupernet
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Path


@torch.no_grad()
def inherit(supernet: Supernet, child: ChildNetwork, path: Path) -> None:
    """Copy all weights, which both networks hold in the same order."""
    assert isinstance(supernet, ChainSupernet)
    assert isinstance(child, ChainNetwork)
    chosen = [
        layer.option(option) for layer, option in zip(supernet.choice_layers(), path, strict=True)
    ]
    parts: list[nn.Module | None] = [supernet.stem, *chosen, supernet.head, supernet.classifier]
    given = [weight for part in parts if part is not None for weight in part.parameters()]
    for own, weight in zip(child.parameters(), given, strict=True):
        if own.shape != weight.shape:
            raise ValueError(f"the network's weight {list(own.shape)} gets {list(weight.shape)}")
        own.copy_(weight)
