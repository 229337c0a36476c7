"""ZiCo: how little the gradients of a network vary between batches.

[ZiCo] Li et al., *ZiCo: zero-shot NAS via inverse coefficient of variation on gradients*, ICLR
2023, arXiv 2301.11300, section 3.4, equation 15: for each weight the mean over batches of the
gradient's absolute value divided by its standard deviation; these are summed within a layer, and
the logarithms of the sums over convolutions and the classifier.
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
from baselines.reference.scorer import score_candidates
from benchmark.images import Images


def zico(network: Network, batches: Sequence[Images]) -> float:
    """Return the summed log inverse coefficients of variation of a network's gradients.

    Weights whose gradient does not vary are left out, as in the authors' program. (That program
    divides by the deviation of the gradient itself, the equation by that of its absolute value.) A
    layer without gradients adds 0.
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
    """Scores a candidate by how little its gradients vary [ZiCo]."""

    name: ClassVar[str] = "zico"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchesOptions]] = BatchesOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = network_scale(experiment, self.options)
        batches = probe_batches(experiment, self.options, self.options.batches)
        return score_candidates(experiment, scale, lambda network, _: [zico(network, batches)])
