"""Pixels in a file: made once, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmark.errors import CheckError, InputError
from benchmark.files import replacing
from benchmark.images.folders import pixel_cache
from benchmark.images.folders.pictures import read_pictures
from benchmark.images.folders.pixel_cache import PixelCache
from tests.unit.benchmark.images.folders.written import write

NAMES = [f"{name}.png" for name in "cab"]
SIDE = 6


@pytest.fixture
def cache(tmp_path: Path) -> PixelCache:
    for seed, name in enumerate(NAMES):
        write(tmp_path / "pictures" / name, seed=seed)
    return PixelCache(tmp_path / "kept" / "mine", tmp_path / "pictures", NAMES, SIDE, "a digest")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of pictures that are decoded together, one at a time."""
    found: list[list[str]] = []

    def noted(folder: Path, names: Sequence[str], resolution: int) -> NDArray[np.uint8]:
        found.append(list(names))
        return read_pictures(folder, names, resolution)

    monkeypatch.setattr(pixel_cache, "CHUNK", 1)
    monkeypatch.setattr(pixel_cache, "read_pictures", noted)
    return found


def ignore(_: float) -> None:
    """Do nothing."""


def files(cache: PixelCache) -> list[str]:
    return sorted(path.name for path in cache.stem.parent.iterdir())


def test_pixels_are_those_of_the_pictures_in_their_order(cache: PixelCache) -> None:
    info = cache.make(ignore)
    expected = read_pictures(cache.place, NAMES, SIDE)
    pixels = cache.pixels()
    assert pixels.dtype == torch.uint8
    np.testing.assert_array_equal(pixels.numpy(), expected)
    np.testing.assert_array_equal(np.load(cache.file), expected)
    assert info.digest == hashlib.sha256(expected.tobytes()).hexdigest()
    assert files(cache) == ["mine.json", "mine.npy"]
    assert json.loads(cache.info_file.read_text()) == {
        "version": 1,
        "pictures": 3,
        "resolution": SIDE,
        "listed": "a digest",
        "digest": info.digest,
    }


def test_progress_is_shown(cache: PixelCache, calls: list[list[str]]) -> None:
    shares: list[float] = []
    cache.make(shares.append)
    assert calls == [[name] for name in NAMES]
    assert shares == [1 / 3, 2 / 3, 1]


def test_it_is_made_once(cache: PixelCache, calls: list[list[str]]) -> None:
    info = cache.make(ignore)
    assert cache.make(ignore) == info
    assert len(calls) == len(NAMES)


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: {"listed": "another digest"},
        lambda cache: {"resolution": 5},
        lambda cache: {"names": NAMES[:2]},
        lambda cache: cache.info_file.write_text("{}"),
        lambda cache: cache.info_file.write_text("no JSON"),
        lambda cache: cache.info_file.unlink(),
        lambda cache: cache.file.unlink(),
    ],
    ids=["pictures", "resolution", "number", "info", "damaged info", "no info", "no pixels"],
)
def test_an_outdated_file_is_made_again(
    change: object, cache: PixelCache, calls: list[list[str]]
) -> None:
    cache.make(ignore)
    calls.clear()
    changes = change(cache)  # type: ignore[operator]
    other = PixelCache(**vars(cache) | (changes if isinstance(changes, dict) else {}))
    other.make(ignore)
    assert len(calls) == len(other.names)
    np.testing.assert_array_equal(
        other.pixels().numpy(), read_pictures(other.place, other.names, other.resolution)
    )


def test_a_broken_picture_leaves_nothing(cache: PixelCache, calls: list[list[str]]) -> None:
    (cache.place / NAMES[1]).write_bytes(b"broken")
    with pytest.raises(InputError, match=f"{NAMES[1]} is no picture that can be read"):
        cache.make(ignore)
    assert files(cache) == []
    write(cache.place / NAMES[1])
    cache.make(ignore)
    assert files(cache) == ["mine.json", "mine.npy"]


@pytest.mark.parametrize("kept", [True, False])
def test_an_interrupt_leaves_nothing_half(
    kept: bool, cache: PixelCache, calls: list[list[str]]
) -> None:
    if kept:
        PixelCache(**vars(cache) | {"listed": "before"}).make(ignore)

    def interrupt(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.make(interrupt)
    assert files(cache) == (["mine.npy"] if kept else [])  # without its info it is not used
    cache.make(ignore)
    assert cache.pixels().shape == (3, 3, SIDE, SIDE)


def test_what_a_killed_process_left_is_removed(cache: PixelCache) -> None:
    cache.make(ignore)
    cache.info_file.unlink()
    with replacing(cache.file) as temporary:
        temporary.write_bytes(b"")
        name = temporary.name
    machine, unique = name[: -len(".npy") - 16], name[-len(".npy") - 8 :]
    left = cache.stem.with_name(f"{machine}{(1 << 32) - 1:08x}{unique}")
    left.write_bytes(b"half")
    cache.make(ignore)
    assert files(cache) == ["mine.json", "mine.npy"]


def test_others_wait_and_use_it(cache: PixelCache, calls: list[list[str]]) -> None:
    entered, done = threading.Event(), threading.Event()

    def wait(share: float) -> None:
        entered.set()
        assert done.wait(10)

    first = threading.Thread(target=cache.make, args=(wait,))
    first.start()
    assert entered.wait(10)
    second = threading.Thread(target=cache.make, args=(ignore,))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    done.set()
    for thread in (first, second):
        thread.join(10)
        assert not thread.is_alive()
    assert calls == [[name] for name in NAMES]
    assert files(cache) == ["mine.json", "mine.npy"]


def test_a_folder_that_cannot_be_written_to(cache: PixelCache) -> None:
    cache.stem.parent.write_text("a file")
    with pytest.raises(CheckError, match=r"^cannot write to .*kept: "):
        cache.make(ignore)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.write_bytes(b"x" * 200), "cannot read .*mine.npy: delete it"),
        (lambda file: file.unlink(), "cannot read .*mine.npy: delete it"),
        (
            lambda file: np.save(file, np.zeros((3, 3, SIDE, SIDE), np.float32)),
            "mine.npy holds other pixels: delete it, it is made again",
        ),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "cannot read .*mine.npy: delete"),
    ],
    ids=["no array", "gone", "another array", "truncated"],
)
def test_a_damaged_file(change: object, message: str, cache: PixelCache) -> None:
    cache.make(ignore)
    change(cache.file)  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        cache.pixels()


@pytest.mark.nightly
def test_workers_make_the_same_file(cache: PixelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    one = cache.make(ignore)
    cache.info_file.unlink()
    monkeypatch.setattr(pixel_cache, "CHUNK", 1)
    monkeypatch.setattr(pixel_cache, "WORTH_A_WORKER", 1)
    assert cache.make(ignore, jobs=2) == one
    cache.info_file.unlink()
    (cache.place / NAMES[1]).write_bytes(b"broken")
    with pytest.raises(InputError, match=f"{NAMES[1]} is no picture that can be read"):
        cache.make(ignore, jobs=2)
    assert files(cache) == ["mine.npy"]
