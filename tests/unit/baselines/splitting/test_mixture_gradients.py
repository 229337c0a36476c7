from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from scipy.spatial import distance

from baselines.splitting import Decisions, mixture_distances
from baselines.supernets.parts.mixture import Mixture
from benchmark.images import Batches
from benchmark.spaces.subspaces.subspace import Subspace
from tests.unit.baselines.tiny import SPACE, tiny_images, tiny_network, tiny_scale

NETWORK = tiny_network(tiny_scale(channels=2))
BATCHES = Batches(tiny_images(torch.float64).train, 4, 2, 1, torch.Generator().manual_seed(11))
SUBSPACE = Subspace(SPACE, ((1, 3), (0, 1, 2, 3, 4), (0, 2, 4), (2,), (0, 1, 2, 3, 4), (3, 4)))


def mixtures() -> list[Mixture]:
    generator = torch.Generator().manual_seed(3)
    return [
        Mixture(
            SUBSPACE.allowed,
            tuple(
                torch.randn(len(one), generator=generator, dtype=torch.float64).softmax(0)
                for one in SUBSPACE.allowed
            ),
        )
        for _ in range(len(BATCHES))
    ]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("chosen", [(1,), (2,), (4,), (0, 2), (5, 2)])
def test_distances_equal_those_of_children_run_alone(chosen: Decisions, soft: bool) -> None:
    passes: list[None] = []
    found = mixture_distances(
        NETWORK, SUBSPACE, [chosen], BATCHES, mixtures(), lambda: passes.append(None), soft=soft
    )
    allowed = list(product(*(SUBSPACE.allowed[decision] for decision in chosen)))
    total = np.zeros((len(allowed), len(allowed)))
    for number, mixture in enumerate(mixtures()):
        pixels, labels = BATCHES[number]
        vectors = []
        for together in allowed:
            options, weights = list(mixture.options), list(mixture.weights)
            for decision, option in zip(chosen, together, strict=True):
                place = SUBSPACE.allowed[decision].index(option)
                own = mixture.weights[decision][[place]]
                options[decision] = (option,)
                weights[decision] = own if soft else torch.ones(1).double()
            NETWORK.zero_grad()
            child = Mixture(tuple(options), tuple(weights))
            F.cross_entropy(NETWORK(pixels, child), labels).backward()
            parts = [
                torch.zeros_like(weight) if weight.grad is None else weight.grad
                for name, weight in NETWORK.named_parameters()
                if name.startswith("blocks.")
                and not any(f".edges.{edge}." in name for edge in chosen)
            ]
            vectors.append(torch.cat([part.flatten() for part in parts]).numpy())
        NETWORK.zero_grad()
        total += distance.squareform(distance.pdist(np.array(vectors), "cosine"))
    np.testing.assert_allclose(found[chosen], total / len(BATCHES), rtol=0, atol=1e-5)
    assert len(passes) == len(BATCHES) * len(allowed)
