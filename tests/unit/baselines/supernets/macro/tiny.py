"""A supernet of NAS-Bench-Macro's layers in double precision."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.supernets.chain.supernet import ChainSupernet
from baselines.supernets.macro.network import macro_supernet
from benchmark.spaces.macro.layers import MacroScale

SCALE = MacroScale(
    stem=3, widths=(4, 5, 6), head=7, strides=(1, 2, 2), resolution=6, classes=5, input_channels=2
)


def macro_network(scale: MacroScale = SCALE, seed: int = 0) -> ChainSupernet:
    """Return a network whose BatchNorms scale and shift, as trained ones do."""
    generator = torch.Generator().manual_seed(seed)
    network = macro_supernet(scale, generator).double()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return network


def macro_images(count: int, scale: MacroScale = SCALE) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    shape = (count, scale.input_channels, scale.resolution, scale.resolution)
    return torch.randn(shape, generator=generator, dtype=torch.float64)
