"""SynFlow: the synaptic flow of a network, which needs no images.

[SynFlow] Tanaka et al., *Pruning neural networks without any data by iteratively conserving
synaptic flow*, NeurIPS 2020, arXiv 2006.05467, section 6: with every weight replaced by its
absolute value and an input of ones, R is the sum of the outputs, and the saliency of a weight w is
w ∂R/∂w, here summed over all convolutions and the classifier [Abdelfattah et al., *Zero-cost
proxies for lightweight NAS*, ICLR 2021, arXiv 2101.08134, section 3.2]. As in the latter's program
BatchNorm is removed and the precision double. Without BatchNorm feature maps exceed the bound of
ReLU6, at which all flow would stop, so it becomes ReLU.
"""

import math
from typing import ClassVar

import torch
from torch import nn

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import NetworkOptions, network_scale
from baselines.reference.scorer import score_candidates
from baselines.supernets.child import ChildNetwork
from benchmark.spaces.base import Scale


def synflow(network: ChildNetwork, scale: Scale) -> float:
    """Return the logarithm of the sum of w ∂R/∂w; minus infinity if that is 0.

    The network is modified in place: without BatchNorm and bounds, weights positive.
    """
    _remove_norms_and_bounds(network)
    network.double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    shape = (1, scale.input_channels, scale.resolution, scale.resolution)
    weights = network.weights()
    ones = torch.ones(shape, dtype=torch.float64, device=weights[0].device)
    gradients = torch.autograd.grad(network(ones).sum(), weights, materialize_grads=True)
    pairs = zip(weights, gradients, strict=True)
    flow = float(sum((weight.detach() * gradient).sum() for weight, gradient in pairs))
    return math.log(flow) if flow > 0 else -math.inf


class SynFlow(Method):
    """Scores a candidate by its synaptic flow [SynFlow]."""

    name: ClassVar[str] = "synflow"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[NetworkOptions]] = NetworkOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = network_scale(experiment, self.options)
        return score_candidates(experiment, scale, lambda network, _: [synflow(network, scale)])


def _remove_norms_and_bounds(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, nn.Identity())
            elif isinstance(child, nn.ReLU6):
                setattr(parent, name, nn.ReLU())
