from __future__ import annotations

import pytest
import torch

from benchmark.datasets import DATASETS, dataset_record
from benchmark.errors import InputError

RESOLUTION = 8


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_is_what_its_record_says(name: str) -> None:
    record = dataset_record(name)
    images = record.read(RESOLUTION, 0.5, 2)
    assert record.name == name
    assert images.classes == record.classes
    for part in (images.train, images.valid):
        assert part.pixels.shape == (len(part), record.channels, RESOLUTION, RESOLUTION)
        assert part.pixels.isfinite().all()
        assert part.labels.unique().tolist() == list(range(record.classes))
    assert len(images.train) == 2 * len(record.read(RESOLUTION, 0.5, 1).train)


@pytest.mark.parametrize("name", DATASETS)
def test_reading_twice_gives_the_same(name: str) -> None:
    first, second = (dataset_record(name).read(RESOLUTION, 0.5, 2) for _ in range(2))
    assert torch.equal(first.train.pixels, second.train.pixels)
    assert torch.equal(first.valid.pixels, second.valid.pixels)


def test_an_unknown_data_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        dataset_record("digit")
    assert str(caught.value) == (
        "unknown data set 'digit': did you mean 'digits'? choose from " + ", ".join(DATASETS)
    )


def test_the_registry_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        DATASETS["mine"] = DATASETS["digits"]  # type: ignore[index]
