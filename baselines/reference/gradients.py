"""The gradient of the loss with respect to a network's weights, which several proxies use."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.reference.network import Network
from benchmark.images import Images


def loss_gradients(network: Network, images: Images) -> list[Tensor]:
    """Return the gradient of a batch's mean cross-entropy for each of `Network.weights`.

    It is zero for a weight that does not influence the loss.
    """
    loss = F.cross_entropy(network(images.pixels), images.labels)
    return list(torch.autograd.grad(loss, network.weights(), materialize_grads=True))
