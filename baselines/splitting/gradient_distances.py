"""Distances between the gradients that the operations of an edge give (GM-NAS, section 3).

For an edge, each operation in turn is alone on it while the other edges carry a drawn path or a
mixture, and the gradient of the training loss is taken for all weights of cells and residual blocks
except those on the edge itself. The distance of two operations is 1 − cosine of their gradients,
with zeros where a child model does not use a weight, averaged over batches.

Child models of paths that differ in dead edges alone are one function, which is passed once: above
all the drawn path itself, which is a child for every edge.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Parameter

from baselines.splitting.subspace import Subspace
from baselines.supernets.nb201 import Mixture, Path, Supernet
from benchmark.images import Batches
from benchmark.spaces.nb201 import EDGES, decode, encode, live_codes

Distances = dict[int, NDArray[np.float64]]
Found = dict[int, list[Tensor]]  # for each edge the distances [n, n] of each batch


ShouldStop = Callable[[Mapping[int, Sequence[Tensor]], int], bool]
"""Whether matching may stop, given each edge's distances [n, n] of each batch and their number."""


def never_stop(found: Mapping[int, Sequence[Tensor]], used: int) -> bool:
    """Return False: all batches are used."""
    return False


def gradient_distances(
    network: Supernet,
    subspace: Subspace,
    edges: Sequence[int],
    batches: Batches,
    base_paths: Sequence[Path],
    before_pass: Callable[[], None],
    *,
    should_stop: ShouldStop = never_stop,
) -> Distances:
    """Return for each edge the distances [n, n] of its n operations, from 0 (alike) to 2.

    The supernet's weights stay as they are. In each batch the other edges follow a base path.
    ``before_pass`` is called before each pass of a batch, to charge it.
    """
    vectors = GradientVectors(network)
    found: Found = {edge: [] for edge in edges}
    for number, base in enumerate(base_paths):
        pixels, labels = batches[number]
        known: dict[int, Tensor] = {}
        for edge in edges:
            children = _children(base, edge, subspace.allowed[edge])
            for code in children:
                if code not in known:
                    before_pass()
                    known[code] = vectors.of(decode(code).tolist(), pixels, labels)
            found[edge].append(vectors.distances(edge, [known[code] for code in children]))
        if should_stop(found, number + 1):
            break
    return averaged(found)


def mixture_distances(
    network: Supernet,
    subspace: Subspace,
    edges: Sequence[int],
    batches: Batches,
    mixtures: Iterable[Mixture],
    before_pass: Callable[[], None],
    *,
    soft: bool = False,
    should_stop: ShouldStop = never_stop,
) -> Distances:
    """Return the same as `gradient_distances` where the other edges carry one mixture per batch.

    With ``soft``, an operation that is alone keeps its weight of the mixture. No gradient flows
    to the mixtures. Each operation of each edge is a pass of its own.
    """
    vectors = GradientVectors(network)
    found: Found = {edge: [] for edge in edges}
    for number, mixture in enumerate(mixtures):
        pixels, labels = batches[number]
        fixed = mixture.detached()
        for edge in edges:
            gradients = []
            for operation in subspace.allowed[edge]:
                before_pass()
                child = fixed.alone(edge, operation, keep_weight=soft)
                gradients.append(vectors.of(child, pixels, labels))
            found[edge].append(vectors.distances(edge, gradients))
        if should_stop(found, number + 1):
            break
    return averaged(found)


def averaged(found: Found) -> Distances:
    """Return the mean distances over batches, added up in their order."""
    return {
        edge: (sum(matrices[1:], start=matrices[0]) / len(matrices)).cpu().numpy()
        for edge, matrices in found.items()
    }


def cosine_distances(vectors: Tensor) -> Tensor:
    """Return 1 − cosine of every two vectors [n, size], symmetric [n, n], from 0 to 2.

    The distance of two zero vectors is 0, that of a zero vector and another 1.
    """
    products = vectors @ vectors.T
    norms = products.diagonal().sqrt()
    zero = norms == 0
    both_zero = zero[:, None] & zero
    cosines = products / torch.where(zero, 1, norms)[:, None] / torch.where(zero, 1, norms)
    distances = 1 - torch.where(both_zero, 1, cosines)
    return ((distances + distances.T) / 2).clamp(0, 2).fill_diagonal_(0)


def _children(base: Path, edge: int, allowed: Sequence[int]) -> list[int]:
    """Return the live codes of a path with each allowed operation on one edge."""
    paths = np.tile(np.asarray(base), (len(allowed), 1))
    paths[:, edge] = allowed
    return list(live_codes(encode(paths)).tolist())


class GradientVectors:
    """Takes gradients of the weights of cells and residual blocks as one vector."""

    def __init__(self, network: Supernet) -> None:
        self._network = network
        self._weights: list[Parameter] = []
        self._own: list[slice] = []  # where each edge's own weights are in the vector
        end = 0
        for edge in range(len(EDGES)):
            weights = network.edge_weights(edge)
            start, end = end, end + sum(weight.numel() for weight in weights)
            self._own.append(slice(start, end))
            self._weights.extend(weights)
        for block in network.residual_blocks():
            self._weights.extend(block.parameters())

    def of(self, path: Path | Mixture, pixels: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of the loss of a path or mixture on a batch, [size]."""
        loss = F.cross_entropy(self._network(pixels, path), labels)
        gradients = torch.autograd.grad(
            loss, self._weights, allow_unused=True, materialize_grads=True
        )
        return torch.cat([gradient.flatten() for gradient in gradients])

    def distances(self, edge: int, gradients: Sequence[Tensor]) -> Tensor:
        """Return the distances [n, n] of gradients, the edge's own weights left out.

        The distance of a tensor to itself is 0 exactly, also where a dot product rounds otherwise.
        """
        rows = torch.stack(list(gradients)).double()
        rows[:, self._own[edge]] = 0
        distances = cosine_distances(rows)
        for one, other in combinations(range(len(gradients)), 2):
            if gradients[one] is gradients[other]:
                distances[one, other] = distances[other, one] = 0
        return distances
