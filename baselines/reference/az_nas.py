"""AZ-NAS: candidates are ranked by four proxies, and the ranks multiplied.

[AZ] Lee & Ham, *AZ-NAS: assembling zero-cost proxies for network architecture search*, CVPR 2024,
arXiv 2403.19232, sections 3.1 (proxies) and 3.2 (ranks). Features are the outputs of the stem and
of the blocks, cells or layers in a row. Expressivity is the entropy of their principal components,
progressivity the smallest gain in it from one to the next, trainability how well each block
preserves the norm of gradients, complexity the multiply-adds.

A score depends on the other candidates, because it is made of ranks among them.
"""

import itertools
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from numpy.typing import NDArray
from torch import Tensor

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import BatchOptions, proxy_batches, proxy_scale
from baselines.reference.scorer import measure_candidates, trace_of
from baselines.supernets.parts.child import ChildNetwork


def traits(
    network: ChildNetwork, pixels: Tensor, generator: torch.Generator
) -> tuple[float, float, float]:
    """Return a network's expressivity, progressivity and trainability; higher is better."""
    features = network.features(pixels)
    entropies = np.array([spectral_entropy(feature.detach()) for feature in features])
    kept = [gradient_kept(*pair, generator) for pair in itertools.pairwise(features)]
    return float(entropies.sum()), float(np.diff(entropies).min()), float(np.mean(kept))


def spectral_entropy(feature: Tensor) -> float:
    """Return the entropy of the principal components of feature maps [B, C, H, W], in nats.

    That is the entropy of the normalised eigenvalues of the channels' covariance: log C if all
    components have the same variance, 0 if there is only one.
    """
    rows = feature.movedim(1, -1).flatten(0, -2)  # [B·H·W, C]
    values = torch.linalg.eigvalsh(torch.cov(rows.T)).clamp(min=0)
    return float(torch.special.entr(values / values.sum()).sum())


def gradient_kept(before: Tensor, after: Tensor, generator: torch.Generator) -> float:
    """Return how well a block preserves the norm of gradients, at best 0.

    Random signs are backpropagated from the block's output. The mean over positions of the outer
    product of the gradient at the input and these signs estimates the block's Jacobian; with its
    largest singular value s the result is 2 - s - 1/s, minus infinity for an identity block.
    """
    draws = torch.randint(2, after.shape, generator=generator, dtype=after.dtype)
    sent = (2 * draws - 1).to(after.device)
    (arrived,) = torch.autograd.grad(after, before, sent)
    if torch.equal(arrived, sent):
        return -np.inf
    stride = -(-before.shape[-1] // after.shape[-1])
    missing = stride * after.shape[-1] - before.shape[-1]  # where an odd resolution is halved
    arrived = F.pad(arrived, (0, missing, 0, missing))
    arrived = F.pixel_unshuffle(arrived, stride)  # input pixels of one output pixel as channels
    rows_in, rows_out = (maps.movedim(1, -1).flatten(0, -2) for maps in (arrived, sent))
    jacobian = rows_in.T @ rows_out / len(rows_out)
    largest = float(torch.linalg.matrix_norm(jacobian, ord=2))
    return 2 - largest - 1 / largest if largest > 0 else -np.inf


def aggregate_ranks(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores [n] of proxies [n, k], sums of the logarithms of relative ranks.

    Ties get their mean rank.
    """
    from scipy.stats import rankdata  # slow to import

    return np.asarray(np.log(rankdata(columns, axis=0) / len(columns)).sum(axis=1))


class AzNas(Method):
    """Scores a candidate by its ranks in four proxies [AZ]."""

    name: ClassVar[str] = "az-nas"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchOptions]] = BatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = proxy_scale(experiment, self.options)
        (batch,) = proxy_batches(experiment, self.options)

        def measure(network: ChildNetwork, generator: torch.Generator) -> Sequence[float]:
            return traits(network, batch.pixels, generator)

        measured = measure_candidates(experiment, scale, measure)
        complexity = experiment.space.multiply_adds(experiment.candidates, scale)
        scores = aggregate_ranks(np.column_stack([measured, complexity]))
        return Outcome(scores, trace_of(experiment, scale))
