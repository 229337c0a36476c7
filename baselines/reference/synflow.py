"""SynFlow: the synaptic flow of a network, which needs no images.

[SynFlow] Tanaka et al., *Pruning neural networks without any data by iteratively conserving
synaptic flow*, NeurIPS 2020, arXiv 2006.05467, section 6: with every weight replaced by its
absolute value and an input of ones, R is the sum of the outputs, and the saliency of a weight w is
w ∂R/∂w, here summed over all convolutions and the classifier [Abdelfattah et al., *Zero-cost
proxies for lightweight NAS*, ICLR 2021, arXiv 2101.08134, section 3.2]. As in the latter's program
BatchNorm is removed and the precision double. Without BatchNorm feature maps grow beyond the bound
of ReLU6, at which all flow would stop, so it becomes ReLU; and beyond where a sigmoid is 1 in this
precision, so excitation passes channels as they are, and its weights carry nothing.
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import NetworkOptions, proxy_scale
from baselines.reference.scorer import score_candidates
from baselines.supernets.parts.child import ChildNetwork
from benchmark.spaces.base import Scale

# Input and R are divided by 2 to this power, exactly: with 20 cells of DARTS's the flow is up to
# 1e234, and deeper networks exceed all floats.
BITS = 400


def synflow(network: ChildNetwork, scale: Scale) -> float:
    """Return the logarithm of the sum of w ∂R/∂w; minus infinity if that is 0.

    The network is modified in place: without BatchNorm, bounds and gates, weights positive.
    """
    _replace_layers(network)
    network.double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    shape = (1, scale.input_channels, scale.resolution, scale.resolution)
    weights = network.weights()
    ones = torch.full(shape, 2.0**-BITS, dtype=torch.float64, device=weights[0].device)
    total = 2.0**-BITS * network(ones).sum()
    gradients = torch.autograd.grad(total, weights, materialize_grads=True)
    pairs = zip(weights, gradients, strict=True)
    flow = float(sum((weight.detach() * gradient).sum() for weight, gradient in pairs))
    if flow <= 0:
        return -math.inf
    try:
        return math.log(math.ldexp(flow, 2 * BITS))
    except OverflowError:
        return math.log(flow) + 2 * BITS * math.log(2)


class SynFlow(Method):
    """Scores a candidate by its synaptic flow [SynFlow]."""

    name: ClassVar[str] = "synflow"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[NetworkOptions]] = NetworkOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        scale = proxy_scale(experiment, self.options)
        return score_candidates(experiment, scale, lambda network, _: [synflow(network, scale)])


class Open(nn.Module):
    """A gate that is always open."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ones in the shape of an input."""
        return torch.ones_like(x)


def _replace_layers(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, name, nn.Identity())
            elif isinstance(child, nn.ReLU6):
                setattr(parent, name, nn.ReLU())
            elif isinstance(child, nn.Sigmoid):
                setattr(parent, name, Open())
