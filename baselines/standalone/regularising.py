"""What a training adds against overfitting: cutout, dropped paths and an auxiliary head.

As the evaluation of DARTS does [arXiv 1806.09055, section 3.2]. At a seed all architectures have
the same pixels cut out.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.supernets.parts.child import ChildNetwork
from benchmark.seeds import Streams
from benchmark.tasks.protocol import Regularisation, StandaloneSettings


class TrainingLoss:
    """The loss of each training step of one network, in order.

    A network gets an auxiliary head here if its loss counts. Without ``regularisation`` the loss
    is the plain cross-entropy, and nothing is drawn.
    """

    def __init__(
        self,
        network: ChildNetwork,
        settings: StandaloneSettings,
        regularisation: Regularisation | None,
        streams: Streams,
        steps: int,
    ) -> None:
        self._network = network
        self._settings = settings
        self._extra = regularisation
        self._steps = steps
        if regularisation is not None:
            self._cut = streams.torch("alone/cutout")
            self._dropped = streams.torch("alone/dropped paths")
            if regularisation.auxiliary_weight:
                network.add_auxiliary(streams.torch("alone/auxiliary weights"))

    def of(self, pixels: Tensor, labels: Tensor, step: int) -> Tensor:
        """Return the loss of a step, counted from 0, on pixels [B, channels, H, W]."""
        if self._extra is None:
            return self._entropy(self._network(pixels), labels)
        if self._extra.cutout:
            pixels = cut_out(pixels, self._extra.cutout, self._cut)
        drop = self.drop_path(step)
        logits, *auxiliary = self._network.training_logits(pixels, drop, self._dropped)
        loss = self._entropy(logits, labels)
        for other in auxiliary:
            loss = loss + self._extra.auxiliary_weight * self._entropy(other, labels)
        return loss

    def drop_path(self, step: int) -> float:
        """Return the probability that a path is dropped: it grows epoch by epoch from zero."""
        assert self._extra is not None
        epoch = step * self._settings.epochs // self._steps
        return self._extra.drop_path * epoch / self._settings.epochs

    def _entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels, label_smoothing=self._settings.label_smoothing)


def cut_out(pixels: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Set a square of each image [B, channels, H, W] to zero [Cutout, arXiv 1708.04552, sec. 3].

    Its centre is drawn uniformly from all pixels, on the CPU, so part of it may lie outside.
    """
    number, _, height, width = pixels.shape
    hidden = torch.ones(number, 1, 1, 1, dtype=torch.bool, device=pixels.device)
    for axis, size in ((2, height), (3, width)):
        centre = torch.randint(size, (number,), generator=generator).to(pixels.device)
        place = torch.arange(size, device=pixels.device)
        first = centre[:, None] - side // 2
        inside = (place >= first) & (place < first + side)
        hidden = hidden & inside.view(number, 1, *((size, 1) if axis == 2 else (1, size)))
    return pixels.masked_fill(hidden, 0.0)
