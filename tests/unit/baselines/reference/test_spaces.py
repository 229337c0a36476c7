"""Every proxy on the networks of every space: finite, exact, and sensitive to what it should be."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from baselines.method import Method
from baselines.reference.az_nas import traits
from baselines.reference.gradients import grad_norm, loss_gradients, snip, zico
from baselines.reference.jacob_cov import jacobian_covariance
from baselines.reference.naswot import naswot
from baselines.reference.synflow import synflow
from baselines.registry import METHODS, method_class
from baselines.supernets.parts.child import ChildNetwork
from baselines.supernets.registry import FAMILIES, family_of
from benchmark.spaces.accel.layers import AccelScale
from benchmark.spaces.macro.layers import MacroScale
from benchmark.spaces.registry import open_space
from tests.unit.baselines.reference.tiny_spaces import CASES, SCALES, child, codes_of, noise
from tests.unit.baselines.tiny import OPTIONS, tiny_experiment, tiny_images

REFERENCES = [name for name in METHODS if method_class(name).reference]
PROXIES: dict[str, Callable[[ChildNetwork, str, torch.dtype], tuple[float, ...]]] = {
    "synflow": lambda network, space, _: (synflow(network, SCALES[space]),),
    "naswot": lambda network, _, dtype: (naswot(network, noise(dtype=dtype).pixels),),
    "jacob-cov": lambda network, _, dtype: (
        jacobian_covariance(network, noise(dtype=dtype).pixels),
    ),
    "snip": lambda network, _, dtype: (snip(network, noise(dtype=dtype)),),
    "grad-norm": lambda network, _, dtype: (grad_norm(network, noise(dtype=dtype)),),
    "zico": lambda network, _, dtype: (
        zico(network, [noise(dtype=dtype, seed=seed) for seed in (1, 2)]),
    ),
    "az-nas": lambda network, _, dtype: traits(
        network, noise(dtype=dtype).pixels, torch.Generator().manual_seed(5)
    ),
}


def test_every_space_and_every_proxy_is_tested() -> None:
    assert set(SCALES) == set(FAMILIES)
    assert set(PROXIES) | {"random", "params", "flops"} == set(REFERENCES)


@pytest.mark.parametrize("space", FAMILIES)
@pytest.mark.parametrize("name", REFERENCES)
def test_candidates_have_different_finite_scores(name: str, space: str) -> None:
    codes = np.sort(codes_of(space, 4))
    experiment = tiny_experiment(
        space=open_space(space), scale=SCALES[space], candidates=codes, images=tiny_images()
    )
    method: type[Method] = method_class(name)
    outcome = method(OPTIONS.get(name, {})).run(experiment)
    assert outcome.scores.shape == codes.shape
    assert np.isfinite(outcome.scores).all()
    assert len(np.unique(outcome.scores)) > 1
    assert outcome.trace.get("ranked_last", 0) == 0


@pytest.mark.parametrize(("space", "code"), CASES)
@pytest.mark.parametrize("name", PROXIES)
def test_rounding_decides_nothing(name: str, space: str, code: int) -> None:
    single, double = (
        PROXIES[name](child(space, code, dtype), space, dtype)
        for dtype in (torch.float32, torch.float64)
    )
    assert single == pytest.approx(double, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("space", FAMILIES)
@pytest.mark.parametrize("name", ["synflow", "naswot", "zico", "params", "flops"])
def test_the_largest_network_scores_higher_than_the_smallest(name: str, space: str) -> None:
    opened = open_space(space)
    drawn = opened.canonical(opened.sample(200))
    drawn = np.unique(drawn[opened.works(drawn)])
    sizes = opened.multiply_adds(drawn, SCALES[space])
    codes = np.sort([drawn[sizes.argmin()], drawn[sizes.argmax()]])
    experiment = tiny_experiment(space=opened, scale=SCALES[space], candidates=codes)
    scores = method_class(name)(OPTIONS.get(name, {})).run(experiment).scores
    assert (scores[0] < scores[1]) == (codes[0] == drawn[sizes.argmin()])


# Gradients of the loss


@pytest.mark.parametrize(("space", "code"), CASES)
def test_the_weights_are_those_of_all_convolutions_and_the_classifier(
    space: str, code: int
) -> None:
    network = child(space, code)
    found = {id(weight) for weight in network.weights()}
    expected = [weight for weight in network.parameters() if weight.ndim > 1]
    assert found == {id(weight) for weight in expected}
    assert len(network.weights()) == len(expected)


@pytest.mark.parametrize(("space", "code"), CASES)
def test_gradients_say_how_the_loss_changes(space: str, code: int) -> None:
    network, images, step = child(space, code), noise(), 1e-8  # no unit passes zero
    generator = torch.Generator().manual_seed(2)
    pairs = list(zip(network.weights(), loss_gradients(network, images), strict=True))
    for weight, gradient in pairs[:: 1 + len(pairs) // 12]:
        direction = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
        losses = []
        with torch.no_grad():
            plain = weight.clone()
            for sign in (1, -1):
                weight.copy_(plain + sign * step * direction)
                losses.append(float(F.cross_entropy(network(images.pixels), images.labels)))
            weight.copy_(plain)
        expected = (losses[0] - losses[1]) / (2 * step)
        found = float((gradient * direction).sum())
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("space", FAMILIES)
def test_labels_matter_to_gradients(space: str) -> None:
    network, images = child(space, codes_of(space)[0]), noise()
    other = type(images)(images.pixels, (images.labels + 1) % 10)
    for proxy in (grad_norm, snip):
        assert proxy(network, images) != proxy(network, other)
    assert zico(network, [images, images]) == 0


# SynFlow


@contextmanager
def linear(network: ChildNetwork) -> Iterator[None]:
    """Let normalisation, bounds and gates pass maps as they are; weights are made positive."""
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
        patch.setattr(F, "batch_norm", lambda maps, *_, **__: maps)
        patch.setattr(F, "hardtanh", lambda maps, *_, **__: maps)
        patch.setattr(F, "relu6", lambda maps, *_, **__: maps)
        patch.setattr(torch, "sigmoid", torch.ones_like)
        yield


@pytest.mark.parametrize(("space", "code"), CASES)
def test_synflow_is_what_growing_all_weights_does(space: str, code: int) -> None:
    """The sum of w ∂R/∂w is the derivative of R along all weights."""
    network, step, scale = child(space, code), 1e-6, SCALES[space]
    ones = torch.ones(1, scale.input_channels, scale.resolution, scale.resolution).double()
    totals = []
    for factor in (1 + step, 1 - step):
        changed = copy.deepcopy(network)
        with linear(changed):
            for weight in changed.weights():
                weight.mul_(factor)
            totals.append(float(changed(ones).sum()))
    flow = (totals[0] - totals[1]) / (2 * step)
    assert synflow(network, scale) == pytest.approx(math.log(flow), rel=1e-7)


@pytest.mark.parametrize("code", codes_of("accel"))
def test_gates_of_wider_networks_are_open_without_normalisation(code: int) -> None:
    """What the published programs give, which keep sigmoids."""
    scale = AccelScale(stem=16, widths=(16,) * 7, head=16, resolution=8)
    family = family_of(open_space("accel"))
    plain, other = (family.child(code, scale, torch.Generator()) for _ in range(2))
    with linear(other.double()):
        ones = torch.ones(1, 3, 8, 8).double()
        opened = float(other(ones).sum())
    with linear(other), pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "sigmoid", Tensor.sigmoid)
        kept = float(other(ones).sum())
    assert kept == pytest.approx(opened, rel=1e-6)
    assert math.isfinite(synflow(plain, scale))


def test_a_flow_beyond_all_floats_has_a_logarithm() -> None:
    plain, larger = child("darts", codes_of("darts")[0]), child("darts", codes_of("darts")[0])
    with torch.no_grad():
        larger.weights()[0].mul_(2.0**700)
        larger.classifier.weight.mul_(2.0**700)
    scale = SCALES["darts"]
    expected = synflow(plain, scale) + 1_400 * math.log(2)
    assert synflow(larger, scale) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("space", FAMILIES)
def test_signs_and_norms_are_nothing_to_synflow(space: str) -> None:
    code = codes_of(space)[0]
    plain, changed = child(space, code), child(space, code)
    with torch.no_grad():
        for number, weight in enumerate(changed.weights()):
            weight.mul_((-1) ** number)
        for layer in changed.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.fill_(7)
    assert synflow(plain, SCALES[space]) == synflow(changed, SCALES[space])


# NASWOT


class Rectified(TorchFunctionMode):
    """Notes the input of every rectifier, whether a module or a function applies it."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: list[Tensor] = []
        self._inside = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        rectifiers = (F.relu, F.relu6, F.hardtanh, torch.relu, Tensor.relu)
        if func in rectifiers and not self._inside:
            self.inputs.append(args[0])
            self._inside = True  # one may call another
            try:
                return func(*args, **(kwargs or {}))
            finally:
                self._inside = False
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("space", "code"), CASES)
def test_naswot_counts_every_rectifier(space: str, code: int) -> None:
    network, images = child(space, code), noise(4)
    with torch.no_grad(), Rectified() as met:
        network(images.pixels)
    assert met.inputs
    active = torch.cat([maps.flatten(1) > 0 for maps in met.inputs], 1).numpy()
    kernel = [[float((one == other).sum()) for other in active] for one in active]
    expected = math.log(np.linalg.det(kernel))
    assert naswot(network, images.pixels) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("space", FAMILIES)
def test_under_batch_norm_the_size_of_weights_is_nothing_to_naswot(space: str) -> None:
    plain, larger = (child(space, codes_of(space)[0]) for _ in range(2))
    with torch.no_grad():
        larger.weights()[0].mul_(3)
    found, expected = (naswot(network, noise().pixels) for network in (larger, plain))
    assert found == pytest.approx(expected, rel=1e-3)


# Jacobian covariance


def own_gradients(network: ChildNetwork, pixels: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the gradient of each image's own logits, the statistics of all being constants."""
    with torch.no_grad():
        stored = copy.deepcopy(network)
        for layer in stored.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.track_running_stats, layer.momentum = True, 1.0
                layer.running_mean = torch.zeros(layer.num_features, dtype=pixels.dtype)
                layer.running_var = torch.ones(layer.num_features, dtype=pixels.dtype)
                layer.num_batches_tracked = torch.tensor(0)
        stored.train()(pixels)
        count = {}

        def note(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
            count[layer] = given[0].numel() // given[0].shape[1]

        for layer in stored.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.register_forward_pre_hook(note)
        stored(pixels)
        for layer, numbers in count.items():  # PyTorch keeps the unbiased variance
            layer.running_var.mul_((numbers - 1) / numbers)  # type: ignore[operator]
    stored.eval()
    rows = [
        torch.autograd.functional.jacobian(lambda given: stored(given).sum(), image[None])
        for image in pixels
    ]
    return torch.stack(rows).flatten(1).numpy()


@pytest.mark.parametrize("code", codes_of("darts"))
def test_where_batch_norm_is_last_rows_are_of_each_images_own_logits(code: int) -> None:
    network, pixels = child("darts", code), noise(4).pixels
    assert network.ends_normalised
    rows = own_gradients(network, pixels)
    values = np.linalg.eigvalsh(np.corrcoef(rows)) + 1e-5
    expected = -float((np.log(values) + 1 / values).sum())
    assert jacobian_covariance(network, pixels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("space", "code"), CASES)
def test_a_network_says_whether_the_logits_of_a_batch_add_up_to_the_same(
    space: str, code: int
) -> None:
    """Pooling after the last BatchNorm changes the sum a little."""
    network = child(space, code)
    with torch.no_grad():
        sums = [network(noise(6, seed=seed).pixels).sum() for seed in range(4)]
    spread = float(torch.stack(sums).std())
    pooled = space == "darts" and any(
        isinstance(layer, nn.AvgPool2d | nn.MaxPool2d) for layer in network.modules()
    )
    assert pooled or (spread < 1e-9) == network.ends_normalised


@pytest.mark.parametrize("space", FAMILIES)
def test_images_that_look_alike_have_worse_jacobians(space: str) -> None:
    code, pixels = codes_of(space)[1], noise(4).pixels
    apart = jacobian_covariance(child(space, code), pixels)
    pixels[1] = pixels[0]
    alike = jacobian_covariance(child(space, code), pixels)
    assert alike < -1e4 < apart < -4


# AZ-NAS


@pytest.mark.parametrize(("space", "code"), CASES)
def test_features_end_in_the_logits_and_each_block_reads_the_last(space: str, code: int) -> None:
    network, pixels = child(space, code), noise().pixels
    features = network.features(pixels)
    assert torch.equal(network.finish(features[-1]), network(pixels))
    assert len(features) > 3
    for before, after in itertools.pairwise(features):
        (arrived,) = torch.autograd.grad(after.sum(), before, retain_graph=True)
        assert arrived.shape == before.shape


@pytest.mark.parametrize("side", [5, 7, 8])
def test_an_odd_resolution_can_be_halved(side: int) -> None:
    scale = MacroScale(
        stem=3, widths=(4, 5, 6), head=7, resolution=side, classes=3, input_channels=1
    )
    generator = torch.Generator().manual_seed(0)
    network = family_of(open_space("macro")).child(6_560, scale, generator).double()
    pixels = torch.randn(4, 1, side, side, dtype=torch.float64, generator=generator)
    assert all(map(math.isfinite, traits(network, pixels, generator)))
