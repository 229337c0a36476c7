"""The supernet against networks written out plainly, and against the stand-alone networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.supernets.parts.mixture import Mixture
from baselines.supernets.registry import family_of
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.registry import open_space
from tests.unit.baselines.supernets.macro.tiny import SCALE, macro_images, macro_network

SPACE = open_space("macro")
FAMILY = family_of(SPACE)
NETWORK = macro_network()
WEIGHTS = dict(NETWORK.named_parameters())
IMAGES = macro_images(5)
FIRST = (0, 2, 5)  # layers of a stage
CODES = st.integers(0, SPACE.size - 1)
SCALES = [
    SCALE,
    MacroScale(stem=2, widths=(4, 4, 4), head=8, resolution=9, classes=3, input_channels=1),
    MacroScale(stem=4, widths=(4, 4, 8), head=8, strides=(1, 1, 3), resolution=5, classes=3),
]


def conv_norm(x: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
    weight = WEIGHTS[f"{name}.weight"]
    maps = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=groups)
    scale, shift = WEIGHTS[f"{name}.norm.weight"], WEIGHTS[f"{name}.norm.bias"]
    return F.batch_norm(maps, None, None, scale, shift, training=True)


def naive_option(x: Tensor, place: int, option: int) -> Tensor:
    """Return the output of an option of a layer, its residual connection included."""
    stride = {0: SCALE.strides[0], 2: SCALE.strides[1], 5: SCALE.strides[2]}.get(place, 1)
    name = f"layers.{place}.options.{option}"
    if option == 0:
        return conv_norm(x, name, stride) if place in FIRST else x
    hidden = F.relu(conv_norm(x, f"{name}.layers.0"))
    assert hidden.shape[1] == x.shape[1] * {1: 3, 2: 6}[option]
    assert WEIGHTS[f"{name}.layers.1.weight"].shape[1:] == (1, *[{1: 3, 2: 5}[option]] * 2)
    hidden = F.relu(conv_norm(hidden, f"{name}.layers.1", stride, hidden.shape[1]))
    output = conv_norm(hidden, f"{name}.layers.2")
    return output if place in FIRST else x + output


def naive_logits(images: Tensor, layer: Callable[[Tensor, int], Tensor]) -> Tensor:
    x = F.relu(conv_norm(images, "stem"))
    for place in range(8):
        x = layer(x, place)
    pooled = F.relu(conv_norm(x, "head")).mean((2, 3))
    return F.linear(pooled, WEIGHTS["classifier.weight"], WEIGHTS["classifier.bias"])


@settings(max_examples=15)
@given(CODES)
def test_a_path_passes_the_options_it_takes(code: int) -> None:
    path = SPACE.decode(code).tolist()
    expected = naive_logits(IMAGES, lambda x, place: naive_option(x, place, path[place]))
    torch.testing.assert_close(NETWORK(IMAGES, path), expected, rtol=1e-8, atol=1e-8)


OPTIONS = st.sets(st.integers(0, 2), min_size=1).map(lambda found: tuple(sorted(found)))


@settings(max_examples=8)
@given(st.lists(OPTIONS, min_size=8, max_size=8), st.integers(0, 9))
def test_a_mixture_is_the_weighted_sum_of_options(
    options: list[tuple[int, ...]], seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    alphas = [
        torch.randn(len(one), generator=generator, dtype=torch.float64).requires_grad_()
        for one in options
    ]
    mixture = Mixture(tuple(options), tuple(alpha.softmax(0) for alpha in alphas))

    def layer(x: Tensor, place: int) -> Tensor:
        parts = [
            weight * naive_option(x, place, option)
            for option, weight in zip(options[place], mixture.weights[place], strict=True)
        ]
        return torch.stack(parts).sum(0)

    found, expected = NETWORK(IMAGES, mixture), naive_logits(IMAGES, layer)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-8)
    mine, theirs = (
        torch.autograd.grad(
            logits.square().sum(), alphas, retain_graph=True, materialize_grads=True
        )
        for logits in (found, expected)
    )
    torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-7)


def test_one_option_of_weight_one_is_a_path() -> None:
    path = [2, 1, 0, 1, 0, 2, 2, 0]
    one = torch.ones(1, dtype=torch.float64)
    mixture = Mixture(tuple((option,) for option in path), (one,) * 8)
    torch.testing.assert_close(NETWORK(IMAGES, mixture), NETWORK(IMAGES, path))


def child_of(code: int, scale: MacroScale, **given: Any) -> nn.Module:
    return FAMILY.child(code, scale, torch.Generator().manual_seed(1), **given)


@pytest.mark.parametrize("scale", SCALES, ids=range(len(SCALES)))
def test_a_path_is_the_network_of_its_architecture(scale: MacroScale) -> None:
    supernet, images = macro_network(scale).float(), macro_images(6, scale).float()
    for code in [0, SPACE.size - 1, *np.random.default_rng(0).integers(SPACE.size, size=12)]:
        path = SPACE.path(SPACE.decode(code)).tolist()
        child = FAMILY.child(int(code), scale, torch.Generator().manual_seed(1))
        before = child(images)
        FAMILY.inherit(supernet, child, path)
        found = child(images)
        torch.testing.assert_close(found, supernet(images, path), rtol=1e-5, atol=1e-5)
        assert (found - before).abs().max() > 1e-3


@given(CODES)
@settings(max_examples=10)
def test_equal_canonical_codes_are_one_network(code: int) -> None:
    canonical = int(SPACE.canonical(code))
    one, other = child_of(code, SCALE), child_of(canonical, SCALE)
    assert str(one) == str(other)
    images = IMAGES.float()
    torch.testing.assert_close(one(images), other(images), rtol=0, atol=0)
    paths = SPACE.path(SPACE.decode([code, canonical])).tolist()
    assert torch.equal(NETWORK(IMAGES, paths[0]), NETWORK(IMAGES, paths[1]))


def counted(network: nn.Module, images: Tensor) -> int:
    """Count in a pass what convolutions and the linear layer multiply for one image."""
    total = 0

    def count(layer: nn.Module, inputs: Any, output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d | nn.Linear):
            total += output[0].numel() * layer.weight[0].numel()

    for layer in network.modules():
        layer.register_forward_hook(count)
    network(images)
    return total


@pytest.mark.parametrize("scale", SCALES, ids=range(len(SCALES)))
def test_sizes_are_those_of_the_network(scale: MacroScale) -> None:
    images = macro_images(2, scale).float()
    for code in [0, SPACE.size - 1, *np.random.default_rng(1).integers(SPACE.size, size=12)]:
        network = child_of(int(code), scale)
        size = sum(weight.numel() for weight in network.parameters())
        assert size == int(SPACE.parameters(code, scale))
        assert counted(network, images) == int(SPACE.multiply_adds(code, scale))


def test_the_published_network() -> None:
    """22212220, the best of NAS-Bench-Macro, has the parameters of its file."""
    scale = SPACE.table_scale
    assert isinstance(scale, MacroScale)
    network = child_of(SPACE.parse("22212220"), scale)
    assert sum(weight.numel() for weight in network.parameters()) == 1_985_514


def test_features_are_of_the_stem_and_every_layer_that_is_there() -> None:
    child = FAMILY.child(SPACE.parse("20012010"), SCALE, torch.Generator())
    shapes = [tuple(maps.shape[1:]) for maps in child.features(IMAGES.float())]
    assert shapes == [(3, 6, 6), (4, 6, 6), *[(5, 3, 3)] * 3, *[(6, 2, 2)] * 2]


def test_batch_norm_keeps_statistics_if_asked_for() -> None:
    for running in (False, True):
        network = child_of(77, SCALE, running=running)
        norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
        assert {layer.track_running_stats for layer in norms} == {running}


def test_weights_of_decisions_are_those_of_their_layers() -> None:
    for place in range(8):
        named = [weight for name, weight in WEIGHTS.items() if name.startswith(f"layers.{place}.")]
        assert set(NETWORK.decision_weights(place)) == set(named)
        assert len(named) == 2 * 9 + 3 * (place in FIRST)  # weight, scale, shift of convolutions
    assert NETWORK.common_weights() == []


def used(path: Sequence[int]) -> set[nn.Parameter]:
    weights = list(NETWORK.parameters())
    loss = NETWORK(IMAGES, path).square().sum()
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return {weight for weight, one in zip(weights, found, strict=True) if one is not None}


@settings(max_examples=10)
@given(CODES)
def test_a_path_uses_as_many_weights_as_the_formula_counts(code: int) -> None:
    weights = used(SPACE.decode(code).tolist())
    assert sum(weight.numel() for weight in weights) == int(SPACE.parameters(code, SCALE))


def test_initial_weights_are_those_of_the_generator_alone() -> None:
    state = torch.get_rng_state()
    one, same, other = (
        FAMILY.supernet(SCALE, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(torch.get_rng_state(), state)
    for name, weight in one.named_parameters():
        assert torch.equal(weight, same.get_parameter(name))
        if "norm" in name:
            assert torch.equal(weight, torch.full_like(weight, float(name.endswith("weight"))))
        else:
            assert not torch.equal(weight, other.get_parameter(name))
            inputs = SCALE.head if "classifier" in name else weight[0].numel()
            assert weight.abs().max() <= inputs**-0.5
