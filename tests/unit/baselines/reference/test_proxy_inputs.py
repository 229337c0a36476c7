from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation

from baselines.reference.proxy_inputs import (
    BatchOptions,
    NetworkOptions,
    proxy_batches,
    proxy_scale,
)
from benchmark.errors import InputError
from benchmark.images import Images, ImageSet
from benchmark.spaces.nb201.complexity import TABLE_SCALE
from tests.unit.baselines.tiny import tiny_experiment, tiny_images, tiny_scale


def test_the_tasks_scale_and_the_tables() -> None:
    experiment = tiny_experiment(scale=replace(tiny_scale(), classes=7))
    assert proxy_scale(experiment, NetworkOptions("task")) == experiment.scale
    assert proxy_scale(experiment, NetworkOptions("table")) == replace(TABLE_SCALE, classes=7)


def test_task_images_are_training_images_each_once() -> None:
    images = tiny_images()
    experiment = tiny_experiment(images=images)
    batches = proxy_batches(experiment, BatchOptions("task", "task", 8), 3)
    train = {
        pixels.numpy().tobytes(): int(label)
        for pixels, label in zip(images.train.pixels, images.train.labels, strict=True)
    }
    seen = [
        (pixels.numpy().tobytes(), int(label))
        for batch in batches
        for pixels, label in zip(batch.pixels, batch.labels, strict=True)
    ]
    assert [len(batch) for batch in batches] == [8, 8, 8]
    assert dict(seen) == train
    assert len(seen) == len(train)


def test_another_seed_shows_other_images_and_the_same_seed_the_same() -> None:
    for options in (BatchOptions("task", "task", 8), BatchOptions("task", "noise", 8)):
        one, again, other = (
            proxy_batches(tiny_experiment(seed), options)[0].pixels for seed in (0, 0, 1)
        )
        assert torch.equal(one, again)
        assert not torch.equal(one, other)


def test_noise_fits_the_network_and_is_standard() -> None:
    (batch,) = proxy_batches(tiny_experiment(), BatchOptions("table", "noise", 64))
    assert batch.pixels.shape == (64, 3, 32, 32)
    assert abs(float(batch.pixels.mean())) < 0.01
    assert abs(float(batch.pixels.std()) - 1) < 0.01
    assert set(np.unique(batch.labels)) == set(range(10))


def test_task_images_are_brought_to_the_tables_network() -> None:
    experiment = tiny_experiment()
    (small,) = proxy_batches(experiment, BatchOptions("task", "task", 4))
    (large,) = proxy_batches(experiment, BatchOptions("table", "task", 4))
    assert torch.equal(small.labels, large.labels)
    assert large.pixels.shape == (4, 3, 32, 32)
    expected = F.interpolate(small.pixels, scale_factor=4, mode="bilinear")
    for channel in range(3):
        assert torch.equal(large.pixels[:, channel], expected[:, 0])


def test_more_images_than_there_are_is_an_error() -> None:
    with pytest.raises(InputError, match=r"needs 26 images, the task has 24 .* batch_size"):
        proxy_batches(tiny_experiment(), BatchOptions("task", "task", 13), 2)


def test_images_that_do_not_fit_are_an_error() -> None:
    part = Images(torch.zeros(9, 2, 8, 8), torch.zeros(9, dtype=torch.int64))
    experiment = tiny_experiment(images=ImageSet(part, part, 10))
    with pytest.raises(InputError, match=r'2 channels do not fit a network for 3: set scale = "ta'):
        proxy_batches(experiment, BatchOptions("table", "task", 4))
