"""Every reader of images, given damaged files: a clear error or sound images, nothing else."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.images.batch_pickles import read_batch
from benchmark.images.cifar import read_binary
from benchmark.images.fashion_mnist import read_idx
from tests.fuzzing import bounded, cases, timed
from tests.unit.benchmark.images import official

FEW, MANY = 150, cases(2_000)


def read_small_batch(data: bytes) -> int:
    found = read_batch(data, "labels", 0, 9, 4)
    assert found.pixels.dtype == np.uint8
    assert found.pixels.shape[1:] == (3, 4, 4)
    assert len(found.labels) == len(found.pixels)
    assert ((found.labels >= 0) & (found.labels < 10)).all()
    return len(found.labels)


def read_images(data: bytes) -> int:
    return int(read_idx(data, 3).size)


def read_cifar(data: bytes) -> int:
    return len(read_binary(data, 1, 10).labels)


BATCH = {"data": official.random_images(3, 3, 4).reshape(3, -1), "labels": [1, 2, 3]}
HOSTILE = b"cposix\nsystem\n(S'echo 1'\ntR"


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("sound", "read"),
    [
        (pickle.dumps(BATCH, 2), read_small_batch),
        (pickle.dumps(BATCH, 5), read_small_batch),
        (official.idx(official.random_images(3, 1, 4)[:, 0]), read_images),
        (official.cifar_binary([[3], [4]], official.random_images(2, 3, 32)), read_cifar),
    ],
    ids=["pickle of Python 2", "pickle of today", "IDX", "CIFAR binary"],
)
def test_damaged_files(sound: bytes, read: Callable[[bytes], int], count: int) -> None:
    assert read(sound) > 0
    generator = np.random.default_rng(0)
    refused = 0
    for case in range(count):
        at, length = int(generator.integers(len(sound))), int(generator.integers(1, 9))
        noise = generator.bytes(length)
        data = [
            sound[:at],
            sound[:at] + noise + sound[at + length :],
            sound[:at] + sound[at + length :],
            sound[:at] + noise + sound[at:],
            sound[:at] + HOSTILE + sound[at:],
        ][case % 5]
        with bounded(), timed():
            try:
                read(data)
            except InputError:
                refused += 1
    assert refused > count / 4
