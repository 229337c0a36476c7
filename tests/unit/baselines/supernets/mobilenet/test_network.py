"""The supernet against a network written out plainly."""

from __future__ import annotations

import sys

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.supernets.mobilenet.network import mobilenet_network, mobilenet_supernet
from baselines.supernets.parts.mixture import Mixture
from benchmark.spaces.mobilenet.layers import MobileNetScale
from benchmark.spaces.registry import open_space

SPACE = open_space("mobilenet")
SCALE = MobileNetScale(
    stem=3,
    first=2,
    widths=(2, 3, 4, 5, 6, 7),
    head=8,
    width_multiple=1,
    strides=(1, 2, 2, 1, 2, 1),
    resolution=11,
    input_channels=2,
    classes=5,
)
COUNTS = (4, 4, 4, 4, 4, 1)
PLACES = [(stage, place) for stage in range(6) for place in range(COUNTS[stage])]
SHAPES = [(3, 3), (3, 6), (5, 3), (5, 6), (7, 3), (7, 6)]  # kernel and expansion
BOUND = 6.0  # of activations
CODES = st.integers(0, SPACE.size - 1)


def with_scale_and_shift(network: nn.Module) -> None:
    """Let BatchNorms scale and shift, so that activations reach the bound of ReLU6."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.ndim == 1 and "classifier" not in name:
                noise = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
                weight.add_(2 * noise)


NETWORK = mobilenet_supernet(SCALE, torch.Generator().manual_seed(0)).double()
with_scale_and_shift(NETWORK)
WEIGHTS = dict(NETWORK.named_parameters())
IMAGES = torch.randn(5, 2, 11, 11, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def conv_norm(x: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
    weight = WEIGHTS[f"{name}.weight"]
    maps = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=groups)
    scale, shift = WEIGHTS[f"{name}.norm.weight"], WEIGHTS[f"{name}.norm.bias"]
    return F.batch_norm(maps, None, None, scale, shift, training=True)


def relu6(x: Tensor) -> Tensor:
    return x.clamp(0, BOUND)


def bottleneck(x: Tensor, number: int, option: int) -> Tensor:
    """Return the output of an option of a layer, its residual left out."""
    stage, place = PLACES[number]
    stride = 1 if place else SCALE.strides[stage]
    name = f"layers.{number}.options.{option}.layers"
    kernel, expansion = SHAPES[option]
    hidden = relu6(conv_norm(x, f"{name}.0"))
    assert hidden.shape[1] == expansion * x.shape[1]
    assert WEIGHTS[f"{name}.1.weight"].shape[2:] == (kernel, kernel)
    hidden = relu6(conv_norm(hidden, f"{name}.1", stride, hidden.shape[1]))
    return conv_norm(hidden, f"{name}.2")


def naive_logits(weights: list[dict[int, Tensor]]) -> Tensor:
    """Return the logits where each layer has some options with weights."""
    x = relu6(conv_norm(IMAGES, "stem.layers.0", SCALE.stem_stride))
    x = relu6(conv_norm(x, "stem.layers.1.layers.0", groups=3))
    x = conv_norm(x, "stem.layers.1.layers.1")
    for number, (_, place) in enumerate(PLACES):
        parts = [
            weight * bottleneck(x, number, option)
            for option, weight in weights[number].items()
            if option < 6
        ]
        x = sum([x, *parts] if place else parts)  # type: ignore[assignment]
    pooled = relu6(conv_norm(x, "head")).mean((2, 3))
    return F.linear(pooled, WEIGHTS["classifier.weight"], WEIGHTS["classifier.bias"])


@settings(max_examples=15)
@given(CODES)
def test_a_path_passes_the_options_it_takes(code: int) -> None:
    path = SPACE.decode(code).tolist()
    expected = naive_logits([{option: torch.ones(())} for option in path])
    torch.testing.assert_close(NETWORK(IMAGES, path), expected, rtol=1e-8, atol=1e-8)


@settings(max_examples=8)
@given(st.data(), st.integers(0, 9))
def test_a_mixture_is_the_weighted_sum_of_options(data: st.DataObject, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    options = []
    for count in SPACE.n_options.tolist():
        some = st.sets(st.integers(0, count - 1), min_size=1, max_size=3)
        options.append(tuple(sorted(data.draw(some))))
    weights = [torch.rand(len(one), generator=generator, dtype=torch.float64) for one in options]
    pairs = zip(options, weights, strict=True)
    expected = naive_logits([dict(zip(one, weight, strict=True)) for one, weight in pairs])
    found = NETWORK(IMAGES, Mixture(tuple(options), tuple(weights)))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)


def test_the_bound_of_activations_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = [{0: torch.ones(())} for _ in PLACES]
    bounded = naive_logits(weights)
    monkeypatch.setattr(sys.modules[__name__], "BOUND", torch.inf)
    assert (naive_logits(weights) - bounded).abs().max() > 0.1
    child = mobilenet_network(0, SCALE, torch.Generator(), running=False)
    assert {type(layer) for layer in child.modules() if "ReLU" in str(type(layer))} == {nn.ReLU6}


@settings(max_examples=10)
@given(CODES)
def test_a_path_uses_as_many_weights_as_the_formula_counts(code: int) -> None:
    weights = list(NETWORK.parameters())
    loss = NETWORK(IMAGES, SPACE.decode(code).tolist()).square().sum()
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    used = sum(one.numel() for one in found if one is not None)
    assert used == int(SPACE.parameters(code, SCALE))


def test_weights_of_decisions_are_those_of_their_layers() -> None:
    for number in range(21):
        prefix = f"layers.{number}."
        named = {weight for name, weight in WEIGHTS.items() if name.startswith(prefix)}
        assert set(NETWORK.decision_weights(number)) == named
        assert len(named) == 6 * 3 * 3  # options, convolutions, and weight, scale and shift
    assert NETWORK.common_weights() == []  # the fixed block is before the first decision


@pytest.mark.parametrize("skipped", range(4))
def test_features_are_of_the_stem_and_every_block_that_is_there(skipped: int) -> None:
    stage = [*["k3e3"] * (4 - skipped), *["zero"] * skipped]
    code = SPACE.parse("|".join(["-".join(stage)] * 5 + ["k5e6"]))
    child = mobilenet_network(code, SCALE, torch.Generator(), running=False)
    shapes = [tuple(maps.shape[1:]) for maps in child.features(IMAGES.float())]
    stages = [(2, 6, 6), (3, 3, 3), (4, 2, 2), (5, 2, 2), (6, 1, 1)]
    blocks = [shape for shape in stages for _ in range(4 - skipped)]
    assert shapes == [(3, 6, 6), (2, 6, 6), *blocks, (7, 1, 1)]
