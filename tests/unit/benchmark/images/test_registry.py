from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.images import DATASETS, DataSettings, data_folder, dataset_record, record_of
from tests.unit.benchmark.images import official
from tests.unit.benchmark.images.folders import written as folders

FREE = ("digits",)  # those that are there without a download


@pytest.mark.parametrize("name", FREE)
def test_a_data_set_is_what_its_record_says(name: str) -> None:
    record = dataset_record(name)
    settings = DataSettings(name, 8, 1_000, 200, 0.5, 2, 0, flip=False)
    record.check(settings)
    record.prepare(settings, data_folder(), lambda share: None)
    images = record.read(settings, data_folder())
    assert (record.name, images.classes) == (name, record.classes)
    for part in (images.train, images.valid):
        assert part.pixels.shape == (len(part), record.channels, 8, 8)
        assert part.pixels.isfinite().all()
        assert part.labels.unique().tolist() == list(range(record.classes))
    assert (len(images.train), len(images.valid)) == (2_000, 200)
    again = record.read(settings, data_folder())
    assert again.digest() == images.digest()


@pytest.mark.parametrize("name", DATASETS)
def test_more_images_than_there_are_is_refused(name: str) -> None:
    record = dataset_record(name)
    settings = DataSettings(name, 8, record.images - 5, 5, 0.0, 1, 0, flip=False)
    record.check(settings)
    with pytest.raises(InputError, match=f"{name} has {record.images}, ask for fewer"):
        record.check(replace(settings, validation_images=6))


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in FREE])
@pytest.mark.parametrize("noise", [{"noise": 0.5}, {"noise_draws": 2}])
def test_real_images_take_no_noise(name: str, noise: dict[str, Any]) -> None:
    settings = replace(DataSettings(name, 8, 10, 5, 0.0, 1, 0, flip=False), **noise)
    with pytest.raises(InputError, match=f"{name} takes none"):
        dataset_record(name).check(settings)


def test_an_unknown_data_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        dataset_record("digit")
    assert str(caught.value) == (
        "unknown data set 'digit': did you mean 'digits'? choose from " + ", ".join(DATASETS)
    )


def test_the_registry_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        DATASETS["mine"] = DATASETS["digits"]  # type: ignore[index]


def test_a_folder_of_pictures_is_what_its_settings_say() -> None:
    asked = folders.settings(11, dataset="imagenet-100.v2", classes=100, images=2_000)
    record = record_of(asked)
    assert (record.name, record.classes, record.images) == ("imagenet-100.v2", 100, 2_000)
    assert (record.channels, record.resolution, record.noisy) == (3, 11, False)
    with pytest.raises(InputError, match=r"imagenet-100.v2 has 2000, ask for fewer"):
        record.check(replace(asked, training_images=1_999))


@pytest.mark.parametrize("name", DATASETS)
def test_a_registered_data_set_says_itself_what_it_has(name: str) -> None:
    asked = folders.settings(11, dataset=name, classes=0, images=0)
    assert record_of(asked) is dataset_record(name)
    with pytest.raises(InputError) as caught:
        record_of(replace(asked, classes=10, images=100))
    assert str(caught.value) == (
        f"[data] classes is 10 and images 100: {name} says so itself, leave them out; a part of it "
        "needs a folder with another name"
    )


def test_an_unknown_name_may_be_a_folder_of_pictures() -> None:
    with pytest.raises(InputError) as caught:
        record_of(folders.settings(dataset="cifar1", classes=0, images=0))
    assert str(caught.value).startswith("unknown data set 'cifar1': did you mean 'cifar10'?")
    assert str(caught.value).endswith(
        "; or give [data] classes and images for a folder of pictures"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/tmp", "Mine", "a b", "a.", "-a", "ä"])
def test_a_folder_of_pictures_is_in_the_data_folder(name: str) -> None:
    with pytest.raises(InputError, match=r"name a folder in small letters, digits, and \. \+ -"):
        record_of(folders.settings(dataset=name))


@pytest.mark.parametrize("changes", [{"classes": 0}, {"images": 0}])
def test_a_folder_of_pictures_states_both_numbers(changes: dict[str, int]) -> None:
    with pytest.raises(InputError, match="give both for a folder of pictures, or none"):
        folders.settings(**changes)


def test_crops_are_of_one_kind() -> None:
    folders.settings(crop_area=0.08)
    folders.settings(crop_padding=1)
    with pytest.raises(InputError, match=r"crop_area is 0.08 and crop_padding 1: crop in one way"):
        folders.settings(crop_area=0.08, crop_padding=1)


def test_settings_that_say_nothing_are_left_out() -> None:
    plain = official.settings("digits", 8, 30, 10)
    required = "resolution training_images validation_images noise noise_draws crop_padding flip"
    assert list(plain.describe()) == ["dataset", *required.split()]
    assert plain.describe() | {"crop_area": 1.0, "classes": 0, "images": 0} == asdict(plain)
    whole = folders.settings(crop_area=0.5)
    assert whole.describe() == asdict(whole)
