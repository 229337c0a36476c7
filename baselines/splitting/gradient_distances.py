"""Distances between the gradients that the options of a decision give (GM-NAS, section 3).

Each option of a decision in turn is taken alone while the other decisions follow a drawn path or a
mixture, and the gradient of the training loss is taken for all weights that the options share:
those of other decisions, and those of none. The distance of two options is 1 − cosine of their
gradients, with zeros where a child model does not use a weight, averaged over batches. Decisions
that are split together are fixed together, to each combination of their options.

Child models of paths with one canonical form are one function, which is passed once: above all the
drawn path itself, which is a child for every decision.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import Parameter

from baselines.supernets.base import Supernet
from baselines.supernets.parts.mixture import Mixture, Path
from benchmark.images import Batches
from benchmark.spaces.base import Choices
from benchmark.spaces.subspaces.subspace import JointOption, Subspace

Decisions = tuple[int, ...]
"""One decision, or several that are split together."""
Distances = dict[Decisions, NDArray[np.float64]]
Found = dict[Decisions, list[Tensor]]  # for each the distances [n, n] of each batch


ShouldStop = Callable[[Mapping[Decisions, Sequence[Tensor]], int], bool]
"""Whether matching may stop, given the distances [n, n] of each batch, and their number."""


def never_stop(found: Mapping[Decisions, Sequence[Tensor]], used: int) -> bool:
    """Return False: all batches are used."""
    return False


def gradient_distances(
    network: Supernet,
    subspace: Subspace,
    decisions: Sequence[Decisions],
    batches: Batches,
    base_paths: Choices,
    before_pass: Callable[[], None],
    *,
    label_smoothing: float = 0.0,
    should_stop: ShouldStop = never_stop,
) -> Distances:
    """Return for each decision the distances [n, n] of its n options, from 0 (alike) to 2.

    The supernet's weights stay as they are. In each batch the others follow a base path [D].
    ``before_pass`` is called before each pass of a batch, to charge it.
    """
    vectors = GradientVectors(network, label_smoothing)
    found: Found = {chosen: [] for chosen in decisions}
    for number, base in enumerate(base_paths):
        pixels, labels = batches[number]
        known: dict[tuple[int, ...], Tensor] = {}
        for chosen in decisions:
            children = _children(subspace, base, chosen)
            for path in children:
                if path not in known:
                    before_pass()
                    known[path] = vectors.of(path, pixels, labels)
            found[chosen].append(vectors.distances(chosen, [known[path] for path in children]))
        if should_stop(found, number + 1):
            break
    return averaged(found)


def mixture_distances(
    network: Supernet,
    subspace: Subspace,
    decisions: Sequence[Decisions],
    batches: Batches,
    mixtures: Iterable[Mixture],
    before_pass: Callable[[], None],
    *,
    soft: bool = False,
    label_smoothing: float = 0.0,
    should_stop: ShouldStop = never_stop,
) -> Distances:
    """Return the same as `gradient_distances` where the others carry one mixture per batch.

    With ``soft``, an option that is alone keeps its weight of the mixture. No gradient flows to
    the mixtures. Each option of each decision is a pass of its own.
    """
    vectors = GradientVectors(network, label_smoothing)
    found: Found = {chosen: [] for chosen in decisions}
    for number, mixture in enumerate(mixtures):
        pixels, labels = batches[number]
        fixed = mixture.detached()
        for chosen in decisions:
            gradients = []
            for option in subspace.options(chosen):
                before_pass()
                child = fixed.alone(chosen, option, keep_weight=soft)
                gradients.append(vectors.of(child, pixels, labels))
            found[chosen].append(vectors.distances(chosen, gradients))
        if should_stop(found, number + 1):
            break
    return averaged(found)


def averaged(found: Found) -> Distances:
    """Return the mean distances over batches, added up in their order."""
    return {
        chosen: (sum(matrices[1:], start=matrices[0]) / len(matrices)).cpu().numpy()
        for chosen, matrices in found.items()
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


def _children(subspace: Subspace, base: Choices, chosen: Decisions) -> list[tuple[int, ...]]:
    """Return the path of each option of some decisions, the others as in a base path."""
    space = subspace.space
    options: tuple[JointOption, ...] = subspace.options(chosen)
    paths = np.tile(space.activated(base, chosen), (len(options), 1))
    paths[:, chosen] = options
    return [tuple(path) for path in space.path(paths).tolist()]


class GradientVectors:
    """Takes gradients of the weights that gradient matching compares, as one vector."""

    def __init__(self, network: Supernet, label_smoothing: float = 0.0) -> None:
        self._network = network
        self._label_smoothing = label_smoothing
        self._weights: list[Parameter] = []
        self._own: list[slice] = []  # where each decision's own weights are in the vector
        end = 0
        for decision in range(len(network.space)):
            weights = network.decision_weights(decision)
            start, end = end, end + sum(weight.numel() for weight in weights)
            self._own.append(slice(start, end))
            self._weights.extend(weights)
        self._weights.extend(network.common_weights())

    def of(self, path: Path | Mixture, pixels: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of the loss of a path or mixture on a batch, [size]."""
        logits = self._network(pixels, path)
        loss = F.cross_entropy(logits, labels, label_smoothing=self._label_smoothing)
        gradients = torch.autograd.grad(
            loss, self._weights, allow_unused=True, materialize_grads=True
        )
        return torch.cat([gradient.flatten() for gradient in gradients])

    def distances(self, chosen: Decisions, gradients: Sequence[Tensor]) -> Tensor:
        """Return the distances [n, n] of gradients, the decisions' own weights left out.

        The distance of a tensor to itself is 0 exactly, also where a dot product rounds otherwise.
        """
        rows = torch.stack(list(gradients)).double()
        for decision in chosen:
            rows[:, self._own[decision]] = 0
        distances = cosine_distances(rows)
        for one, other in combinations(range(len(gradients)), 2):
            if gradients[one] is gradients[other]:
                distances[one, other] = distances[other, one] = 0
        return distances
