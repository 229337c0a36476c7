"""Jacobian covariance: how uncorrelated the input gradients of different images are.

[JC] Mellor et al., *Neural architecture search without training*, arXiv 2006.04647 version 1,
section 3; as a zero-cost proxy in Abdelfattah et al., ICLR 2021, arXiv 2101.08134, section 3.2. The
row of an image in the Jacobian is the gradient of the summed logits with respect to its pixels;
with the eigenvalues v of the rows' correlations, the score is minus the sum of log(v + k) + 1 / (v
+ k), k = 1e-5. With as many images as pixels one eigenvalue is always zero and dominates.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import BatchOptions, network_scale, proxy_batches
from baselines.reference.scorer import score_candidates
from baselines.supernets.child import ChildNetwork
from benchmark.errors import InputError

SMALL = 1e-5


def jacobian_covariance(network: ChildNetwork, pixels: Tensor) -> float:
    """Return the score for images [B, channels, H, W]: at most -B, NaN if a gradient is zero."""
    inputs = pixels.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(inputs).sum(), inputs)
    correlations = torch.corrcoef(gradient.flatten(1).double())
    if not correlations.isfinite().all():
        return math.nan
    values = torch.linalg.eigvalsh(correlations).clamp(min=0) + SMALL
    return -float((values.log() + 1 / values).sum())


class JacobianCovariance(Method):
    """Scores a candidate by the correlations of its Jacobian [JC]."""

    name: ClassVar[str] = "jacob-cov"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchOptions]] = BatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = network_scale(experiment, self.options)
        (batch,) = proxy_batches(experiment, self.options)
        numbers = batch.pixels[0].numel()
        if len(batch) >= numbers:
            raise InputError(
                f"[methods.{self.name}] batch_size is {len(batch)}: it must be less than "
                f"{numbers}, the pixels of an image, or the correlations are singular"
            )
        return score_candidates(
            experiment, scale, lambda network, _: [jacobian_covariance(network, batch.pixels)]
        )
