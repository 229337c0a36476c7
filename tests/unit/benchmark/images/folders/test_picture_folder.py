"""Which pictures a folder holds, and of what classes."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.images.folders.picture_folder import Picture, scan_folder
from tests.unit.benchmark.images.folders.written import write_folder


def touch(place: Path, *names: str) -> None:
    """Write files of as many bytes as their names have letters."""
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(Path(name).name)


def test_classes_and_pictures_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(
        tmp_path / "train", "n02/b.JPEG", "n02/a.png", "n01/z.jpg", "n10/images/c.PNG", "n10/d.webp"
    )
    found = scan_folder(tmp_path, 3)
    assert found.place == tmp_path / "train"
    assert found.classes == {
        "n01": [Picture("z.jpg", 5)],
        "n02": [Picture("a.png", 5), Picture("b.JPEG", 6)],
        "n10": [Picture("d.webp", 6), Picture("images/c.PNG", 5)],
    }
    assert found.counts == [1, 2, 2]
    np.testing.assert_array_equal(found.labels(), [0, 1, 1, 2, 2])
    assert found.paths() == [
        "n01/z.jpg",
        "n02/a.png",
        "n02/b.JPEG",
        "n10/d.webp",
        "n10/images/c.PNG",
    ]


def test_what_is_no_picture_or_hidden_is_left_out(tmp_path: Path) -> None:
    touch(
        tmp_path / "train",
        "a/1.jpg",
        "a/notes.txt",
        "a/.2.jpg",
        "a/.thumbs/3.jpg",
        ".git/4.jpg",
        "5.jpg",
    )
    assert scan_folder(tmp_path, 1).classes == {"a": [Picture("1.jpg", 5)]}


def test_the_first_classes_are_used(tmp_path: Path) -> None:
    write_folder(tmp_path, {"c": 1, "a": 2, "b": 3})
    assert list(scan_folder(tmp_path, 2).classes) == ["a", "b"]
    assert list(scan_folder(tmp_path, 4).classes) == ["a", "b", "c"]


def test_a_digest_knows_names_and_sizes(tmp_path: Path) -> None:
    touch(tmp_path / "train", "a/1.jpg", "b/2.jpg")
    digests = {scan_folder(tmp_path, 2).digest(), scan_folder(tmp_path, 1).digest()}
    (tmp_path / "train/a/1.jpg").write_text("more")
    digests.add(scan_folder(tmp_path, 2).digest())
    (tmp_path / "train/a/1.jpg").rename(tmp_path / "train/a/3.jpg")
    digests.add(scan_folder(tmp_path, 2).digest())
    (tmp_path / "train/a/3.jpg").rename(tmp_path / "train/b/3.jpg")
    touch(tmp_path / "train", "a/1.jpg")
    digests.add(scan_folder(tmp_path, 2).digest())
    assert len(digests) == 5
    assert scan_folder(tmp_path, 2).digest() in digests


def test_linked_classes_are_followed(tmp_path: Path) -> None:
    write_folder(tmp_path / "elsewhere", {"a": 2, "b": 1})
    (tmp_path / "some/train").mkdir(parents=True)
    (tmp_path / "some/train/b").symlink_to(tmp_path / "elsewhere/train/b")
    assert scan_folder(tmp_path / "some", 5).counts == [1]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "cannot read {}/train: " + os.strerror(errno.ENOENT)),
        (["train/1.jpg"], "{}/train holds no folders: unpack the pictures, a folder a class"),
        (["train/a/1.jpg", "train/b/x.tar"], "{}/train/b holds no pictures (.jpeg, .jpg, .png, "),
        (
            ["train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg"],
            "{0}/val lacks the class a, which train has: add its folder, or take val away",
        ),
    ],
    ids=["nothing", "no classes", "empty class", "class missing from val"],
)
def test_folders_that_cannot_be_used(names: list[str], message: str, tmp_path: Path) -> None:
    touch(tmp_path, *names)
    with pytest.raises(InputError) as caught:
        scan_folder(tmp_path, 2)
    assert str(caught.value).startswith(message.format(tmp_path))
    assert "\n" not in str(caught.value)


def test_val_may_have_more_classes_or_be_flat(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a": 1, "b": 1})
    touch(tmp_path / "val", "1.jpg")
    scan_folder(tmp_path, 2)
    touch(tmp_path / "val", "a/1.jpg", "b/1.jpg", "c/1.jpg")
    scan_folder(tmp_path, 2)
    (tmp_path / "val/b/1.jpg").unlink()
    scan_folder(tmp_path, 2)  # no picture of it is used


@pytest.mark.parametrize("place", ["train", "train/b", "val"])
def test_a_folder_that_must_not_be_read(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, {"a": 1, "b": 1})
    write_folder(tmp_path, {"a": 1, "b": 1}, "val")
    scandir = os.scandir

    def refuse(path: str) -> Any:  # permissions do not hold for root, who runs the tests in CI
        if str(path) == str(tmp_path / place):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError) as caught:
        scan_folder(tmp_path, 2)
    assert str(caught.value) == f"cannot read {tmp_path / place}: {os.strerror(errno.EACCES)}"
