from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.images import DATASETS, DataSettings, data_folder, dataset_record

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
