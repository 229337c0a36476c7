"""What a supernet is: one network that holds all architectures of a space.

A *path* takes one option of each decision: it is one architecture. A `Mixture` takes a weighted sum
of options for each.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.parts.mixture import Mixture, Path
from baselines.supernets.parts.normalisation import ByGroup, Normalise, by_batch
from benchmark.errors import InputError
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.tasks.sections import TrainingSettings


class Supernet(nn.Module, ABC):
    """The network of a space with every option of every decision, as a sub-supernet has it too."""

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space = space
        # precision of convolutions in training; None for that of the weights, which logits have
        self.autocast: torch.dtype | None = None

    def forward(
        self, images: Tensor, path: Path | Mixture, normalise: Normalise = by_batch
    ) -> Tensor:
        """Return the logits [B, classes] of a path or mixture for images [B, channels, H, W]."""
        lower = self.autocast is not None and torch.is_grad_enabled()
        with torch.autocast(images.device.type, self.autocast, enabled=lower):
            logits = self.logits(images, path, normalise)
        return logits.to(images.dtype)

    @abstractmethod
    def logits(self, images: Tensor, path: Path | Mixture, normalise: Normalise) -> Tensor:
        """Return what `forward` does, in whatever precision it is computed."""

    @abstractmethod
    def decision_weights(self, decision: int) -> list[nn.Parameter]:
        """Return the weights that the options of one decision have, in all places of the network.

        Gradient matching leaves them out where options of this decision are compared.
        """

    @abstractmethod
    def common_weights(self) -> list[nn.Parameter]:
        """Return the weights of no decision that gradient matching compares.

        Those before the first and after the last decision, the stem, the last BatchNorm and the
        classifier, do not count (GM-NAS, section 3).
        """

    def many_logits(
        self, codes: Codes, pixels: Tensor, normalise: ByGroup, parts: int, memory: int
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yield places in ``codes`` and logits [k, B, classes] of architectures, chunk by chunk.

        Codes are canonical and ascend; images are [B, channels, H, W]. By default one architecture
        is passed at a time. A faster way may pass many, in chunks that are ``parts`` times smaller
        than usual, with feature maps that take at most ``memory`` bytes, and gives the same logits
        up to rounding.
        """
        for place, path in enumerate(self.space.decode(codes).tolist()):
            yield slice(place, place + 1), self.logits(pixels, path, normalise)[None]

    def compile_parts(self) -> None:
        """Compile what training runs most.

        Raises:
            InputError: This space's supernet cannot.
        """
        raise InputError(
            f"[training] compile is true, but supernets of {self.space.name} cannot be compiled: "
            "let it be false"
        )

    def accelerate(self, settings: TrainingSettings) -> None:
        """Apply ``precision`` and ``compile`` of the settings, which change results slightly."""
        self.autocast = torch.bfloat16 if settings.precision == "bfloat16" else None
        if settings.compile:
            self.compile_parts()


class Family(ABC):
    """The networks of a space: its supernet, and each architecture on its own."""

    space: ClassVar[str]  # name

    @abstractmethod
    def supernet(self, scale: Scale, generator: torch.Generator) -> Supernet:
        """Return a supernet with freshly drawn weights, on the CPU."""

    @abstractmethod
    def child(
        self, code: int, scale: Scale, generator: torch.Generator, *, running: bool = False
    ) -> ChildNetwork:
        """Return one architecture with freshly drawn weights, on the CPU.

        With ``running``, BatchNorm keeps running statistics, for evaluation after training.
        """

    @abstractmethod
    def inherit(self, supernet: Supernet, child: ChildNetwork, path: Path) -> None:
        """Copy the weights that a path uses into the network of its architecture."""
