from __future__ import annotations

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import kstest
from sklearn.datasets import load_digits

from benchmark.images import DataSettings, Images, ImageSet
from benchmark.images.digits import read_digits

NOISE = 0.8
TRAIN, VALID = 1_200, 597


def settings(resolution: int, noise: float, draws: int) -> DataSettings:
    return DataSettings("digits", resolution, TRAIN, VALID, noise, draws, 1, flip=False)


def read(resolution: int, noise: float, draws: int) -> ImageSet:
    return read_digits(settings(resolution, noise, draws))


@pytest.fixture(scope="module")
def clean() -> ImageSet:
    return read(8, 0.0, 1)


@pytest.fixture(scope="module")
def noisy() -> ImageSet:
    return read(8, NOISE, 3)


def grey_levels(images: ImageSet) -> NDArray[np.int64]:
    """Return the pixels of both parts as scikit-learn gives them: whole numbers from 0 to 16."""
    pixels = torch.cat([images.train.pixels, images.valid.pixels])[:, 0].double()
    levels = (16 * (pixels - pixels.min()) / (pixels.max() - pixels.min())).numpy()
    np.testing.assert_allclose(levels, levels.round(), atol=1e-4)
    return np.asarray(levels.round(), np.int64)


def noise_of(part: Images, clean: Images) -> NDArray[np.float64]:
    """Return what was added to the pixels, [draws, n, 1, 8, 8], in their standard deviations."""
    added = math.sqrt(1 + NOISE**2) * part.pixels.view(-1, *clean.pixels.shape) - clean.pixels
    return added.numpy().astype(np.float64)


def digest(images: ImageSet) -> str:
    parts = (images.train.pixels, images.train.labels, images.valid.pixels, images.valid.labels)
    return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()


@pytest.mark.parametrize("resolution", [8, 16, 4])
@pytest.mark.parametrize("draws", [1, 3])
def test_sizes(resolution: int, draws: int) -> None:
    images = read(resolution, NOISE, draws)
    assert images.train.pixels.shape == (TRAIN * draws, 1, resolution, resolution)
    assert images.valid.pixels.shape == (VALID, 1, resolution, resolution)
    assert (len(images.train), len(images.valid)) == (TRAIN * draws, VALID)
    for part in (images.train, images.valid):
        assert (part.pixels.dtype, part.labels.dtype) == (torch.float32, torch.int64)


def test_every_digit_is_in_one_part_once_with_its_label(clean: ImageSet) -> None:
    bunch = load_digits()
    label_of = {
        image.astype(np.int64).tobytes(): int(label)
        for image, label in zip(bunch.images, bunch.target, strict=True)
    }
    assert len(label_of) == TRAIN + VALID  # no two digits are the same to the pixel
    labels = torch.cat([clean.train.labels, clean.valid.labels]).tolist()
    shown = [image.tobytes() for image in grey_levels(clean)]
    assert set(shown) == set(label_of)
    assert [label_of[image] for image in shown] == labels


def test_the_split_is_shuffled(clean: ImageSet) -> None:
    """The file is sorted by writer: its end has writers that its beginning lacks."""
    first = {image.astype(np.int64).tobytes() for image in load_digits().images[:TRAIN]}
    share = np.mean([image.tobytes() in first for image in grey_levels(clean)[:TRAIN]])
    assert abs(share - TRAIN / (TRAIN + VALID)) < 0.05


def test_the_split_is_the_same_whatever_the_images_look_like(
    clean: ImageSet, noisy: ImageSet
) -> None:
    for images in (noisy, read(16, 0.0, 1), read(8, 3.0, 1)):
        assert torch.equal(images.valid.labels, clean.valid.labels)
        assert torch.equal(images.train.labels[:TRAIN], clean.train.labels)


def test_clean_training_pixels_have_zero_mean_and_unit_variance(clean: ImageSet) -> None:
    pixels = clean.train.pixels.double()
    assert float(pixels.mean()) == pytest.approx(0, abs=1e-5)
    assert float(pixels.std()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("noise", [0.1, NOISE, 10.0])
@pytest.mark.parametrize("resolution", [8, 16])
def test_noisy_pixels_have_zero_mean_and_unit_variance(resolution: int, noise: float) -> None:
    images = read(resolution, noise, 2)
    for part in (images.train, images.valid):
        assert float(part.pixels.mean()) == pytest.approx(0, abs=0.02)
        assert float(part.pixels.std()) == pytest.approx(1, abs=0.02)


def test_noise_is_gaussian_of_the_strength_asked_for(clean: ImageSet, noisy: ImageSet) -> None:
    for part, plain in ((noisy.train, clean.train), (noisy.valid, clean.valid)):
        added = noise_of(part, plain)
        assert kstest(added.ravel() / NOISE, "norm").pvalue > 1e-3
        seen = np.broadcast_to(plain.pixels.numpy(), added.shape)
        assert abs(np.corrcoef(added.ravel(), seen.ravel())[0, 1]) < 0.02


def test_each_draw_has_the_same_digits_and_noise_of_its_own(
    clean: ImageSet, noisy: ImageSet
) -> None:
    draws = noise_of(noisy.train, clean.train).reshape(3, -1)
    validation = noise_of(noisy.valid, clean.valid).ravel()
    size = len(validation)
    together = np.corrcoef([*draws[:, :size], validation])
    np.testing.assert_allclose(together, np.eye(4), atol=0.03)
    for labels in noisy.train.labels.view(3, -1):
        assert torch.equal(labels, clean.train.labels)


def test_more_draws_leave_the_validation_images_alone(noisy: ImageSet) -> None:
    assert torch.equal(read(8, NOISE, 1).valid.pixels, noisy.valid.pixels)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_global_generators_change_nothing_and_are_not_changed(
    noisy: ImageSet, seed: int
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        assert digest(read(8, NOISE, 3)) == digest(noisy)
        assert torch.equal(torch.get_rng_state(), state)


def test_another_process_sees_the_same(noisy: ImageSet) -> None:
    program = (
        "import hashlib, pathlib; from benchmark.images import DataSettings, dataset_record;"
        f"settings = {settings(8, NOISE, 3)};"
        "i = dataset_record('digits').read(settings, pathlib.Path());"
        "parts = (i.train.pixels, i.train.labels, i.valid.pixels, i.valid.labels);"
        "data = b''.join(part.numpy().tobytes() for part in parts);"
        "print(hashlib.sha256(data).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest(noisy)


def test_twice_the_resolution_is_interpolated(clean: ImageSet) -> None:
    weights = np.zeros((16, 8))
    for pixel in range(16):
        place = min(max((pixel + 0.5) / 2 - 0.5, 0), 7)  # of its centre among the old centres
        low = min(int(place), 6)
        weights[pixel, low : low + 2] = low + 1 - place, place - low
    larger = weights @ grey_levels(clean) @ weights.T
    expected = (larger - larger[:TRAIN].mean()) / larger[:TRAIN].std()
    images = read(16, 0.0, 1)
    seen = torch.cat([images.train.pixels, images.valid.pixels])[:, 0].numpy()
    np.testing.assert_allclose(seen, expected, atol=1e-4)
