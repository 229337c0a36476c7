"""From images as files hold them to the two parts that are used."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.images.labelled_images import LabelledImages, image_set
from tests.unit.benchmark.images import official

COUNT, SIDE = 40, 8


@pytest.fixture(scope="module")
def found() -> LabelledImages:
    return LabelledImages(official.random_images(COUNT, 3, SIDE), np.arange(COUNT) % 7)


def test_parts_do_not_overlap_and_are_shuffled(found: LabelledImages) -> None:
    images = image_set(found, official.settings("x", SIDE, 30, 10), 7)
    place = {image.tobytes(): number for number, image in enumerate(found.pixels)}
    train, valid = (
        [place[image.tobytes()] for image in part.pixels.numpy()]
        for part in (images.train, images.valid)
    )
    assert sorted(train + valid) == list(range(COUNT))
    assert train != sorted(train)
    for part, numbers in ((images.train, train), (images.valid, valid)):
        assert part.labels.tolist() == [number % 7 for number in numbers]


def test_fewer_images_are_some_of_the_same(found: LabelledImages) -> None:
    whole = image_set(found, official.settings("x", SIDE, 30, 10), 7)
    fewer = image_set(found, official.settings("x", SIDE, 12, 4), 7)
    assert torch.equal(fewer.train.pixels, whole.train.pixels[:12])
    assert torch.equal(fewer.valid.pixels, whole.valid.pixels[-4:])


def test_training_images_are_normalised_channel_by_channel(found: LabelledImages) -> None:
    images = image_set(found, official.settings("x", SIDE, 30, 10), 7)
    pixels = images.train.normalised()
    assert (images.train.pixels.dtype, pixels.dtype) == (torch.uint8, torch.float32)
    for channel in pixels.unbind(1):
        assert float(channel.double().mean()) == pytest.approx(0, abs=1e-6)
        assert float(channel.double().std(correction=0)) == pytest.approx(1, abs=1e-6)
    plain = found.pixels.astype(np.float64)
    chosen = images.train.pixels.numpy().astype(np.float64)
    mean, deviation = chosen.mean((0, 2, 3)), chosen.std((0, 2, 3))
    expected = (images.valid.pixels.numpy() - mean[:, None, None]) / deviation[:, None, None]
    np.testing.assert_allclose(images.valid.normalised().numpy(), expected, atol=1e-5)
    assert plain.shape == (COUNT, 3, SIDE, SIDE)


def test_a_small_deviation_is_exact() -> None:
    pixels = np.full((5_000, 1, 2, 2), 254, np.uint8)
    pixels[7] = 255
    asked = official.settings("x", 2, 5_000, 0)
    found = image_set(LabelledImages(pixels, np.zeros(5_000, np.int64)), asked, 1).train
    assert found.deviation is not None
    assert float(found.deviation) == pytest.approx(pixels.astype(float).std(), rel=1e-6)


def test_a_channel_of_one_level_is_left_at_zero() -> None:
    pixels = official.random_images(4, 2, SIDE)
    pixels[:, 1] = 9
    images = image_set(
        LabelledImages(pixels, np.zeros(4, np.int64)), official.settings("x", 8, 3, 1), 1
    )
    assert not images.train.normalised()[:, 1].any()


def test_half_the_resolution_is_the_mean_of_four_pixels(found: LabelledImages) -> None:
    images = image_set(found, official.settings("x", SIDE // 2, 30, 10), 7)
    whole = image_set(found, official.settings("x", SIDE, 30, 10), 7)
    four = whole.train.pixels.double().unflatten(2, (4, 2)).unflatten(4, (4, 2))
    means = four.mean((3, 5))
    assert (images.train.pixels.double() - means).abs().max() <= 0.5
    assert images.train.pixels.dtype == torch.uint8


def test_more_resolution_is_interpolated_between_the_pixels(found: LabelledImages) -> None:
    images = image_set(found, official.settings("x", 2 * SIDE, 30, 10), 7)
    whole = image_set(found, official.settings("x", SIDE, 30, 10), 7)
    corner = whole.train.pixels[:, :, 0, 0]
    assert images.train.pixels.shape == (30, 3, 2 * SIDE, 2 * SIDE)
    assert torch.equal(images.train.pixels[:, :, 0, 0], corner)  # nothing lies beyond it
