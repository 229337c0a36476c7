"""Proxies made of the gradients of the loss on a batch: grad-norm, SNIP and ZiCo.

[GN] Abdelfattah et al., *Zero-cost proxies for lightweight NAS*, ICLR 2021, arXiv 2101.08134,
section 3.2: the Euclidean norm of the gradient of one batch's loss, summed over convolutions and
the classifier as in the published program.

[SNIP] Lee et al., *SNIP: single-shot network pruning based on connection sensitivity*, ICLR 2019,
arXiv 1810.02340, section 4.1: the sensitivity of a connection with weight w is |w ∂L/∂w|, here
summed over all convolutions and the classifier [GN, section 3.2].

[ZiCo] Li et al., *ZiCo: zero-shot NAS via inverse coefficient of variation on gradients*, ICLR
2023, arXiv 2301.11300, section 3.4, equation 15: for each weight the mean over batches of the
gradient's absolute value divided by its standard deviation; these are summed within a layer, and
the logarithms of the sums over convolutions and the classifier.
"""

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import (
    BatchOptions,
    MultiBatchOptions,
    proxy_batches,
    proxy_scale,
)
from baselines.reference.scorer import score_by_batch, score_candidates
from baselines.supernets.parts.child import ChildNetwork
from benchmark.images import Images


def loss_gradients(network: ChildNetwork, images: Images) -> list[Tensor]:
    """Return the gradient of a batch's mean cross-entropy for each of `ChildNetwork.weights`.

    It is zero for a weight that does not influence the loss.
    """
    loss = F.cross_entropy(network(images.pixels), images.labels)
    return list(torch.autograd.grad(loss, network.weights(), materialize_grads=True))


def grad_norm(network: ChildNetwork, images: Images) -> float:
    """Return the sum of the norms of the layers' gradients on a batch."""
    return float(sum(gradient.norm() for gradient in loss_gradients(network, images)))


class GradNorm(Method):
    """Scores a candidate by the norms of its gradients [GN]."""

    name: ClassVar[str] = "grad-norm"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchOptions]] = BatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        return score_by_batch(experiment, self.options, grad_norm)


def snip(network: ChildNetwork, images: Images) -> float:
    """Return the summed connection sensitivity of a network on a batch."""
    pairs = zip(network.weights(), loss_gradients(network, images), strict=True)
    return float(sum((weight.detach() * gradient).abs().sum() for weight, gradient in pairs))


class Snip(Method):
    """Scores a candidate by its connection sensitivity [SNIP]."""

    name: ClassVar[str] = "snip"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchOptions]] = BatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        return score_by_batch(experiment, self.options, snip)


def zico(network: ChildNetwork, batches: Sequence[Images]) -> float:
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
    Options: ClassVar[type[MultiBatchOptions]] = MultiBatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = proxy_scale(experiment, self.options)
        batches = proxy_batches(experiment, self.options, self.options.batches)
        return score_candidates(experiment, scale, lambda network, _: [zico(network, batches)])
