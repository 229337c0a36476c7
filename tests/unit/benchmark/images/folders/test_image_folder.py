"""A folder of pictures as a data set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmark.errors import InputError
from benchmark.images import Batches, DataSettings, ImageSet, record_of
from benchmark.images.folders import image_folder
from benchmark.images.folders.image_folder import ImageFolder
from benchmark.images.folders.pictures import read_picture
from benchmark.images.labelled_images import moments
from benchmark.images.registry import IMAGENET
from tests.unit.benchmark.images.folders.written import settings, write, write_folder

COUNTS = {"n01": 4, "n02": 3, "n03": 2}
MINE = ImageFolder("mine", 2, 7, "advice")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a folder of pictures."""
    place = tmp_path_factory.mktemp("data")
    write_folder(place / "mine", COUNTS)
    return place


def ignore(_: float) -> None:
    """Do nothing."""


def mapped(folder: Path, asked: DataSettings, monkeypatch: pytest.MonkeyPatch) -> ImageSet:
    """Read images that are taken to be too many for memory."""
    with monkeypatch.context() as patch:
        patch.setattr(image_folder, "MOST_IN_MEMORY", 0)
        return MINE.read(asked, folder)


def test_every_image_is_one_of_the_pictures_with_its_class(data: Path) -> None:
    written = {
        read_picture(data / "mine" / "train" / name / f"{one}.JPEG", 8).tobytes(): label
        for label, (name, count) in enumerate(COUNTS.items())
        for one in range(count)
    }
    assert len(written) == 9
    found = MINE.read(settings(training_images=5), data)
    assert found.classes == 2
    assert (len(found.train), len(found.valid)) == (5, 2)
    seen = []
    for part in (found.train, found.valid):
        assert (part.pixels.dtype, part.pixels.shape[1:]) == (torch.uint8, (3, 8, 8))
        for image, label in zip(part.pixels.numpy(), part.labels.tolist(), strict=True):
            assert written[image.tobytes()] == label
            seen.append(image.tobytes())
    assert len(set(seen)) == 7


def test_fewer_images_are_some_of_the_same(data: Path) -> None:
    whole, fewer = (
        MINE.read(settings(training_images=n, validation_images=m), data)
        for n, m in ((5, 2), (3, 1))
    )
    assert torch.equal(fewer.train.pixels, whole.train.pixels[:3])
    assert torch.equal(fewer.valid.pixels, whole.valid.pixels[-1:])
    assert torch.equal(fewer.valid.labels, whole.valid.labels[-1:])


def test_training_images_are_normalised(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = MINE.read(settings(), data)
    pixels = found.train.normalised().double()
    assert float(pixels.mean((0, 2, 3)).abs().max()) < 1e-6
    assert float((pixels.var((0, 2, 3), correction=0) - 1).abs().max()) < 1e-5
    monkeypatch.setattr(image_folder, "MOST_MEASURED", 3)
    few = MINE.read(settings(), data).train
    mean, deviation = moments(found.train.pixels[:3])
    assert few.mean is not None
    assert few.deviation is not None
    assert torch.equal(few.mean, mean)
    assert torch.equal(few.deviation, deviation)


@pytest.mark.parametrize("crop_padding", [0, 2])
@pytest.mark.parametrize("crop_area", [1.0, 0.2])
def test_images_in_a_file_give_the_same_batches(
    crop_padding: int, crop_area: float, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, stored = MINE.read(settings(), data), mapped(data, settings(), monkeypatch)
    assert kept.train.file is None
    for part, other in ((kept.train, stored.train), (kept.valid, stored.valid)):
        assert other.file is not None
        assert torch.equal(part.normalised(), other.normalised())
        batches, others = (
            Batches(
                one,
                3,
                5,
                crop_padding,
                torch.Generator().manual_seed(1),
                flip=True,
                crop_area=crop_area,
            )
            for one in (part, other)
        )
        for number in range(5):
            for tensor, same in zip(batches[number], others[number], strict=True):
                assert torch.equal(tensor, same)


def test_a_digest_knows_which_images_of_the_file(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = mapped(data, settings(), monkeypatch).digest()
    assert mapped(data, settings(), monkeypatch).digest() == whole
    fewer = mapped(data, settings(training_images=3), monkeypatch).digest()
    later = mapped(data, settings(validation_images=1), monkeypatch).digest()
    larger = mapped(data, settings(resolution=9), monkeypatch).digest()
    write_folder(tmp_path / "mine", COUNTS)
    write(tmp_path / "mine/train/n01/3.JPEG", seed=77)
    other = mapped(tmp_path, settings(), monkeypatch).digest()
    assert len({whole, fewer, later, larger, other}) == 5


def test_a_prepared_folder_is_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "mine", COUNTS)
    shares: list[float] = []
    record = record_of(settings())
    record.prepare(settings(), tmp_path, shares.append)
    assert shares == [1]
    record.prepare(settings(), tmp_path, shares.append)
    assert shares == [1]
    monkeypatch.setattr("benchmark.images.folders.pixel_cache.read_pictures", None)
    assert record.read(settings(), tmp_path).digest()


def test_another_resolution_or_number_of_classes_has_a_file_of_its_own(tmp_path: Path) -> None:
    write_folder(tmp_path / "mine", COUNTS)
    for classes, images in ((2, 7), (3, 9)):
        for resolution in (8, 12):
            asked = settings(resolution, classes=classes, images=images)
            record_of(asked).prepare(asked, tmp_path, ignore)
    names = sorted(path.stem for path in tmp_path.glob("*.npy"))
    assert names == ["mine-2-12", "mine-2-8", "mine-3-12", "mine-3-8"]


@pytest.mark.parametrize(
    ("classes", "images", "there"),
    [(2, 8, "7 pictures in 2 classes, not 8 in 2"), (4, 9, "9 pictures in 3 classes, not 9 in 4")],
)
def test_other_numbers_than_stated_are_refused(
    classes: int, images: int, there: str, data: Path
) -> None:
    asked = settings(classes=classes, images=images)
    record = record_of(asked)
    for call in (record.read, lambda given, place: record.prepare(given, place, ignore)):
        with pytest.raises(InputError) as caught:
            call(asked, data)
        assert str(caught.value) == (
            f"{data / 'mine' / 'train'} holds {there}: set [data] classes and images by it"
        )


def test_a_missing_folder_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        MINE.prepare(settings(), tmp_path, ignore)
    assert str(caught.value) == (
        f"no mine in {tmp_path}: put its pictures into {tmp_path / 'mine' / 'train'}, a folder a "
        "class, or name another folder with --data or NASBENCH_DATA"
    )


def test_a_part_of_imagenet_needs_another_name(tmp_path: Path) -> None:
    write_folder(tmp_path / "imagenet", COUNTS)
    asked = replace(settings(dataset="imagenet"), classes=0, images=0)
    record = record_of(asked)
    assert (record.classes, record.images) == (IMAGENET.classes, IMAGENET.images)
    with pytest.raises(InputError, match=r"holds 9 pictures in 3 classes, not 1,281,167 in 1,000"):
        record.read(asked, tmp_path)
