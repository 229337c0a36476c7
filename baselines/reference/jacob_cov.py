"""Jacobian covariance: how little the network's response to one image resembles that to another.

[JC] Mellor et al., *Neural architecture search without training*, arXiv 2006.04647 version 1,
section 3; as a zero-cost proxy in Abdelfattah et al., ICLR 2021, arXiv 2101.08134, section 3.2. The
Jacobian's row of an image is the gradient of the summed logits in its pixels; with the eigenvalues
v of the rows' correlations, the score is minus the sum of log(v + k) + 1 / (v + k), k = 1e-5. With
as many images as pixels an eigenvalue is zero whatever the network, and drowns all others.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.network import Network
from baselines.reference.probes import ProbeOptions, network_scale, probe_batches
from baselines.reference.scorer import score_space
from benchmark.errors import InputError

SMALL = 1e-5


def jacobian_covariance(network: Network, pixels: Tensor) -> float:
    """Return the score of a network's Jacobian.

    Args:
        network: The network.
        pixels: Images [B, channels, H, W].

    Returns:
        The score, at most -B; NaN where an image has no gradient at all.
    """
    inputs = pixels.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(inputs).sum(), inputs)
    correlations = torch.corrcoef(gradient.flatten(1).double())
    if not correlations.isfinite().all():
        return math.nan
    values = torch.linalg.eigvalsh(correlations).clamp(min=0) + SMALL
    return -float((values.log() + 1 / values).sum())


class JacobianCovariance(Method):
    """Scores an architecture by the correlations of its Jacobian [JC]."""

    name: ClassVar[str] = "jacob-cov"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every architecture."""
        scale = network_scale(experiment, self.options)
        (batch,) = probe_batches(experiment, self.options)
        numbers = batch.pixels[0].numel()
        if len(batch) >= numbers:
            raise InputError(
                f"[methods.{self.name}] batch_size is {len(batch)}: it must be below the "
                f"{numbers} numbers of an image, or the correlations are singular"
            )
        return score_space(
            experiment, scale, lambda network, _: [jacobian_covariance(network, batch.pixels)]
        )
