"""The two network sizes at which speed is measured, with images, paths and codes for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.supernets.nb201.network import CellSupernet
from benchmark.images import Batches, Images
from benchmark.spaces.base import Choices
from benchmark.spaces.nb201 import distinct_codes
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import TrainingSettings
from tests.speed.plain_implementation import PlainSupernet

WHOLE_SPACE = Subspace.whole(open_space("nb201"))
DECISIONS = [(place,) for place in range(len(WHOLE_SPACE.space))]
BATCH = 64
TRAINING = TrainingSettings(
    budget=1, batch_size=BATCH, learning_rate=0.025, final_learning_rate=0.001,
    momentum=0.9, weight_decay=1e-4, gradient_norm=5.0,
    label_smoothing=0.0, precision="float32", compile=False,
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """A size of networks and images.

    Attributes:
        name: Name in the tables.
        network: Channels, cells, resolution.
        images: Validation images that score an architecture.
    """

    name: str
    network: NetworkScale
    images: int = 250


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: Repetitions of each side of a comparison.
        architectures: Sample size where results are extrapolated to the whole space.
        share: Share of the steps, batches and seeds of a full measurement.
        whole_space: Whether to score the whole space at the small size.
    """

    rounds: int
    architectures: int
    share: float
    whole_space: bool

    def of(self, count: int) -> int:
        """Return this share of a number, at least one."""
        return max(1, round(self.share * count))


FULL = Effort(rounds=5, architectures=100, share=1.0, whole_space=True)
QUICK = Effort(rounds=1, architectures=10, share=0.1, whole_space=False)

SMALL = Scale("C=8, N=1, 16×16", NetworkScale(8, 1, resolution=16))
PAPERS = Scale("C=16, N=5, 32×32", NetworkScale(16, 5))


def both_networks(scale: NetworkScale) -> tuple[PlainSupernet, CellSupernet]:
    """Return a supernet of standard modules and one of ours with the same weights."""
    ours = CellSupernet(scale, torch.Generator().manual_seed(0))
    return PlainSupernet(scale).take_weights(ours), ours


def noise(scale: NetworkScale, count: int) -> Tensor:
    """Return images of noise [count, channels, H, W]."""
    shape = (count, scale.input_channels, scale.resolution, scale.resolution)
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def batches(scale: NetworkScale, count: int, images: int = 1024) -> Batches:
    """Return training batches of images of noise."""
    labels = torch.randint(scale.classes, (images,), generator=torch.Generator().manual_seed(2))
    given = Images(noise(scale, images), labels)
    return Batches(given, BATCH, count, 4, torch.Generator().manual_seed(3), flip=True)


def drawn_paths(count: int, seed: int = 0) -> Choices:
    """Return choices [count, 6] of architectures drawn as training draws them."""
    return WHOLE_SPACE.draw(count, np.random.default_rng(seed))


def neighbouring_codes(count: int, runs: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Return distinct functions in runs of neighbours, which share prefixes as all do."""
    parts = np.array_split(distinct_codes(), runs)
    length = -(-count // runs)
    generator = np.random.default_rng(seed)
    starts = [int(generator.integers(len(part) - length + 1)) for part in parts]
    return np.concatenate([part[at : at + length] for part, at in zip(parts, starts, strict=True)])


def some_codes(count: int, seed: int = 0) -> NDArray[np.int64]:
    """Return a sample of distinct functions, ascending."""
    chosen = np.random.default_rng(seed).choice(distinct_codes(), count, replace=False)
    return np.sort(chosen)
