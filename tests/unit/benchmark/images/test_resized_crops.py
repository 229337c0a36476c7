"""Random parts of images, enlarged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import kstest

from benchmark.images import Batches, Images
from benchmark.images.resized_crops import ResizedCrops

MANY = 20_000


def crops(least_area: float, count: int = 3, seed: int = 0) -> ResizedCrops:
    return ResizedCrops(count, least_area, torch.Generator().manual_seed(seed))


def naive(image: torch.Tensor, box: list[float]) -> NDArray[np.float64]:
    """Enlarge a part [H, W] pixel by pixel: each is a mean of four by their distances."""
    height, width = image.shape
    left, top, wide, high = box
    found = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            y = min(max((top + high * (row + 0.5) / height) * height - 0.5, 0), height - 1)
            x = min(max((left + wide * (column + 0.5) / width) * width - 0.5, 0), width - 1)
            for down in {int(y), min(int(y) + 1, height - 1)}:
                for right in {int(x), min(int(x) + 1, width - 1)}:
                    share = max(0, 1 - abs(y - down)) * max(0, 1 - abs(x - right))
                    found[row, column] += share * float(image[down, right])
    return found


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64])
def test_a_part_is_interpolated_between_pixels(dtype: torch.dtype) -> None:
    pixels = (torch.rand(4, 2, 5, 7, generator=torch.Generator().manual_seed(1)) * 255).to(dtype)
    given = crops(0.1)
    found = given(1, pixels)
    assert found.shape == pixels.shape
    assert found.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    for image, boxed, box in zip(pixels, found, given.boxes(1, 4).T.tolist(), strict=True):
        for channel, expected in zip(boxed, image, strict=True):
            np.testing.assert_allclose(channel.numpy(), naive(expected, box), atol=2e-3)


def test_the_whole_image_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, given = torch.rand(3, 1, 6, 6), crops(0.1)
    whole = torch.tensor([[0.0], [0.0], [1.0], [1.0]]).expand(4, 3)
    monkeypatch.setattr(given, "boxes", lambda number, size: whole)
    torch.testing.assert_close(given(0, pixels), pixels)


def test_parts_lie_within_the_image() -> None:
    left, top, width, height = crops(0.08).boxes(0, MANY)
    for start, side in ((left, width), (top, height)):
        assert (start >= 0).all()
        assert (side > 0).all()
        assert (start + side <= 1 + 1e-6).all()


def test_areas_and_ratios_are_spread_evenly() -> None:
    """As far as sides are not cut, which happens to none below 3/4 of the area."""
    _, _, width, height = (one.double().numpy() for one in crops(0.08).boxes(0, MANY))
    area = width * height
    small = area < 0.7
    assert abs(small.mean() - 0.62 / 0.92) < 0.02
    assert kstest((area[small] - 0.08) / 0.62, "uniform").pvalue > 1e-3
    ratio = np.log(width[small] / height[small]) / np.log(4 / 3)
    assert kstest((ratio + 1) / 2, "uniform").pvalue > 1e-3
    assert area.max() <= 1


def test_places_are_spread_evenly() -> None:
    left, top, width, height = (one.double().numpy() for one in crops(0.08).boxes(0, MANY))
    for start, side in ((left, width), (top, height)):
        movable = side < 0.99
        assert kstest(start[movable] / (1 - side[movable]), "uniform").pvalue > 1e-3


def test_each_batch_has_parts_of_its_own_that_stay() -> None:
    given = crops(0.08)
    found = [given.boxes(number, 4) for number in (0, 1, 2, 1)]
    assert torch.equal(found[1], found[3])
    assert not torch.equal(found[0], found[1])
    assert torch.equal(crops(0.08).boxes(2, 4), found[2])
    assert not torch.equal(crops(0.08, seed=1).boxes(0, 4), found[0])
    with pytest.raises(IndexError):
        given.boxes(3, 4)


def test_batches_are_cropped_then_mirrored_then_normalised() -> None:
    generator = torch.Generator().manual_seed(3)
    stored = (256 * torch.rand(5, 3, 8, 8, generator=generator)).byte()
    mean, deviation = torch.full((2, 3, 1, 1), 2.0)
    images = Images(stored, torch.arange(5), mean, deviation)

    def batches(flip: bool, crop_area: float) -> Batches:
        return Batches(
            images, 4, 3, 0, torch.Generator().manual_seed(5), flip=flip, crop_area=crop_area
        )

    plain, mirrored = batches(False, 1.0), batches(True, 1.0)
    resized = batches(True, 0.3)
    for number in range(3):
        pixels, labels = resized[number]
        assert torch.equal(labels, plain[number][1])
        assert pixels.is_contiguous(memory_format=torch.channels_last)
        assert resized._resized is not None
        cropped = resized._resized(number, stored[labels])
        flips = (mirrored[number][0] != plain[number][0]).flatten(1).any(1)
        expected = torch.where(flips[:, None, None, None], cropped.flip(-1), cropped)
        torch.testing.assert_close(pixels, (expected - 2) / 2)
