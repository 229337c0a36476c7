"""The evaluation network of one genotype [DARTS, arXiv 1806.09055, section 3.2]."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.supernets.darts.auxiliary import AuxiliaryHead
from baselines.supernets.darts.layers import Halving, operation_layers, point_conv
from baselines.supernets.parts.child import ChildNetwork, Classifier, Convolution, norm
from benchmark.spaces.darts.codes import CELL_KEPT, INPUTS, KEPT, OPERATIONS, to_cells
from benchmark.spaces.darts.complexity import STEM, CellPlace, DartsScale
from benchmark.spaces.registry import open_space


class GenotypeCell(nn.Module):
    """A cell that keeps two edges of each of its four nodes.

    ``sources`` and ``operations`` are those of the kept edges [8], two for each node.
    """

    def __init__(
        self, sources: list[int], operations: list[int], place: CellPlace, running: bool
    ) -> None:
        super().__init__()
        before = Halving if place.halved else point_conv
        self.preprocess = nn.ModuleList(
            [
                before(place.before, place.channels, running),
                point_conv(place.last, place.channels, running),
            ]
        )
        self.sources = sources
        self.edges = nn.ModuleList(
            operation_layers(OPERATIONS[operation], place.channels, place.stride(source), running)
            for source, operation in zip(sources, operations, strict=True)
        )

    def forward(self, before: Tensor, last: Tensor, factors: Tensor | None = None) -> Tensor:
        """Pass the outputs of the two cells before, [B, …, H, W] each.

        ``factors`` [8, B] multiply what each edge but an identity gives for each image.
        """
        nodes = [layer(maps) for layer, maps in zip(self.preprocess, (before, last), strict=True)]
        for first in range(0, CELL_KEPT, KEPT):
            terms = [self._term(place, nodes, factors) for place in range(first, first + KEPT)]
            nodes.append(terms[0] + terms[1])
        return torch.cat(nodes[INPUTS:], 1)

    def _term(self, place: int, nodes: list[Tensor], factors: Tensor | None) -> Tensor:
        layers = self.edges[place]
        maps: Tensor = layers(nodes[self.sources[place]])
        if factors is None or isinstance(layers, nn.Identity):
            return maps
        return maps * factors[place, :, None, None, None].to(maps.dtype)


class GenotypeNetwork(ChildNetwork):
    """One genotype of DARTS's space; after `add_auxiliary` it has a second classifier."""

    ends_normalised: ClassVar[bool] = True

    def __init__(
        self, code: int, scale: DartsScale, generator: torch.Generator, *, running: bool = False
    ) -> None:
        super().__init__()
        sources, operations = to_cells(open_space("darts").checked(code))
        stem = STEM * scale.channels
        self.stem = nn.Sequential(
            Convolution(scale.input_channels, stem, 3, padding=1, bias=False), norm(stem, running)
        )
        self.blocks = nn.ModuleList(
            GenotypeCell(
                sources[place.kind].ravel().tolist(),
                operations[place.kind].ravel().tolist(),
                place,
                running,
            )
            for place in scale.places()
        )
        self.classifier = Classifier(scale.outputs, scale.classes)
        self.auxiliary: AuxiliaryHead | None = None
        self._scale, self._running = scale, running
        self.draw_weights(generator)

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the outputs of the stem and of every cell, in order."""
        return self._features(images, None)

    def finish(self, maps: Tensor) -> Tensor:
        """Return the logits [B, classes] of the last feature maps."""
        logits: Tensor = self.classifier(maps.mean((2, 3)))
        return logits

    def add_auxiliary(self, generator: torch.Generator) -> None:
        """Add an auxiliary head with freshly drawn weights, on the CPU."""
        scale = self._scale
        self.auxiliary = AuxiliaryHead(
            scale.outputs, scale.classes, scale.resolution // 4, generator, running=self._running
        )

    def training_logits(
        self, images: Tensor, drop_path: float, generator: torch.Generator
    ) -> tuple[Tensor, ...]:
        """Return the logits, and those of the auxiliary head, while edges are dropped.

        For each image an edge that is no identity is dropped with probability ``drop_path``; the
        others are scaled so that the mean stays [FractalNet, arXiv 1605.07648, section 3.1, as
        DARTS uses it].
        """
        factors = None
        if drop_path:
            shape = (len(self.blocks), CELL_KEPT, len(images))
            kept = torch.rand(shape, generator=generator) >= drop_path
            factors = (kept / (1 - drop_path)).to(images.device)
        maps = self._features(images, factors)
        if self.auxiliary is None:
            return (self.finish(maps[-1]),)
        # the second reduction cell; maps begin with the stem's
        return self.finish(maps[-1]), self.auxiliary(maps[self._scale.reductions[1] + 1])

    def _features(self, images: Tensor, factors: Tensor | None) -> list[Tensor]:
        maps: list[Tensor] = [self.stem(images)]
        for number, cell in enumerate(self.blocks):
            own = None if factors is None else factors[number]
            maps.append(cell(maps[max(number - 1, 0)], maps[number], own))
        return maps
