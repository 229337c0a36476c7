"""ZiCo: how steady the gradients of a network are from batch to batch.

[ZiCo] Li et al., *ZiCo: zero-shot NAS via inverse coefficient of variation on gradients*, ICLR
2023, arXiv 2301.11300, section 3.4, equation 15: for each weight the mean of the gradient's
absolute value over batches divided by its standard deviation, summed within a layer; the logarithms
of these sums are summed over layers, convolutions and the classifier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.gradients import loss_gradients
from baselines.reference.network import Network
from baselines.reference.probes import BatchesOptions, network_scale, probe_batches
from baselines.reference.scorer import score_space
from benchmark.images import Images


def zico(network: Network, batches: Sequence[Images]) -> float:
    """Return the summed log inverse coefficients of variation of a network's gradients.

    Weights whose gradient does not vary are left out, as in the authors' program. That program
    divides by the deviation of the gradient itself, the equation by that of its absolute value.

    Args:
        network: The network.
        batches: Two batches or more.

    Returns:
        The score; a layer without gradients adds nothing.
    """
    by_batch = [loss_gradients(network, batch) for batch in batches]
    score = 0.0
    for layer in zip(*by_batch, strict=True):
        sizes = torch.stack(layer).abs()  # [batches, *weight]
        mean, deviation = sizes.mean(0), sizes.std(0, correction=0)
        varies = deviation > 0
        total = float((mean[varies] / deviation[varies]).double().sum())
        score += math.log(total) if total > 0 else 0.0
    return score


class Zico(Method):
    """Scores an architecture by how steady its gradients are [ZiCo]."""

    name: ClassVar[str] = "zico"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchesOptions]] = BatchesOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every architecture."""
        scale = network_scale(experiment, self.options)
        batches = probe_batches(experiment, self.options, self.options.batches)
        return score_space(experiment, scale, lambda network, _: [zico(network, batches)])
