from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from baselines.supernets.parts.normalisation import EPSILON, ByGroup, by_batch

SHAPES = st.tuples(
    st.integers(1, 4),  # groups
    st.integers(2, 5),  # images in a group
    st.integers(1, 3),  # channels
    st.integers(1, 4),  # height
    st.integers(1, 4),  # width
)
LAYOUTS = [torch.contiguous_format, torch.channels_last]


def maps_of(shape: tuple[int, ...], seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw maps [groups·images, C, H, W] and a weight and bias [C]; channels differ in scale."""
    generator = torch.Generator().manual_seed(seed)
    groups, images, channels, height, width = shape
    x = torch.randn(groups * images, channels, height, width, generator=generator)
    spread, mean, weight, bias = torch.randn(4, channels, generator=generator)
    return x * spread[:, None, None] + mean[:, None, None], weight, bias


def test_by_batch_has_no_running_statistics() -> None:
    x, weight, bias = maps_of((1, 6, 3, 4, 2), seed=1)
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    scale = weight / (variance + EPSILON).sqrt()
    expected = (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]
    torch.testing.assert_close(by_batch(x, weight, bias), expected)
    torch.testing.assert_close(by_batch(x, weight, bias), expected)


@given(SHAPES, st.integers(0, 2**31), st.sampled_from(LAYOUTS), st.booleans())
def test_a_group_is_normalised_as_if_alone(
    shape: tuple[int, ...], seed: int, layout: torch.memory_format, affine: bool
) -> None:
    x, *scale_shift = maps_of(shape, seed)
    x = x.double()
    parameters = [one.double() for one in scale_shift] if affine else []
    images = shape[1]
    found = ByGroup(images)(x.contiguous(memory_format=layout), *parameters)
    expected = [by_batch(group, *parameters) for group in x.split(images)]
    torch.testing.assert_close(found, torch.cat(expected), rtol=1e-9, atol=1e-9)


def test_single_precision_is_enough() -> None:
    x, weight, bias = maps_of((3, 8, 4, 4, 4), seed=2)
    expected = torch.cat([by_batch(group, weight, bias) for group in x.split(8)])
    torch.testing.assert_close(ByGroup(8)(x, weight, bias), expected, rtol=1e-5, atol=1e-5)


def maps_of_large_means() -> tuple[Tensor, Tensor]:
    """Return maps of three groups of eight, and the same normalised in double precision."""
    x, _, _ = maps_of((3, 8, 4, 4, 4), seed=3)
    deviation = x.std((0, 2, 3))[:, None, None]
    x[:8] += 1000 * deviation  # the first group, and a channel of the second
    x[8:16, 1] -= 1000 * deviation[1]
    exact = torch.cat([by_batch(group) for group in x.double().split(8)])
    return x, exact


def test_a_mean_of_a_thousand_deviations_does_not_cancel_the_variance() -> None:
    x, exact = maps_of_large_means()
    torch.testing.assert_close(ByGroup(8)(x).double(), exact, rtol=0, atol=5e-4)


def test_ordinary_maps_are_normalised_by_sums_over_rows() -> None:
    """To the bit: scores of earlier versions were computed so on a CPU."""
    x, weight, bias = maps_of((3, 8, 4, 4, 4), seed=4)
    rows = x.permute(0, 2, 3, 1).reshape(3, 8, 16 * 4)
    mean = rows.sum(1).view(3, 16, 4).sum(1) / 128
    square = rows.square().sum(1).view(3, 16, 4).sum(1) / 128
    scale = ((square - mean.square()).clamp_min(0) + EPSILON).rsqrt() * weight
    shift = bias - mean * scale
    expected = torch.addcmul(shift.repeat(1, 16)[:, None], rows, scale.repeat(1, 16)[:, None])
    found = ByGroup(8)(x, weight, bias)
    assert torch.equal(found, expected.view(24, 4, 4, 4).permute(0, 3, 1, 2))


@given(SHAPES, st.integers(0, 2**31), st.data())
def test_only_the_leading_images_are_counted(
    shape: tuple[int, ...], seed: int, data: st.DataObject
) -> None:
    x, weight, bias = (one.double() for one in maps_of(shape, seed))
    images = shape[1]
    counted = data.draw(st.integers(1, images))
    found = ByGroup(images, counted)(x, weight, bias)
    for group, normalised in zip(x.split(images), found.split(images), strict=True):
        leading = group[:counted]
        mean = leading.mean((0, 2, 3), keepdim=True)
        deviation = (leading.var((0, 2, 3), correction=0, keepdim=True) + EPSILON).sqrt()
        expected = (group - mean) / deviation * weight[:, None, None] + bias[:, None, None]
        torch.testing.assert_close(normalised, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_constant_maps_are_normalised_to_zero(value: float) -> None:
    assert ByGroup(2)(torch.full((4, 1, 2, 2), value)).abs().max() == 0
