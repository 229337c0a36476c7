"""DARTS, second order: the gradient for α takes a step of the weights into account.

[DARTS] Liu et al. 2019, arXiv 1806.09055, eq. 7 and 8. With w' = w after one step of SGD with
learning rate ξ, the gradient for α is that of the validation loss at w' minus ξ times a
Hessian-vector product, computed as the difference of two gradients for α at w ± ε·v, where v is
the gradient of the validation loss for w'.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor, nn

from baselines.supernets.parts.mixture import Mixture
from baselines.training.architecture import Architecture
from baselines.training.darts import Darts
from baselines.training.differentiable import Batch, gradients
from baselines.training.weights import WeightTraining

STEP = 0.01  # of the finite difference: ε = STEP / ‖v‖, as in the paper


class SecondOrderDarts(Darts):
    """Differentiates through one step of SGD, by a finite difference.

    A step passes five batches: a training batch for the step ahead, a validation batch at w', two
    training batches for the Hessian-vector product, and one for the weights.
    """

    name: ClassVar[str] = "darts-2nd"
    description: ClassVar[str] = "as darts, but α looks one step of the weights ahead"
    passes: ClassVar[int] = 5

    def architecture_gradient(
        self,
        weights: WeightTraining,
        architecture: Architecture,
        mixture: Callable[[], Mixture],
        batch: Batch,
    ) -> list[Tensor]:
        """Return the gradient of the validation loss after a step of SGD, for each decision's α."""
        network = weights.network
        train = weights.batch()

        def loss(images: Batch) -> Tensor:
            return F.cross_entropy(network(images[0], mixture()), images[1])

        def train_loss() -> Tensor:
            smoothing = self.experiment.training.label_smoothing
            return F.cross_entropy(
                network(train[0], mixture()), train[1], label_smoothing=smoothing
            )

        return unrolled_gradient(
            train_loss,
            lambda: loss(batch),
            list(network.parameters()),
            list(architecture.parameters()),
            weights.rate,
            lambda pulls: _with_momentum(pulls, weights.optimiser),
        )


def unrolled_gradient(
    train_loss: Callable[[], Tensor],
    valid_loss: Callable[[], Tensor],
    weights: Sequence[Tensor],
    parameters: Sequence[Tensor],
    rate: float,
    pull: Callable[[Sequence[Tensor]], Sequence[Tensor]] = lambda gradients: gradients,
) -> list[Tensor]:
    """Return d/dα of L_valid(w − ξ·pull(∇L_train(w, α)), α) by a finite difference ([DARTS] eq. 8).

    α are the parameters, ξ the rate; weights are changed and restored to the same bits. ``pull``
    turns gradients into the step's direction; what it adds must not depend on α.

    Example:
        >>> w, a = torch.ones((), requires_grad=True), torch.tensor(2.0, requires_grad=True)
        >>> def train() -> Tensor:
        ...     return 0.5 * (w - a) ** 2
        >>> def valid() -> Tensor:
        ...     return 0.5 * w**2
        >>> (found,) = unrolled_gradient(train, valid, [w], [a], rate=0.5)
        >>> round(found.item(), 4)  # w' = 0.5·(w + a) = 1.5, its gradient for a is 0.5
        0.75
    """
    before = [weight.detach().clone() for weight in weights]
    direct: list[Tensor]
    ahead = pull(gradients(train_loss(), weights))
    _set(weights, before, ahead, -rate)
    both = gradients(valid_loss(), [*parameters, *weights])
    direct, direction = both[: len(parameters)], both[len(parameters) :]
    norm = torch.stack([part.square().sum() for part in direction]).sum().sqrt()
    step = STEP / norm.clamp_min(torch.finfo(norm.dtype).tiny)
    _set(weights, before, direction, step)
    above = gradients(train_loss(), parameters)
    _set(weights, before, direction, -step)
    below = gradients(train_loss(), parameters)
    _set(weights, before, direction, 0)
    return [
        one - rate * (up - down) / (2 * step)
        for one, up, down in zip(direct, above, below, strict=True)
    ]


@torch.no_grad()
def _set(
    weights: Sequence[Tensor],
    before: Sequence[Tensor],
    direction: Sequence[Tensor],
    step: Tensor | float,
) -> None:
    """Set weights to ``before + step * direction``, to the same bits where the step is 0."""
    for weight, start, part in zip(weights, before, direction, strict=True):
        weight.copy_(start if isinstance(step, int) and step == 0 else start + step * part)


def _with_momentum(pulls: Sequence[Tensor], optimiser: torch.optim.Optimizer) -> list[Tensor]:
    """Add weight decay and the current momentum, as in the authors' program."""
    (group,) = optimiser.param_groups
    weights: list[nn.Parameter] = group["params"]
    moved = []
    for pull, weight in zip(pulls, weights, strict=True):
        total = pull + group["weight_decay"] * weight.detach()
        buffer = optimiser.state[weight].get("momentum_buffer") if optimiser.state else None
        moved.append(total if buffer is None else total + group["momentum"] * buffer)
    return moved
