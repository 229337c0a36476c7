from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.supernets.darts.network import GenotypeSupernet
from benchmark.spaces.darts.complexity import DartsScale
from benchmark.spaces.registry import open_space

SPACE = open_space("darts")
SCALE = DartsScale(channels=4, cells=4, resolution=8, classes=5)


@pytest.fixture(scope="module")  # tests read its weights
def supernet() -> GenotypeSupernet:
    return GenotypeSupernet(SCALE, torch.Generator().manual_seed(1)).double()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(2)).double()


def drawn_paths(count: int) -> list[list[int]]:
    paths: list[list[int]] = SPACE.decode(SPACE.sample(count)).tolist()
    return paths


def same_operation(operation: int) -> list[int]:
    """Return the path with one operation on all edges, whose nodes read nodes 0 and 2 if any."""
    return SPACE.path([operation] * 28 + [1] * 6).tolist()  # type: ignore[no-any-return]
