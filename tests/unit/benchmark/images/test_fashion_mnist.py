"""Fashion-MNIST from IDX files, made here and the real ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.errors import InputError
from benchmark.images import fashion_mnist
from benchmark.images.data_files import RemoteFile
from benchmark.images.fashion_mnist import (
    IMAGES,
    find_fashion_mnist,
    prepare_fashion_mnist,
    read_fashion_mnist,
    read_idx,
    read_training_files,
)
from tests.unit.benchmark.images import official

COUNT = 6
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def write_both(folder: Path, suffix: str = ".gz") -> tuple[Path, Path]:
    images = official.random_images(COUNT, 1, 28)[:, 0]
    labels = np.arange(COUNT, dtype=np.uint8)
    return (
        official.write(folder / (NAMES[0] + suffix), official.idx(images)),
        official.write(folder / (NAMES[1] + suffix), official.idx(labels)),
    )


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("place", ["fashion-mnist", "FashionMNIST/raw"])
def test_files_are_found_packed_or_not(place: str, suffix: str, tmp_path: Path) -> None:
    paths = write_both(tmp_path / place, suffix)
    assert find_fashion_mnist(tmp_path) == paths
    found = read_training_files(*paths, count=COUNT)
    assert np.array_equal(found.pixels, official.random_images(COUNT, 1, 28))
    assert found.labels.tolist() == list(range(COUNT))


def test_what_is_not_there_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        RemoteFile, "download", lambda self, folder: asked.append((self.name, folder))
    )
    monkeypatch.setattr(fashion_mnist, "_PLACES", ("fashion-mnist",))
    prepare_fashion_mnist(tmp_path)
    assert asked == [(f"{name}.gz", tmp_path / "fashion-mnist") for name in NAMES]
    write_both(tmp_path / "fashion-mnist")
    prepare_fashion_mnist(tmp_path)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda data: data[:-1], r"states 6×28×28 elements, but has 4,703"),
        (lambda data: data + b"\0", r"states 6×28×28 elements, but has 4,705"),
        (lambda data: b"\0\0\x08\x01" + data[4:], "has the magic number 2049, not the 2051"),
        (lambda data: b"\0\0\x0d\x03" + data[4:], "has the magic number 3331, not the 2051"),
        (lambda data: data[:3], "has the magic number"),
        (lambda data: b"", "has the magic number 0"),
        (
            lambda data: data[:4] + b"\xff" * 12 + data[16:],
            r"states .* elements, but has 4,704",
        ),
    ],
)
def test_damaged_images(damage: object, fault: str, tmp_path: Path) -> None:
    images, labels = write_both(tmp_path, suffix="")
    images.write_bytes(damage(images.read_bytes()))  # type: ignore[operator]
    with pytest.raises(InputError, match=f"{NAMES[0]} {fault}"):
        read_training_files(images, labels, count=COUNT)


def test_labels_out_of_range_or_too_few(tmp_path: Path) -> None:
    images, labels = write_both(tmp_path, suffix="")
    labels.write_bytes(official.idx(np.array([0, 1, 2, 3, 4, 10], np.uint8)))
    with pytest.raises(InputError, match=f"{NAMES[1]} has the label 10: labels are from 0 to 9"):
        read_training_files(images, labels, count=COUNT)
    labels.write_bytes(official.idx(np.arange(COUNT - 1, dtype=np.uint8)))
    with pytest.raises(InputError, match=f"{NAMES[1]} has 5 labels, not 6"):
        read_training_files(images, labels, count=COUNT)


def test_images_of_another_size(tmp_path: Path) -> None:
    images, labels = write_both(tmp_path, suffix="")
    images.write_bytes(official.idx(official.random_images(COUNT, 1, 27)[:, 0]))
    with pytest.raises(InputError, match=r"images of shape \[6, 27, 27\], not 6 of 28×28"):
        read_training_files(images, labels, count=COUNT)


@pytest.mark.parametrize("keep", [1, 10, 50, -1])
def test_a_packed_file_that_is_cut_off(keep: int, tmp_path: Path) -> None:
    images, labels = write_both(tmp_path)
    images.write_bytes(images.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte\.gz is damaged .*get it again"):
        read_training_files(images, labels, count=COUNT)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "train-images-idx3-ubyte.gz"
    with gzip.open(bomb, "wb") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
    _, labels = write_both(tmp_path / "sound")
    with pytest.raises(InputError, match="has more than 67,108,864 bytes: it is another file"):
        read_training_files(bomb, labels, count=COUNT)


def test_idx_of_any_size() -> None:
    for array in (official.random_images(2, 1, 3)[0], np.zeros((0, 28, 28), np.uint8)):
        assert np.array_equal(read_idx(official.idx(array), 3), array)


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_the_real_images(tmp_path: Path) -> None:
    prepare_fashion_mnist(tmp_path)  # nothing to do
    assert list(tmp_path.iterdir()) == []
    found = read_fashion_mnist(official.settings("fashion-mnist", 28, 50_000, 10_000), tmp_path)
    labels = torch.cat([found.train.labels, found.valid.labels])
    assert labels.bincount().tolist() == [6_000] * 10  # as the authors say
    assert len(labels) == IMAGES
    pixels = torch.cat([found.train.pixels, found.valid.pixels])
    assert (pixels.shape, pixels.dtype) == ((IMAGES, 1, 28, 28), torch.uint8)
    mean, deviation = pixels.double().mean() / 255, pixels.double().std() / 255
    assert float(mean) == pytest.approx(0.2860, abs=1e-4)  # widely quoted for this data set
    assert float(deviation) == pytest.approx(0.3530, abs=1e-4)
