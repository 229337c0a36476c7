from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import Tensor

from benchmark.errors import InputError
from benchmark.images import Batches, Images, ImageSet
from benchmark.images import batches as drawing
from benchmark.images.image_set import PixelFile, joint_digest

CHANNELS, HEIGHT, WIDTH = 2, 3, 5
META = torch.device("meta")  # a device that has no data: what leaves it would be noticed


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(count: int) -> Images:
    """Return random images whose labels are their numbers."""
    pixels = torch.rand(count, CHANNELS, HEIGHT, WIDTH, generator=generator(count)) + 1
    return Images(pixels, torch.arange(count))


def every(batches: Batches) -> list[tuple[Tensor, Tensor]]:
    return [batches[number] for number in range(len(batches))]


def naive_crop(image: Tensor, padding: int, down: int, right: int) -> Tensor:
    """Put the image on a black canvas pixel by pixel, and cut."""
    canvas = torch.zeros(CHANNELS, HEIGHT + 2 * padding, WIDTH + 2 * padding)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            canvas[:, row + padding, column + padding] = image[:, row, column]
    return canvas[:, down : down + HEIGHT, right : right + WIDTH]


def places(images: Images, padding: int, pixels: Tensor, labels: Tensor) -> list[int]:
    """Return where each image was cropped, of (2·padding + 1)² places."""
    side = 2 * padding + 1
    crops = {
        label: [
            naive_crop(images.pixels[label], padding, place // side, place % side)
            for place in range(side**2)
        ]
        for label in set(labels.tolist())
    }
    found = []
    for one, label in zip(pixels, labels.tolist(), strict=True):
        (place,) = (n for n, crop in enumerate(crops[label]) if torch.equal(one, crop))
        found.append(place)
    return found


@given(n=st.integers(1, 20), size=st.integers(1, 45), count=st.integers(1, 8))
def test_each_epoch_shows_every_image_once(n: int, size: int, count: int) -> None:
    batches = Batches(numbered(n), size, count, 1, generator())
    assert len(batches) == count
    assert all(labels.shape == (size,) for _, labels in every(batches))
    shown = [label for _, labels in every(batches) for label in labels.tolist()]
    epochs = [shown[start : start + n] for start in range(0, len(shown), n)]
    for epoch in epochs[:-1]:
        assert sorted(epoch) == list(range(n))
    assert len(set(epochs[-1])) == len(epochs[-1])


def test_epochs_are_shuffled_anew() -> None:
    batches = Batches(numbered(30), 30, 2, 0, generator())
    first, second = (labels.tolist() for _, labels in every(batches))
    assert first != second
    assert list(range(30)) not in (first, second)


@given(
    n=st.integers(1, 6), size=st.integers(1, 9), padding=st.integers(0, 2), seed=st.integers(0, 99)
)
def test_a_batch_is_labelled_images_padded_and_cropped(
    n: int, size: int, padding: int, seed: int
) -> None:
    images = numbered(n)
    for pixels, labels in every(Batches(images, size, 2, padding, generator(seed))):
        assert pixels.shape == (size, CHANNELS, HEIGHT, WIDTH)
        assert len(places(images, padding, pixels, labels)) == size


def test_crops_are_uniform_over_all_places() -> None:
    images = numbered(4)
    (pixels, labels) = Batches(images, 4_000, 1, 1, generator())[0]
    found = torch.tensor(places(images, 1, pixels, labels))
    for label in range(4):
        counts = found[labels == label].bincount(minlength=9)
        assert chisquare(counts.numpy()).pvalue > 1e-3


def test_without_padding_images_are_shown_as_they_are() -> None:
    images = numbered(7)
    for pixels, labels in every(Batches(images, 3, 5, 0, generator())):
        assert torch.equal(pixels, images.pixels[labels])


def test_half_of_the_images_are_mirrored_after_cropping() -> None:
    images = numbered(4)
    plain = Batches(images, 4_000, 1, 1, generator())[0]
    mirrored = Batches(images, 4_000, 1, 1, generator(), flip=True)[0]
    assert torch.equal(mirrored[1], plain[1])
    flipped = torch.tensor(
        [torch.equal(one, other.flip(-1)) for one, other in zip(mirrored[0], plain[0], strict=True)]
    )
    same = (mirrored[0] == plain[0]).flatten(1).all(1)
    assert (flipped | same).all()
    assert chisquare([int(flipped.sum()), int((~flipped).sum())]).pvalue > 1e-3


def test_bytes_are_normalised_after_cropping() -> None:
    stored = (256 * torch.rand(5, CHANNELS, HEIGHT, WIDTH, generator=generator())).byte()
    mean, deviation = (
        torch.tensor([3.0, 7.0])[:, None, None],
        torch.tensor([2.0, 5.0])[:, None, None],
    )
    images = Images(stored, torch.arange(5), mean, deviation)
    as_they_are = Images(stored.float(), torch.arange(5))
    for number in range(4):
        pixels, labels = Batches(images, 3, 4, 1, generator())[number]
        plain, same = Batches(as_they_are, 3, 4, 1, generator())[number]
        assert torch.equal(labels, same)
        torch.testing.assert_close(pixels, (plain - mean) / deviation)  # the border is black
    whole = images.first(2).normalised()
    torch.testing.assert_close(whole, (stored[:2].float() - mean) / deviation)
    assert torch.equal(images.after(2).pixels, stored[2:])


def test_a_batch_is_the_same_whenever_it_is_asked_for() -> None:
    batches = Batches(numbered(9), 4, 6, 2, generator())
    forward = every(batches)
    backward = [batches[number] for number in reversed(range(6))][::-1]
    for (pixels, labels), (again, same) in zip(forward, backward, strict=True):
        assert torch.equal(pixels, again)
        assert torch.equal(labels, same)
        pixels.zero_()  # the caller's own
    assert torch.equal(batches[3][0], backward[3][0])


def test_the_generator_alone_decides() -> None:
    images = numbered(40)

    def drawn(seed: int) -> Tensor:
        batches = Batches(images, 8, 6, 1, generator(seed))
        return torch.stack([pixels for pixels, _ in every(batches)])

    state = torch.get_rng_state()
    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    assert torch.equal(torch.get_rng_state(), state)


@given(n=st.integers(1, 12), size=st.integers(1, 9), count=st.integers(1, 5))
def test_a_longer_sequence_begins_with_the_same_images(n: int, size: int, count: int) -> None:
    """Cropped elsewhere, though: crops are drawn after the whole order."""
    short = Batches(numbered(n), size, count, 1, generator())
    long = Batches(numbered(n), size, count + 7, 1, generator())
    for number in range(count):
        assert torch.equal(short[number][1], long[number][1])


@given(
    high=st.integers(1, 9),
    count=st.integers(0, 70),
    chunk=st.integers(1, 40),
    dtype=st.sampled_from([torch.int32, torch.int64]),
)
def test_numbers_drawn_in_chunks_are_the_same(
    high: int, count: int, chunk: int, dtype: torch.dtype
) -> None:
    ours, plain = generator(high), generator(high)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "DRAWN", chunk)
        found = drawing.drawn(high, count, ours, dtype)
    expected = torch.randint(high, (count,), generator=plain)
    assert found.dtype == dtype
    assert torch.equal(found.long(), expected)
    assert torch.equal(ours.get_state(), plain.get_state())


def test_batches_are_channels_last_in_memory() -> None:
    pixels, _ = Batches(numbered(5), 3, 1, 1, generator())[0]
    assert pixels.stride() == (HEIGHT * WIDTH * CHANNELS, 1, WIDTH * CHANNELS, CHANNELS)


def test_a_number_past_the_end_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        Batches(numbered(5), 3, 2, 1, generator())[2]


def test_batches_stay_on_the_device_of_the_images() -> None:
    pixels, labels = Batches(numbered(5).to(META), 3, 1, 1, generator())[0]
    assert pixels.device == labels.device == META


def test_images_and_both_parts_of_a_set_move() -> None:
    moved = ImageSet(numbered(5), numbered(3), 5).to(META)
    assert moved.classes == 5
    for part, count in ((moved.train, 5), (moved.valid, 3)):
        assert part.pixels.shape == (count, CHANNELS, HEIGHT, WIDTH)
        assert part.pixels.device == part.labels.device == META


def stored(count: int = 9) -> Images:
    """Return images as they are in a file."""
    whole = numbered(count)
    file = PixelFile(Path(__file__), 10, 20, "a digest", range(100, 100 + count))
    return replace(whole, file=file)


def test_the_pixels_of_a_file_stay_there() -> None:
    images = stored()
    moved = images.to(META)
    assert (moved.pixels.device, moved.device) == (images.pixels.device, META)
    assert moved.pixels is images.pixels
    assert moved.taken(torch.tensor([1, 2])).device == moved.normalised().device == META
    pixels, labels = Batches(moved, 3, 2, 1, generator())[1]
    assert pixels.device == labels.device == META


@pytest.mark.parametrize("images", [numbered(9), stored()], ids=["on the device", "in a file"])
def test_parts_follow_each_other(images: Images) -> None:
    parts = images.after(1).batches(3)
    assert [len(part) for part in parts] == [3, 3, 2]
    assert torch.equal(torch.cat([part.pixels for part in parts]), images.pixels[1:])
    assert torch.equal(torch.cat([part.labels for part in parts]), images.labels[1:])
    if images.file is not None:
        found = [part.file and part.file.rows for part in parts]
        assert found == [range(101, 104), range(104, 107), range(107, 109)]
    chosen = torch.tensor([4, 0, 4])
    assert torch.equal(images.taken(chosen), images.pixels[chosen])


@pytest.mark.parametrize("images", [numbered(9), stored()], ids=["on the device", "in a file"])
def test_a_divided_part_has_the_digest_of_the_whole(images: Images) -> None:
    whole = ImageSet(images.first(3), images.after(3), 9).digest()
    divided = joint_digest([images.first(3)], images.after(3).batches(2))
    assert divided == whole
    assert joint_digest([images.first(4)], [images.after(4)]) != whole


@pytest.mark.parametrize("count", [1, 4, 5])
def test_the_first_images(count: int) -> None:
    images = numbered(5)
    first = images.first(count)
    assert len(first) == count
    assert first.labels.tolist() == list(range(count))
    assert torch.equal(first.pixels, images.pixels[:count])


def test_more_images_than_there_are_is_an_error() -> None:
    with pytest.raises(InputError, match=r"^6 images are asked for, there are 5: ask for fewer$"):
        numbered(5).first(6)


def test_images_are_frozen() -> None:
    images = numbered(2)
    assert replace(images, labels=images.labels + 1).labels.tolist() == [1, 2]
    with pytest.raises(AttributeError):
        images.labels = images.labels + 1  # type: ignore[misc]


def test_a_digest_knows_every_pixel_and_label() -> None:
    whole = ImageSet(numbered(4), numbered(3), 4)
    assert whole.digest() == ImageSet(numbered(4), numbered(3), 4).digest()
    found = {whole.digest(), ImageSet(numbered(3), numbered(4), 4).digest()}
    for part in ("train", "valid"):
        images: Images = getattr(whole, part)
        pixels = images.pixels.clone()
        pixels[1, 1, 2, 3] += 1e-6
        labels = images.labels.flip(0)
        for other in (Images(pixels, images.labels), Images(images.pixels, labels)):
            changed = {"train": whole.train, "valid": whole.valid, part: other}
            found.add(ImageSet(changed["train"], changed["valid"], 4).digest())
    assert len(found) == 6


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system takes no advice")
def test_the_next_batch_is_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    advised: list[tuple[int, int]] = []
    monkeypatch.setattr(
        os, "posix_fadvise", lambda file, start, size, kind: advised.append((start, size))
    )
    images = stored().after(2)
    batches = Batches(images, 3, 2, 0, generator())

    def wanted(number: int) -> list[tuple[int, int]]:
        return [(10 + (100 + label) * 20, 20) for label in batches[number][1].tolist()]

    first, second = wanted(0), wanted(1)
    advised.clear()
    _ = batches[0]
    assert advised == first + second
    advised.clear()
    _ = batches[1]
    assert advised == second
    advised.clear()
    _ = Batches(numbered(9), 3, 2, 0, generator())[0]
    assert not advised
