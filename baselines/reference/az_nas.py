"""AZ-NAS: four traits of a network, each ranked, the ranks multiplied.

[AZ] Lee & Ham, *AZ-NAS: assembling zero-cost proxies for network architecture search*, CVPR 2024,
arXiv 2403.19232, sections 3.1 (the traits) and 3.2 (their ranks). The features of a network are the
outputs of its stem, its cells and its residual blocks. Expressivity is how evenly they fill their
channels, progressivity how much that grows from block to block, trainability how close the
blocks' Jacobians are to keeping a gradient's length, complexity the multiply-adds.
"""

from __future__ import annotations

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
from baselines.reference.network import Network
from baselines.reference.probes import ProbeOptions, network_scale, probe_batches
from baselines.reference.scorer import measure_space, trace_of
from benchmark.spaces.nb201.complexity import flops


def traits(
    network: Network, pixels: Tensor, generator: torch.Generator
) -> tuple[float, float, float]:
    """Return a network's expressivity, progressivity and trainability; each is better upward.

    Args:
        network: The network.
        pixels: Images [B, channels, H, W].
        generator: Draws the signs that are sent back through each block, on the CPU.

    Returns:
        The three traits; trainability is minus infinity where a block changes nothing.
    """
    features = network.features(pixels)
    entropies = np.array([spectral_entropy(feature.detach()) for feature in features])
    kept = [
        gradient_kept(before, after, generator) for before, after in itertools.pairwise(features)
    ]
    return float(entropies.sum()), float(np.diff(entropies).min()), float(np.mean(kept))


def spectral_entropy(feature: Tensor) -> float:
    """Return how evenly feature maps [B, C, H, W] vary over the directions of their channels.

    The entropy in nats of the normalised eigenvalues of the channels' covariance: log C where
    all directions are equally used, 0 where there is one.
    """
    rows = feature.movedim(1, -1).flatten(0, -2)  # [B·H·W, C]
    values = torch.linalg.eigvalsh(torch.cov(rows.T)).clamp(min=0)
    return float(torch.special.entr(values / values.sum()).sum())


def gradient_kept(before: Tensor, after: Tensor, generator: torch.Generator) -> float:
    """Return how well a block keeps the length of gradients, at best 0.

    Random signs are sent back from the block's output. The mean over places of the outer product
    of what arrives and what was sent estimates the block's Jacobian; with its largest singular
    value s the result is 2 - s - 1/s, minus infinity for a block that hands its input on.

    Args:
        before: Input [B, C, H, W] of the block.
        after: Its output, computed from ``before``.
        generator: Draws the signs, on the CPU.
    """
    draws = torch.randint(2, after.shape, generator=generator, dtype=after.dtype)
    sent = (2 * draws - 1).to(after.device)
    (arrived,) = torch.autograd.grad(after, before, sent)
    if torch.equal(arrived, sent):
        return -np.inf
    stride = before.shape[-1] // after.shape[-1]
    arrived = F.pixel_unshuffle(arrived, stride)  # four pixels of the input for one of the output
    rows_in, rows_out = (maps.movedim(1, -1).flatten(0, -2) for maps in (arrived, sent))
    jacobian = rows_in.T @ rows_out / len(rows_out)
    largest = float(torch.linalg.matrix_norm(jacobian, ord=2))
    return 2 - largest - 1 / largest if largest > 0 else -np.inf


def aggregate_ranks(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of the logarithms of relative ranks; equals share their mean rank.

    Args:
        columns: Traits [n, k], each better upward.

    Returns:
        Scores [n], at most 0; an architecture that is last in one trait falls far behind.

    Example:
        >>> aggregate_ranks(np.array([[1.0, 5.0], [3.0, 9.0]])).round(3).tolist()
        [-1.386, 0.0]
    """
    from scipy.stats import rankdata  # slow to import

    return np.asarray(np.log(rankdata(columns, axis=0) / len(columns)).sum(axis=1))


class AzNas(Method):
    """Scores an architecture by four traits of its untrained network [AZ]."""

    name: ClassVar[str] = "az-nas"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every architecture."""
        scale = network_scale(experiment, self.options)
        (batch,) = probe_batches(experiment, self.options)

        def measure(network: Network, generator: torch.Generator) -> Sequence[float]:
            return traits(network, batch.pixels, generator)

        measured = measure_space(experiment, scale, measure)
        complexity = flops(experiment.candidates, scale)
        scores = aggregate_ranks(np.column_stack([measured, complexity]))
        return Outcome(scores, trace_of(experiment, scale))
