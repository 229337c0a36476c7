"""NASWOT: how differently the rectifiers of a network switch on different images.

[NASWOT] Mellor et al., *Neural architecture search without training*, ICML 2021, arXiv 2006.04647
(version 2 on), section 3: an image's binary code says which rectified units are on; the kernel of
two images is the number of units on which their codes agree; the score is the logarithm of its
determinant.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.network import Network
from baselines.reference.probes import ProbeOptions
from baselines.reference.scorer import score_by_batch


def naswot(network: Network, pixels: Tensor) -> float:
    """Return the log-determinant of the kernel of a network's binary codes.

    Every rectifier counts, one in front of each convolution of a cell among them, so that units of
    a node with two convolutions after it count twice, as in the published program.

    Args:
        network: The network.
        pixels: Images [B, channels, H, W].

    Returns:
        log |K| of K [B, B], minus infinity where two images have the same code.
    """
    size = len(pixels)
    kernel = torch.zeros(size, size, dtype=torch.float64, device=pixels.device)

    def add_agreements(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        signs = 2.0 * (inputs[0] > 0).flatten(1) - 1  # [B, units], on +1, off -1
        kernel.add_((signs.shape[1] + signs @ signs.T) / 2)

    for layer in network.modules():
        if isinstance(layer, nn.ReLU):
            layer.register_forward_pre_hook(add_agreements)
    with torch.no_grad():
        network(pixels)
    return float(torch.linalg.slogdet(kernel).logabsdet)


class Naswot(Method):
    """Scores an architecture by the codes of its rectifiers [NASWOT]."""

    name: ClassVar[str] = "naswot"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every architecture."""
        return score_by_batch(
            experiment, self.options, lambda network, batch: naswot(network, batch.pixels)
        )
