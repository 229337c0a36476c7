"""ImageNet16-120 from the authors' batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.images import imagenet16
from benchmark.images.imagenet16 import find_imagenet16, read_imagenet16, read_training_batch
from tests.unit.benchmark.images import official

LABELS = [1, 120, 121, 1_000, 60]  # from 1 to 1,000; the first 120 are kept


def write_batches(folder: Path) -> None:
    for number in range(1, 11):
        pixels = official.random_images(len(LABELS), 3, 16, seed=number).reshape(len(LABELS), -1)
        contents = {"data": pixels, "labels": LABELS, "mean": np.zeros(768)}
        official.write(folder / f"train_data_batch_{number}", official.cifar_pickle(contents, 4))


@pytest.mark.parametrize("place", ["ImageNet16", "imagenet16-120", "."])
def test_the_first_120_classes_are_kept(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_batches(tmp_path / place)
    monkeypatch.setattr(imagenet16, "IMAGES", 30)
    found = read_imagenet16(official.settings("imagenet16-120", 16, 20, 10), tmp_path)
    labels = [*found.train.labels.tolist(), *found.valid.labels.tolist()]
    assert sorted(labels) == [0] * 10 + [59] * 10 + [119] * 10
    written = {
        image.tobytes(): label
        for number in range(1, 11)
        for image, label in zip(
            official.random_images(len(LABELS), 3, 16, seed=number), LABELS, strict=True
        )
    }
    for part in (found.train, found.valid):
        for image, label in zip(part.pixels.numpy(), part.labels.tolist(), strict=True):
            assert written[image.tobytes()] == label + 1
    assert (found.classes, found.train.pixels.shape[1:]) == (120, (3, 16, 16))


def test_another_number_of_images_is_refused(tmp_path: Path) -> None:
    write_batches(tmp_path)
    with pytest.raises(InputError, match="holds 30 images of the first 120 classes, not 151,700"):
        read_imagenet16(official.settings("imagenet16-120", 16, 20, 10), tmp_path)


def test_a_missing_batch_says_where_they_come_from(tmp_path: Path) -> None:
    write_batches(tmp_path / "ImageNet16")
    (tmp_path / "ImageNet16" / "train_data_batch_10").unlink()
    with pytest.raises(InputError, match=r"no ImageNet16 in .*https://image-net.org/download"):
        find_imagenet16(tmp_path)


@pytest.mark.parametrize("label", [0, 1_001])
def test_labels_run_from_1_to_1000(label: int) -> None:
    pixels = official.random_images(1, 3, 16).reshape(1, -1)
    data = official.cifar_pickle({"data": pixels, "labels": [label]})
    with pytest.raises(InputError, match=f"has the label {label}: labels are from 1 to 1000"):
        read_training_batch(data)
