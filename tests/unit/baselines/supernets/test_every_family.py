"""What the networks of every space must keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from baselines.supernets.base import Family, Supernet
from baselines.supernets.parts.mixture import Mixture
from baselines.supernets.parts.normalisation import ByGroup, by_batch
from baselines.supernets.registry import FAMILIES, family_of
from benchmark.errors import InputError
from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.spaces.darts.complexity import DartsScale
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.mobilenet.layers import MobileNetScale
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import SPACES, open_space
from benchmark.spaces.size.space import SizeScale

SCALES: Mapping[str, Scale] = {
    "nb201": NetworkScale(channels=4, cells=1, resolution=8),
    "macro": MacroScale(stem=3, widths=(4, 5, 6), head=7, resolution=9),
    "mobilenet": MobileNetScale(resolution=16, width_percent=10, width_multiple=4),
    "accel": AccelScale(stem=3, widths=(3, 4, 5, 6, 7, 8, 9), head=10, resolution=16),
    "darts": DartsScale(channels=4, cells=4, resolution=8),
    "size": SizeScale(resolution=8, widths=(1, 2, 3, 4, 5, 6, 7, 8)),
}
NO_SUPERNET = {"accel"}
WITH_SUPERNET = [name for name in FAMILIES if name not in NO_SUPERNET]
BIAS_COUNTS = {"nb201"}  # the classifier's, in multiply-adds
ALL_EDGES = {"darts"}  # its mixtures have all edges, and no weights for which of them a node keeps

# Weights that no path uses: the size space's stem is as wide as its first layer, but in a mixture
# it is the widest.
MIXED_ONLY = {"size": ("layers.0.skip.",)}


def codes_of(space: Space, count: int = 5) -> Codes:
    """Return canonical codes of architectures that work, ascending."""
    codes = np.unique(space.canonical(space.sample(8 * count)))
    codes = codes[space.works(codes)]
    return np.sort(np.random.default_rng(0).choice(codes, count, replace=False))


def images_of(scale: Scale, count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    shape = (count, scale.input_channels, scale.resolution, scale.resolution)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def opened(name: str) -> tuple[Space, Family, Scale]:
    space = open_space(name)
    return space, family_of(space), SCALES[name]


def trained(name: str) -> Supernet:
    """Return a supernet in double precision whose BatchNorms scale and shift."""
    _, family, scale = opened(name)
    generator = torch.Generator().manual_seed(0)
    network = family.supernet(scale, generator).double()
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return network


def test_every_space_has_networks() -> None:
    assert set(FAMILIES) == set(SPACES) == set(SCALES)


def passes(network: nn.Module, images: Tensor) -> int:
    """Return how often a pass of one image multiplies, biases of linear layers left out."""
    total = 0

    def count(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        total += output[0].numel() * layer.weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    network(images)
    return total


@pytest.mark.parametrize("name", FAMILIES)
def test_sizes_are_those_of_the_network(name: str) -> None:
    space, family, scale = opened(name)
    for code in codes_of(space).tolist():
        network = family.child(code, scale, torch.Generator().manual_seed(1)).double()
        size = sum(weight.numel() for weight in network.parameters())
        assert size == int(space.parameters(code, scale))
        bias = scale.classes if name in BIAS_COUNTS else 0
        assert passes(network, images_of(scale)) + bias == int(space.multiply_adds(code, scale))


@pytest.mark.parametrize("name", FAMILIES)
def test_initial_weights_are_those_of_the_generator_alone(name: str) -> None:
    space, family, scale = opened(name)
    code = int(codes_of(space)[0])

    def networks(seed: int) -> Iterator[nn.Module]:
        yield family.child(code, scale, torch.Generator().manual_seed(seed))
        if name not in NO_SUPERNET:
            yield family.supernet(scale, torch.Generator().manual_seed(seed))

    state = torch.get_rng_state()
    for one, same, other in zip(networks(0), networks(0), networks(1), strict=True):
        for weight, equal, unlike in zip(
            one.parameters(), same.parameters(), other.parameters(), strict=True
        ):
            assert torch.equal(weight, equal)
            assert weight.ndim == 1 or not torch.equal(weight, unlike)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", FAMILIES)
def test_networks_of_one_canonical_code_are_equal(name: str) -> None:
    space, family, scale = opened(name)
    images = images_of(scale)
    for code in np.random.default_rng(3).integers(space.size, size=4).tolist():
        one, other = (
            family.child(same, scale, torch.Generator().manual_seed(1)).double()
            for same in (code, int(space.canonical(code)))
        )
        if name != "nb201":  # where dead edges draw weights too
            torch.testing.assert_close(one(images), other(images), rtol=0, atol=0)
        features = one.features(images)
        torch.testing.assert_close(one.finish(features[-1]), one(images), rtol=0, atol=0)


@pytest.mark.parametrize("name", FAMILIES)
def test_statistics_of_batch_norm_are_kept_if_asked_for(name: str) -> None:
    space, family, scale = opened(name)
    code = int(codes_of(space)[0])
    for running in (False, True):
        network = family.child(code, scale, torch.Generator(), running=running)
        norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
        assert {layer.track_running_stats for layer in norms} == {running}


# Supernets


@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_a_path_is_the_network_of_its_architecture(name: str) -> None:
    space, family, scale = opened(name)
    supernet, images = trained(name), images_of(scale)
    for code in codes_of(space).tolist():
        path = space.decode(code).tolist()
        child = family.child(code, scale, torch.Generator().manual_seed(1)).double()
        family.inherit(supernet, child, path)
        torch.testing.assert_close(child(images), supernet(images, path), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("parts", "memory"), [(1, 1 << 30), (7, 1 << 10)])
@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_many_architectures_have_the_logits_of_each(name: str, parts: int, memory: int) -> None:
    space, _, scale = opened(name)
    supernet, codes = trained(name), codes_of(space, 12)
    images = images_of(scale).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        found = list(supernet.many_logits(codes, images, ByGroup(len(images)), parts, memory))
        places = [place for slice_, _ in found for place in range(len(codes))[slice_]]
        assert places == list(range(len(codes)))
        logits = torch.cat([logits for _, logits in found])
        expected = torch.stack([supernet(images, path) for path in space.decode(codes).tolist()])
    torch.testing.assert_close(logits, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in WITH_SUPERNET if name not in ALL_EDGES])
def test_options_of_weight_one_are_a_path(name: str) -> None:
    space, _, scale = opened(name)
    supernet, images = trained(name), images_of(scale)
    one = torch.ones(1, dtype=torch.float64)
    for code in codes_of(space, 2).tolist():
        path = space.decode(code).tolist()
        mixture = Mixture(tuple((option,) for option in path), (one,) * len(space))
        torch.testing.assert_close(supernet(images, mixture), supernet(images, path))


@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_all_options_of_a_mixture_get_gradients(name: str) -> None:
    space, _, scale = opened(name)
    supernet, images = trained(name), images_of(scale)
    options = tuple(tuple(range(count)) for count in space.n_options.tolist())
    alphas = [torch.zeros(len(one), dtype=torch.float64, requires_grad=True) for one in options]
    mixture = Mixture(options, tuple(alpha.softmax(0) for alpha in alphas))
    loss = supernet(images, mixture).square().sum()
    weights = [*alphas, *supernet.parameters()]
    gradients = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
    assert all(gradient.isfinite().all() for gradient in gradients)
    for gradient in gradients[: len(alphas)]:
        assert gradient.abs().max() > 0 or name in ALL_EDGES


@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_a_path_uses_the_weights_of_its_decisions(name: str) -> None:
    space, _, scale = opened(name)
    supernet, images = trained(name), images_of(scale)
    own = [supernet.decision_weights(decision) for decision in range(len(space))]
    listed = [weight for weights in [*own, supernet.common_weights()] for weight in weights]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(supernet.parameters())
    path = space.decode(int(codes_of(space)[-1])).tolist()
    loss = supernet(images, path, by_batch).square().sum()
    weights = list(supernet.parameters())
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    used = {weight for weight, one in zip(weights, found, strict=True) if one is not None}
    assert set(weights) - set(listed) <= used  # the stem, the head and the classifier
    assert set(supernet.common_weights()) <= used


@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_all_weights_of_a_decision_are_used_by_paths_in_which_it_matters(name: str) -> None:
    space, _, scale = opened(name)
    supernet, images = trained(name), images_of(scale, 2)
    bases = space.decode(codes_of(space))
    for decision, count in enumerate(space.n_options.tolist()):
        unused = set(own := supernet.decision_weights(decision))
        for base, option in product(bases, range(count)):
            if not unused:
                break
            choices = np.array(space.activated(base, [decision]))
            choices[decision] = option
            path = space.path(choices)
            logits = supernet(images, path.tolist())
            found = torch.autograd.grad(logits.square().sum(), own, allow_unused=True)
            used = {weight for weight, one in zip(own, found, strict=True) if one is not None}
            assert not used or space.active(path)[decision]
            unused -= used
        left = [one for one, weight in supernet.named_parameters() if weight in unused]
        assert all(one.startswith(MIXED_ONLY.get(name, ())) for one in left)


@pytest.mark.parametrize("name", WITH_SUPERNET)
def test_any_code_inherits_the_weights_of_its_canonical_path(name: str) -> None:
    space, family, scale = opened(name)
    supernet, images = trained(name), images_of(scale)
    for code in np.random.default_rng(4).integers(space.size, size=6).tolist():
        path = space.path(space.decode(code)).tolist()
        child = family.child(code, scale, torch.Generator().manual_seed(1)).double()
        family.inherit(supernet, child, path)
        torch.testing.assert_close(child(images), supernet(images, path), rtol=1e-5, atol=1e-8)


def test_images_that_cannot_be_halved_twice_are_refused_by_the_size_space() -> None:
    """There pooling would drop the last row, but the convolutions beside it keep it."""
    with pytest.raises(InputError, match=r"resolution is 30: .* use a multiple of 4"):
        SizeScale(resolution=30)


@pytest.mark.parametrize("name", NO_SUPERNET)
def test_a_space_without_supernet_says_so(name: str) -> None:
    _, family, scale = opened(name)
    with pytest.raises(InputError, match=f"space {name} has no supernet: .* proxies"):
        family.supernet(scale, torch.Generator())
