"""The gradient of the loss in a network's weights, from which several proxies start."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.reference.network import Network
from benchmark.images import Images


def loss_gradients(network: Network, images: Images) -> list[Tensor]:
    """Return the gradients of the mean cross-entropy of a batch.

    Args:
        network: The network.
        images: The batch.

    Returns:
        The gradient of each weight of `Network.weights`, zeros where the loss does not see it.
    """
    loss = F.cross_entropy(network(images.pixels), images.labels)
    return list(torch.autograd.grad(loss, network.weights(), materialize_grads=True))
