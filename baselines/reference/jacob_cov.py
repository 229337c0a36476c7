"""Jacobian covariance: how uncorrelated the input gradients of different images are.

[JC] Mellor et al., *Neural architecture search without training*, arXiv 2006.04647 version 1,
section 3; as a zero-cost proxy in Abdelfattah et al., ICLR 2021, arXiv 2101.08134, section 3.2. The
row of an image in the Jacobian is the gradient of the summed logits with respect to its pixels;
with the eigenvalues v of the rows' correlations, the score is minus the sum of log(v + k) + 1 / (v
+ k), k = 1e-5. With as many images as pixels one eigenvalue is always zero and dominates.

As in the published programs one backward pass gives the rows of all images, so what an image does
to the others through BatchNorm is in its row. Where BatchNorm comes last, the logits of a batch
always have the same sum, and these rows would be nothing but rounding errors: there BatchNorm's
statistics are held fixed, and a row is the gradient of the image's own logits.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import BatchOptions, proxy_batches, proxy_scale
from baselines.reference.scorer import score_candidates
from baselines.supernets.parts.child import ChildNetwork
from benchmark.errors import InputError

SMALL = 1e-5


def jacobian_covariance(network: ChildNetwork, pixels: Tensor) -> float:
    """Return the score for images [B, channels, H, W]: at most -B, NaN if a gradient is zero."""
    if network.ends_normalised:
        _hold_statistics(network)
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
        scale = proxy_scale(experiment, self.options)
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


def _hold_statistics(network: ChildNetwork) -> None:
    """Make BatchNorm take the statistics of the batch that comes as constants."""

    def hold(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        with torch.no_grad():
            variance, mean = torch.var_mean(inputs[0], (0, 2, 3), correction=0)
        layer.running_mean, layer.running_var = mean, variance

    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.register_forward_pre_hook(hold)
