"""One layer of a chain in a supernet: the layers to choose from."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from baselines.supernets.parts.normalisation import Normalise


class ChoiceLayer(nn.Module):
    """What one decision chooses from: layers from the same inputs to the same outputs.

    An option of None has no layer. A *residual* adds the input to whatever is chosen, so there None
    passes the input on.
    """

    def __init__(
        self, options: Sequence[nn.Module | None], *, outputs: int, stride: int, residual: bool
    ) -> None:
        super().__init__()
        if not residual and None in options:
            raise ValueError("an option without a layer needs a residual, which passes its input")
        self.options = nn.ModuleDict(
            {str(place): option for place, option in enumerate(options) if option is not None}
        )
        self.outputs = outputs  # channels
        self.stride = stride
        self.residual = residual

    def option(self, chosen: int) -> nn.Module | None:
        """Return the layer of an option, None for one that has none."""
        name = str(chosen)
        if name not in self.options:
            return None
        return self.options[name]

    def forward(self, x: Tensor, chosen: int, normalise: Normalise) -> Tensor:
        """Pass feature maps [B, C, H, W] through one option."""
        layer = self.option(chosen)
        if layer is None:
            return x
        maps: Tensor = layer(x, normalise)
        return x + maps if self.residual else maps

    def mixed(
        self, x: Tensor, options: Sequence[int], weights: Tensor, normalise: Normalise
    ) -> Tensor:
        """Return the weighted sum of options; a residual is added once, without a weight."""
        total = x if self.residual else None
        for chosen, weight in zip(options, weights.unbind(), strict=True):
            layer = self.option(chosen)
            if layer is not None:
                maps = layer(x, normalise)
                total = weight * maps if total is None else torch.addcmul(total, weight, maps)
        assert total is not None  # without a residual every option has a layer
        return total
