"""NASWOT: how different the activation patterns of different images are.

[NASWOT] Mellor et al., *Neural architecture search without training*, ICML 2021, arXiv 2006.04647
(version 2 on), section 3: an image's binary code says which ReLU units are active; the kernel of
two images is the number of units where their codes agree; the score is the log-determinant of the
kernel matrix.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.proxy_inputs import BatchOptions
from baselines.reference.scorer import score_by_batch
from baselines.supernets.parts.child import ChildNetwork


def naswot(network: ChildNetwork, pixels: Tensor) -> float:
    """Return log |K| of the kernel K [B, B] of a network's binary codes.

    Minus infinity if two images have the same code.

    Every ReLU or ReLU6 layer counts, and of a ReLU6 only whether a unit is active, not whether it
    is at its bound. Each convolution of a cell has its own, so the units of a node with two
    convolutions after it count twice, as in the published program.
    """
    size = len(pixels)
    kernel = torch.zeros(size, size, dtype=torch.float64, device=pixels.device)

    def add_agreements(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        signs = 2.0 * (inputs[0] > 0).flatten(1) - 1  # [B, units], active +1, inactive -1
        kernel.add_((signs.shape[1] + signs @ signs.T) / 2)

    for layer in network.modules():
        if isinstance(layer, nn.ReLU | nn.ReLU6):
            layer.register_forward_pre_hook(add_agreements)
    with torch.no_grad():
        network(pixels)
    return float(torch.linalg.slogdet(kernel).logabsdet)


class Naswot(Method):
    """Scores a candidate by its activation patterns [NASWOT]."""

    name: ClassVar[str] = "naswot"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[BatchOptions]] = BatchOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        return score_by_batch(
            experiment, self.options, lambda network, batch: naswot(network, batch.pixels)
        )
