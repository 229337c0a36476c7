from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.supernets.darts.child import GenotypeCell, GenotypeNetwork
from baselines.supernets.darts.network import GenotypeSupernet
from baselines.supernets.parts.child import Convolution
from baselines.supernets.registry import family_of
from benchmark.errors import InputError
from benchmark.spaces.darts.complexity import DartsScale
from tests.unit.baselines.supernets.darts.conftest import (
    SCALE,
    SPACE,
    drawn_paths,
    same_operation,
)

FAMILY = family_of(SPACE)
PATHS = [*drawn_paths(8), *(same_operation(operation) for operation in range(7))]


def child_of(path: list[int], scale: DartsScale = SCALE, **settings: bool) -> GenotypeNetwork:
    code = int(SPACE.encode(path))
    network = FAMILY.child(code, scale, torch.Generator().manual_seed(4), **settings)
    assert isinstance(network, GenotypeNetwork)
    return network


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_path_through_the_supernet_is_the_network_alone(
    path: list[int], supernet: GenotypeSupernet, images: Tensor
) -> None:
    child = child_of(path).double()
    with torch.no_grad():
        before = child(images)
        FAMILY.inherit(supernet, child, path)
        found = child(images)
        torch.testing.assert_close(found, supernet(images, path), rtol=1e-8, atol=1e-8)
    assert (found - before).abs().max() > 1e-3


def counted_multiply_adds(network: nn.Module, images: Tensor) -> int:
    """Count in a pass what convolutions and linear layers multiply for one image."""
    total = 0

    def count(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += output[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += layer.weight.numel()

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    network(images)
    for hook in hooks:
        hook.remove()
    return total


SCALES = [
    SCALE,
    DartsScale(channels=6, cells=3, resolution=12, classes=7, input_channels=1),
    DartsScale(channels=2, cells=7, resolution=16, classes=3),
]


@pytest.mark.parametrize("scale", SCALES, ids=["4 cells", "3 cells", "7 cells"])
@pytest.mark.parametrize("path", [PATHS[0], *PATHS[8:]], ids=["drawn", *map(str, range(7))])
def test_sizes_are_those_of_the_network(path: list[int], scale: DartsScale) -> None:
    code, network = SPACE.encode(path), child_of(path, scale)
    size = sum(weight.numel() for weight in network.parameters())
    assert int(SPACE.parameters(code, scale)) == size
    images = torch.zeros(2, scale.input_channels, scale.resolution, scale.resolution)
    assert int(SPACE.multiply_adds(code, scale)) == counted_multiply_adds(network, images)


def test_the_size_of_the_evaluation_network() -> None:
    """DARTS_V2 at C = 36, 20 cells: 3.3 M parameters with the head [DARTS, table 1]."""
    text = (
        "(((0, 3), (1, 3), (0, 3), (1, 3), (1, 3), (0, 2), (0, 2), (2, 5)), "
        "((0, 0), (1, 0), (2, 2), (1, 0), (0, 0), (2, 2), (2, 2), (1, 0)))"
    )
    code, scale = SPACE.parse(text), SPACE.table_scale
    network = FAMILY.child(code, scale, torch.Generator())
    size = sum(weight.numel() for weight in network.parameters())
    assert size == int(SPACE.parameters(code, scale)) == 3_349_342


def test_features_are_of_the_stem_and_every_cell(images: Tensor) -> None:
    maps = child_of(PATHS[0]).double().features(images)
    shapes = [tuple(one.shape[1:]) for one in maps]
    assert shapes == [(12, 8, 8), (16, 8, 8), (32, 4, 4), (64, 2, 2), (64, 2, 2)]


def test_batch_norm_keeps_statistics_if_asked_for(images: Tensor) -> None:
    for running in (False, True):
        child = child_of(PATHS[0], running=running).double()
        norms = [layer for layer in child.modules() if isinstance(layer, nn.BatchNorm2d)]
        assert {layer.track_running_stats for layer in norms} == {running}
        child(images)
        child.eval()
        alone = child(images[:1])
        assert torch.allclose(alone, child(images)[:1]) == running


WIDE = DartsScale(channels=2, cells=3, resolution=32)


def test_an_auxiliary_head_classifies_at_two_thirds() -> None:
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    plain, network = child_of(PATHS[1], WIDE), child_of(PATHS[1], WIDE)
    network.add_auxiliary(torch.Generator().manual_seed(1))
    head = network.auxiliary
    assert head is not None
    inputs = 4 * 8
    layers = [inputs * 128, 2 * 128, 128 * 768 * 4, 2 * 768, 769 * 10]
    assert sum(weight.numel() for weight in head.parameters()) == sum(layers)
    generator = torch.Generator().manual_seed(2)
    main, auxiliary = network.training_logits(images, 0.0, generator)
    torch.testing.assert_close(main, plain(images))
    (alone,) = plain.training_logits(images, 0.0, generator)
    torch.testing.assert_close(main, alone)
    torch.testing.assert_close(auxiliary, head(network.features(images)[3]))
    auxiliary.square().sum().backward()
    assert network.classifier.weight.grad is None
    assert next(network.stem.parameters()).grad is not None
    torch.testing.assert_close(network(images), plain(images))


def test_an_auxiliary_head_needs_large_maps() -> None:
    with pytest.raises(InputError, match="reads maps of 2×2 pixels, but needs 8 or more"):
        child_of(PATHS[0]).add_auxiliary(torch.Generator())


def test_dropped_paths(images: Tensor) -> None:
    """Without drops the logits stay; edges are dropped for some images, the rest scaled."""
    network = child_of(PATHS[2]).double()
    generator = torch.Generator().manual_seed(0)
    (plain,) = network.training_logits(images, 0.0, generator)
    torch.testing.assert_close(plain, network(images))
    (dropped,) = network.training_logits(images, 0.3, generator)
    assert not torch.allclose(dropped, plain)
    again = torch.Generator().manual_seed(0)
    torch.testing.assert_close(network.training_logits(images, 0.3, again)[0], dropped)


def first_cell(operation: int) -> GenotypeCell:
    cell = child_of(same_operation(operation)).blocks[0]
    assert isinstance(cell, GenotypeCell)
    return cell


def test_what_drops_are_made_of() -> None:
    """Each edge but identities gives 0 for a share of the images, and else 1 / (1 − share)."""
    cell = first_cell(2)  # all skip connections, which are identities
    maps = torch.randn(50, 12, 8, 8)
    torch.testing.assert_close(cell(maps, maps, torch.zeros(8, 50)), cell(maps, maps))
    pools = first_cell(1)
    factors = (torch.rand(8, 50, generator=torch.Generator().manual_seed(0)) >= 0.25) / 0.75
    first, second = (pools.preprocess[place](maps) for place in (0, 1))
    expected = pools.edges[0](first) * factors[0, :, None, None, None].float()
    expected = expected + pools.edges[1](second) * factors[1, :, None, None, None].float()
    found = pools(maps, maps, factors)[:, :4]
    torch.testing.assert_close(found, expected)


def test_all_convolutions_are_drawn() -> None:
    network = child_of(PATHS[3])
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    assert all(isinstance(layer, Convolution) for layer in layers)
    again = child_of(PATHS[3])
    for one, other in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.isfinite().all()
