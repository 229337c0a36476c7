"""Scoring chains of layers: all networks of NAS-Bench-Macro, one path at a time and ours."""

from __future__ import annotations

import numpy as np
import torch

from baselines.supernets.base import Supernet
from baselines.supernets.macro.network import macro_supernet
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.spaces.macro.layers import MacroScale
from tests.speed.measuring import COMPARISON_HEADER, Comparison, side_by_side
from tests.speed.page import Section
from tests.speed.scales import Effort

SCALE = MacroScale(
    stem=8, widths=(16, 32, 64), head=320, resolution=16, input_channels=1
)  # a quarter of the published widths
IMAGES, MEMORY = 256, 2 << 30


def scoring_macro(effort: Effort) -> Section:
    """Compare the default of `Supernet.many_logits`, a path at a time, with that of chains."""
    network = macro_supernet(SCALE, torch.Generator().manual_seed(0))
    space = network.space
    whole = np.unique(space.canonical(space.all_codes()))
    codes = whole if effort.whole_space else whole[: 2 * effort.architectures]
    some = np.sort(np.random.default_rng(0).choice(whole, effort.architectures, replace=False))
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(IMAGES, 1, SCALE.resolution, SCALE.resolution, generator=generator)
    pixels = pixels.contiguous(memory_format=torch.channels_last)

    def plainly() -> None:
        with torch.inference_mode():
            list(Supernet.many_logits(network, some, pixels, ByGroup(IMAGES), 1, MEMORY))

    def scored() -> None:
        with torch.inference_mode():
            list(network.many_logits(codes, pixels, ByGroup(IMAGES), 1, MEMORY))

    times = side_by_side({"plain": plainly, "ours": scored}, rounds=1, plain="plain", warm_up=False)
    each = times["plain"].seconds / len(some)
    ours = times["ours"].seconds / len(codes)
    row = Comparison(f"all {len(whole):,} networks", each * len(whole), ours * len(whole), 4, "–")
    note = (
        f"Timed once. A path at a time was measured on {len(some)} networks and multiplied; ours "
        f"on {'all' if len(codes) == len(whole) else len(codes)}."
    )
    title = f"Scoring NAS-Bench-Macro, a quarter of its widths, 16×16, {IMAGES} images"
    return Section(title, COMPARISON_HEADER, [row.cells()], [note])
