"""Decoding of single pictures, whatever their mode and size."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from benchmark.errors import InputError
from benchmark.images.folders import pictures
from benchmark.images.folders.pictures import read_picture, read_pictures
from tests.fuzzing import bounded, cases, timed
from tests.unit.benchmark.images.folders.written import levels, write

SIDE = 12
RGB = levels(SIDE, SIDE)


def decoded(path: Path, picture: Image.Image, resolution: int = SIDE) -> NDArray[np.uint8]:
    found = read_picture(write(path, picture), resolution)
    assert found.shape == (3, resolution, resolution)
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    return found.transpose(1, 2, 0)


def test_colours_are_kept(tmp_path: Path) -> None:
    np.testing.assert_array_equal(decoded(tmp_path / "a.png", Image.fromarray(RGB)), RGB)


def test_jpeg_is_what_was_saved_up_to_its_losses(tmp_path: Path) -> None:
    given = levels(48, 48)
    found = decoded(tmp_path / "a.JPEG", Image.fromarray(given), 48)
    assert np.abs(found.astype(int) - given).mean() < 4


def test_grey_is_the_same_in_all_channels(tmp_path: Path) -> None:
    found = decoded(tmp_path / "a.png", Image.fromarray(RGB[..., 0]))
    np.testing.assert_array_equal(found, np.repeat(RGB[..., :1], 3, axis=-1))


def test_black_and_white(tmp_path: Path) -> None:
    found = decoded(tmp_path / "a.png", Image.fromarray(RGB[..., 0] > 127))
    np.testing.assert_array_equal(found[..., 2], np.where(RGB[..., 0] > 127, 255, 0))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_ignored(mode: str, tmp_path: Path) -> None:
    colours = RGB if mode == "RGBA" else RGB[..., :1]
    whole = np.concatenate([colours, RGB[..., 1:2]], axis=-1)
    found = decoded(tmp_path / "a.png", Image.fromarray(whole))
    np.testing.assert_array_equal(found, np.broadcast_to(colours, RGB.shape))


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    picture = Image.fromarray(RGB[..., 0] % 4)
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    assert picture.mode == "P"
    palette = np.arange(10, 130, 10).reshape(4, 3)
    found = decoded(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(found, palette[RGB[..., 0] % 4])


def test_inks_are_multiplied(tmp_path: Path) -> None:
    inks = np.dstack([RGB, RGB[::-1, :, 0]])
    found = decoded(tmp_path / "a.tiff", Image.fromarray(inks, "CMYK"))
    kept = 1 - inks / 255
    np.testing.assert_allclose(found, 255 * kept[..., :3] * kept[..., 3:], atol=1)


def test_other_colour_spaces_are_converted(tmp_path: Path) -> None:
    found = decoded(tmp_path / "a.tiff", Image.fromarray(RGB).convert("YCbCr"))
    assert np.abs(found.astype(int) - RGB).max() <= 3


@given(
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    resolution=st.integers(2, 24),  # PyTorch mixes up the rows of images one pixel wide
)
def test_the_shorter_side_is_resized_and_the_middle_cut_out(
    width: int, height: int, resolution: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """PyTorch's own interpolation with antialiasing is an independent one."""
    path = tmp_path_factory.getbasetemp() / "any.png"
    given = levels(width, height)
    found = decoded(path, Image.fromarray(given), resolution)
    shorter = min(width, height)
    size = (resolution * height // shorter, resolution * width // shorter)
    channels = torch.from_numpy(given.copy()).permute(2, 0, 1)[None].float()
    whole = F.interpolate(channels, size=size, mode="bilinear", antialias=True)[0].numpy()
    top, left = (round((side - resolution) / 2) for side in size)
    expected = whole[:, top : top + resolution, left : left + resolution].transpose(1, 2, 0)
    assert np.abs(found - expected).max() <= 1.5


def test_pictures_are_read_in_order(tmp_path: Path) -> None:
    names = [f"{seed}.png" for seed in range(3)]
    for seed, name in enumerate(names):
        write(tmp_path / name, Image.fromarray(levels(9, 9, seed)))
    found = read_pictures(tmp_path, names[::-1], 9)
    for row, seed in zip(found, (2, 1, 0), strict=True):
        np.testing.assert_array_equal(row.transpose(1, 2, 0), levels(9, 9, seed))


def test_exif_data_turns_no_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    Image.fromarray(levels(16, 8)).save(tmp_path / "a.png", exif=exif)
    Image.fromarray(levels(16, 8)).save(tmp_path / "b.png")
    turned, plain = read_pictures(tmp_path, ["a.png", "b.png"], 8)
    np.testing.assert_array_equal(turned, plain)


def test_odd_side_data_is_no_warning(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(RGB).save(
        tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12", icc_profile=profile
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_picture(tmp_path / "a.jpg", SIDE)


def fault(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_picture(path, SIDE)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_truncated_picture(ending: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)
    path = write(tmp_path / f"a.{ending}", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "get the picture again" in fault(path)


@pytest.mark.parametrize("contents", [b"", b"no picture", b"\xff\xd8\xff"])
def test_what_is_no_picture(contents: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(contents)
    assert fault(path) == f"{path} is no picture that can be read: take it away"


def test_a_missing_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    assert fault(path) == f"cannot read {path}: {os.strerror(2)}; get the picture again"


def test_sixteen_bits_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", Image.fromarray(np.full((9, 9), 300, np.uint16)))
    assert fault(path) == f"{path} has more than eight bits a channel: save it with eight"


def test_a_thread_of_a_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", Image.new("RGB", (1_010, 10)))
    assert "has 1,010×10 pixels, a longer side of more than 100 shorter ones" in fault(path)
    path = write(tmp_path / "b.png", Image.new("RGB", (1_000, 10)))
    assert read_picture(path, SIDE).shape == (3, SIDE, SIDE)


def test_more_pixels_than_any_picture_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.png", Image.fromarray(RGB))
    for most in (100, 20):  # pillow warns of more pixels, and refuses twice as many
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        assert "has too many pixels" in fault(path)


@pytest.mark.parametrize("count", [150, pytest.param(cases(2_000), marks=pytest.mark.nightly)])
@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "webp"])
def test_damaged_pictures(ending: str, count: int, tmp_path: Path) -> None:
    sound = write(tmp_path / f"a.{ending}", Image.fromarray(levels(24, 20))).read_bytes()
    generator = np.random.default_rng(0)
    path = tmp_path / f"b.{ending}"
    messages = []
    for case in range(count):
        at, length = int(generator.integers(len(sound))), int(generator.integers(1, 9))
        noise = generator.bytes(length)
        path.write_bytes(
            [
                sound[:at],
                sound[:at] + noise + sound[at + length :],
                sound[:at] + sound[at + length :],
                sound[:at] + noise + sound[at:],
            ][case % 4]
        )
        with bounded(), timed():
            try:
                assert pictures.read_picture(path, SIDE).shape == (3, SIDE, SIDE)
            except InputError as error:
                messages.append(str(error))
    assert messages
    assert all(str(path) in message and "\n" not in message for message in messages)
