from __future__ import annotations

from pathlib import Path

import pytest

from baselines.standalone import images
from baselines.standalone.images import _cached_batches, read_parts, seed_batches
from benchmark.images import Batches, dataset_record
from tests.unit.baselines.standalone.tiny import numbers, tiny, train


def test_no_image_is_in_two_parts() -> None:
    parts = read_parts(tiny(), Path(), "cpu")
    assert [len(part) for part in parts] == [1_200, 169, 300]
    seen = [{pixels.numpy().tobytes() for pixels in part.pixels} for part in parts]
    assert [len(one) for one in seen] == [1_200, 169, 300]
    assert len(set.union(*seen)) == 1_200 + 169 + 300


def test_the_digest_is_that_of_the_undivided_images() -> None:
    undivided = dataset_record("digits").read(tiny().data, Path())
    assert read_parts(tiny(), Path(), "cpu").digest() == undivided.digest()


def test_training_without_the_cache_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first = train()
    _cached_batches.cache_clear()
    monkeypatch.setattr(images, "CACHE_BYTES", 0)
    again = train()
    assert isinstance(seed_batches(tiny(), 0, Path(), "cpu"), Batches)
    assert numbers(again) == numbers(first)


def test_the_batches_of_as_many_seeds_as_fit_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    _cached_batches.cache_clear()
    whole = seed_batches(tiny(), 0, Path(), "cpu")
    size = sum(whole[step][0].nbytes for step in range(len(whole)))
    monkeypatch.setattr(images, "CACHE_BYTES", 2 * size)
    first = {seed: seed_batches(tiny(), seed, Path(), "cpu") for seed in range(4)}
    again = {seed: seed_batches(tiny(), seed, Path(), "cpu") for seed in range(4)}
    assert [again[seed] is first[seed] for seed in range(4)] == [True, True, False, False]
    other = seed_batches(tiny(training__batch_size=100), 3, Path(), "cpu")
    assert other is seed_batches(tiny(training__batch_size=100), 3, Path(), "cpu")
