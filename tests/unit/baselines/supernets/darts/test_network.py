"""The supernet against a network written out plainly, and its weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from baselines.supernets.darts import network
from baselines.supernets.darts.network import GenotypeSupernet
from baselines.supernets.parts.mixture import Mixture
from baselines.supernets.parts.normalisation import ByGroup
from benchmark.spaces.darts.complexity import DartsScale
from tests.unit.baselines.supernets.darts.conftest import (
    SCALE,
    SPACE,
    drawn_paths,
    same_operation,
)
from tests.unit.benchmark.spaces.darts.naive import EDGES, OPERATIONS, genotype_of


def normalised(x: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, training=True)


class PlainSearch:
    """The published search network, by name of its weights; the mixture sums all edges."""

    def __init__(self, supernet: GenotypeSupernet) -> None:
        self.weights = dict(supernet.named_parameters())

    def logits(self, images: Tensor, edges: dict[int, dict[int, dict[str, Tensor]]]) -> Tensor:
        """Return logits where each kind and edge weights operations by name; absent are not used.

        ``edges`` is keyed by kind and then the edge's number; pooling is normalised.
        """
        w = self.weights
        stem = F.conv2d(images, w["stem"], padding=1)
        stem = F.batch_norm(
            stem, None, None, w["stem_norm.weight"], w["stem_norm.bias"], training=True
        )
        outputs = [stem, stem]
        for number in range(4):
            name = f"blocks.{number}"
            reduces, halved = number in (1, 2), number in (2, 3)
            before, last = (F.relu(maps) for maps in outputs[-2:])
            if halved:
                nodes = [self.halving(f"{name}.preprocess.0", before)]
            else:
                nodes = [normalised(F.conv2d(before, w[f"{name}.preprocess.0.weight"]))]
            nodes.append(normalised(F.conv2d(last, w[f"{name}.preprocess.1.weight"])))
            for node in (2, 3, 4, 5):
                total = torch.zeros(())
                for edge, (source, target) in enumerate(EDGES):
                    for operation, factor in edges[int(reduces)].get(edge, {}).items():
                        if target == node:
                            stride = 2 if reduces and source < 2 else 1
                            x = nodes[source]
                            found = self.operation(f"{name}.edges.{edge}", operation, x, stride)
                            total = total + factor * found
                nodes.append(total)
            outputs.append(torch.cat(nodes[2:], 1))
        return F.linear(outputs[-1].mean((2, 3)), w["classifier.weight"], w["classifier.bias"])

    def halving(self, name: str, activated: Tensor) -> Tensor:
        even = F.conv2d(activated, self.weights[f"{name}.even"], stride=2)
        odd = F.conv2d(activated[:, :, 1:, 1:], self.weights[f"{name}.odd"], stride=2)
        return normalised(torch.cat([even, odd], 1))

    def operation(self, edge: str, name: str, x: Tensor, stride: int) -> Tensor:
        kernel = int(name[-1]) if name[-1].isdigit() else 0
        if name == "max_pool_3x3":
            return self.after_pool(F.max_pool2d(x, 3, stride, 1))
        if name == "avg_pool_3x3":
            return self.after_pool(F.avg_pool2d(x, 3, stride, 1, count_include_pad=False))
        if name == "skip_connect":
            return x if stride == 1 else self.halving(f"{edge}.{name}", F.relu(x))
        if name.startswith("dil"):
            return self.spread(f"{edge}.{name}", x, kernel, stride, dilation=2)
        x = self.spread(f"{edge}.{name}.first", x, kernel, stride)
        return self.spread(f"{edge}.{name}.second", x, kernel, 1)

    def after_pool(self, x: Tensor) -> Tensor:
        return normalised(x)

    def spread(self, name: str, x: Tensor, kernel: int, stride: int, dilation: int = 1) -> Tensor:
        depthwise, pointwise = (self.weights[f"{name}.{one}"] for one in ("depthwise", "pointwise"))
        padding = dilation * (kernel - 1) // 2
        x = F.conv2d(F.relu(x), depthwise, None, stride, padding, dilation, len(depthwise))
        return normalised(F.conv2d(x, pointwise))


class PlainPath(PlainSearch):
    """The same without BatchNorm after pooling, as the evaluation network."""

    def after_pool(self, x: Tensor) -> Tensor:
        return x


PATHS = [*drawn_paths(6), *(same_operation(operation) for operation in range(7))]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_path(path: list[int], supernet: GenotypeSupernet, images: Tensor) -> None:
    edges: dict[int, dict[int, dict[str, Tensor]]] = {0: {}, 1: {}}
    for kind, cell in enumerate(genotype_of(SPACE.decode(SPACE.encode(path)))):
        for node, inputs in cell.items():
            for source, name in inputs.items():
                edges[kind][EDGES.index((source, node))] = {name: torch.ones(())}
    with torch.no_grad():
        found = supernet(images, path)
        torch.testing.assert_close(found, PlainPath(supernet).logits(images, edges))


def drawn_mixture(seed: int) -> Mixture:
    """Return weights for some operations of every edge."""
    generator = torch.Generator().manual_seed(seed)
    options: list[tuple[int, ...]] = []
    for _ in range(28):
        number = int(torch.randint(1, 8, (), generator=generator))
        options.append(tuple(sorted(torch.randperm(7, generator=generator)[:number].tolist())))
    weights = [torch.rand(len(one), generator=generator).double() for one in options]
    pairs = [(0, 1, 2)] * 6
    return Mixture((*options, *pairs), (*weights, *(torch.ones(3) for _ in pairs)))


@pytest.mark.parametrize("seed", range(4))
def test_a_mixture(seed: int, supernet: GenotypeSupernet, images: Tensor) -> None:
    mixture = drawn_mixture(seed)
    edges: dict[int, dict[int, dict[str, Tensor]]] = {0: {}, 1: {}}
    for decision in range(28):
        found = zip(mixture.options[decision], mixture.weights[decision], strict=True)
        edges[decision // 14][decision % 14] = {OPERATIONS[one]: weight for one, weight in found}
    with torch.no_grad():
        expected = PlainSearch(supernet).logits(images, edges)
        torch.testing.assert_close(supernet(images, mixture), expected)


def test_a_mixture_ignores_inputs_and_trains_its_weights(
    supernet: GenotypeSupernet, images: Tensor
) -> None:
    mixture = drawn_mixture(0)
    other = mixture.alone([28, 33], [1, 2])
    torch.testing.assert_close(supernet(images, mixture), supernet(images, other), rtol=0, atol=0)
    weights = tuple(weight.requires_grad_() for weight in mixture.weights)
    supernet(images, Mixture(mixture.options, weights)).square().sum().backward()
    assert all(weight.grad is not None for weight in weights[:28])
    assert all(weight.grad is None for weight in weights[28:])


@pytest.mark.parametrize("path", PATHS[:3], ids=range(3))
def test_only_active_and_common_weights_get_gradients(
    path: list[int], supernet: GenotypeSupernet, images: Tensor
) -> None:
    supernet.zero_grad()
    supernet(images, path).square().sum().backward()
    for decision, active in enumerate(SPACE.active(path).tolist()[:28]):
        own = supernet.decision_weights(decision)
        used = any(weight.grad is not None for weight in own)
        name, source = OPERATIONS[path[decision]], EDGES[decision % 14][0]
        reduces = decision >= 14 and source < 2
        assert used == (active and ("conv" in name or (name == "skip_connect" and reduces)))
    assert all(weight.grad is not None for weight in supernet.common_weights())


def test_every_weight_has_one_place(supernet: GenotypeSupernet) -> None:
    groups = [supernet.decision_weights(decision) for decision in range(34)]
    assert all(groups[:28])
    assert not any(groups[28:])
    edges = [id(weight) for group in groups for weight in group]
    common = [id(weight) for weight in supernet.common_weights()]
    around = {"stem", "stem_norm.weight", "stem_norm.bias", "classifier.weight", "classifier.bias"}
    others = [id(one) for name, one in supernet.named_parameters() if name in around]
    every = [id(weight) for weight in supernet.parameters()]
    assert sorted(edges + common + others) == sorted(every)


def test_the_size_of_the_published_search_network() -> None:
    """C = 16 and 8 cells: 1,930,618 weights, as the program of DARTS prints (1.930618 MB)."""
    scale = DartsScale(channels=16, cells=8)
    supernet = GenotypeSupernet(scale, torch.Generator().manual_seed(0))
    assert sum(weight.numel() for weight in supernet.parameters()) == 1_930_618


@pytest.mark.parametrize("counted", [6, 4])
@pytest.mark.parametrize("parts", [1, 4, 10_000])
def test_many_logits_are_those_of_paths(
    parts: int,
    counted: int,
    supernet: GenotypeSupernet,
    images: Tensor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network, "LEAST_CHUNK", 2)  # chunks of 10, 2 and 1
    codes = SPACE.encode(PATHS)
    codes.sort()
    normalise, seen = ByGroup(6, counted), list[int]()
    found = torch.empty(len(codes), 6, SCALE.classes).double()
    with torch.no_grad():
        for places, logits in supernet.many_logits(codes, images, normalise, parts, 3 << 20):
            found[places] = logits
            seen.extend(range(places.start, places.stop))
        for code, logits in zip(codes.tolist(), found, strict=True):
            path = SPACE.decode(code).tolist()
            torch.testing.assert_close(logits, supernet.logits(images, path, normalise))
    assert seen == list(range(len(codes)))


def test_weights_depend_on_the_generator_alone() -> None:
    torch.manual_seed(5)
    one, other = (GenotypeSupernet(SCALE, torch.Generator().manual_seed(7)) for _ in range(2))
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
