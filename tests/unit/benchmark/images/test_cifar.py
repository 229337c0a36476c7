"""CIFAR-10 and CIFAR-100 from files of both published forms."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmark.errors import CheckError, InputError
from benchmark.images import ImageSet
from benchmark.images.batch_pickles import read_batch
from benchmark.images.cifar import CIFAR10, CIFAR100, Cifar, read_binary
from benchmark.images.data_files import RemoteFile
from tests.unit.benchmark.images import official

EACH = 4  # images a file
TEN, HUNDRED = replace(CIFAR10, images=5 * EACH), replace(CIFAR100, images=EACH)


def files_of(data: Cifar, form: str) -> dict[str, bytes]:
    """Return the files of the training part of a form, ``binary`` or ``python``."""
    images = official.random_images(data.images, 3, 32)
    fine = [number % data.classes for number in range(data.images)]
    format_ = data.formats[["binary", "python"].index(form)]
    files = {}
    for place, name in enumerate(format_.files):
        part = slice(place * EACH, (place + 1) * EACH)
        labels, pixels = fine[part], images[part]
        if form == "binary":
            coarse = [[7, label] if data.classes == 100 else [label] for label in labels]
            files[name] = official.cifar_binary(coarse, pixels)
        else:
            key = "fine_labels" if data.classes == 100 else "labels"
            contents: dict[str, Any] = {"batch_label": "a batch", "data": pixels.reshape(EACH, -1)}
            contents |= {"filenames": ["x.png"] * EACH, "coarse_labels": [7] * EACH, key: labels}
            files[name] = official.cifar_pickle(contents)
    return files


def unpack(data: Cifar, form: str, folder: Path) -> Path:
    """Write the files as the archive unpacks to, and return their folder."""
    place = folder / data.formats[["binary", "python"].index(form)].folder
    for name, contents in files_of(data, form).items():
        official.write(place / name, contents)
    return place


def read(data: Cifar, folder: Path) -> ImageSet:
    asked = official.settings(data.name, 32, data.images - 1, 1)
    return data.read(asked, folder)


@pytest.mark.parametrize("form", ["binary", "python"])
@pytest.mark.parametrize("data", [TEN, HUNDRED], ids=["cifar10", "cifar100"])
def test_every_image_comes_with_its_label(data: Cifar, form: str, tmp_path: Path) -> None:
    unpack(data, form, tmp_path)
    found = read(data, tmp_path)
    pixels = torch.cat([found.train.pixels, found.valid.pixels]).numpy()
    labels = torch.cat([found.train.labels, found.valid.labels]).tolist()
    written = official.random_images(data.images, 3, 32)
    number = {image.tobytes(): place for place, image in enumerate(written)}
    assert sorted(number[image.tobytes()] for image in pixels) == list(range(data.images))
    assert labels == [number[image.tobytes()] % data.classes for image in pixels]
    assert found.classes == data.classes


def test_both_forms_give_the_same(tmp_path: Path) -> None:
    for form in ("binary", "python"):
        unpack(TEN, form, tmp_path / form)
    assert read(TEN, tmp_path / "binary").digest() == read(TEN, tmp_path / "python").digest()


@pytest.mark.parametrize("form", ["binary", "python"])
def test_files_may_lie_in_the_folder_itself(form: str, tmp_path: Path) -> None:
    place = unpack(TEN, form, tmp_path)
    assert read(TEN, place).digest() == read(TEN, tmp_path).digest()


def packed(data: Cifar, folder: Path) -> Cifar:
    """Write the archive of the binary form, and return a data set that knows its checksum."""
    format_ = data.formats[0]
    path = folder / format_.archive.name
    with tarfile.open(path, "w:gz") as archive:
        for name, contents in files_of(data, "binary").items():
            member = tarfile.TarInfo(f"{format_.folder}/{name}")
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    checksum = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    known = replace(format_, archive=replace(format_.archive, md5=checksum))
    return replace(data, formats=(known, *data.formats[1:]))


def test_the_archive_is_read_as_it_is(tmp_path: Path) -> None:
    data = packed(TEN, tmp_path)
    unpack(TEN, "binary", tmp_path / "unpacked")
    data.prepare(tmp_path)
    assert read(data, tmp_path).digest() == read(TEN, tmp_path / "unpacked").digest()


def test_another_archive_of_that_name_is_refused(tmp_path: Path) -> None:
    packed(TEN, tmp_path)
    with pytest.raises(InputError, match="is not the published file, whose MD5 is c32a1d4ab5d0"):
        TEN.prepare(tmp_path)


def test_what_is_not_there_is_downloaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        RemoteFile, "download", lambda self, folder: asked.append((self.name, folder))
    )
    TEN.prepare(tmp_path)
    assert asked == [("cifar-10-binary.tar.gz", tmp_path)]
    unpack(TEN, "python", tmp_path)
    TEN.prepare(tmp_path)
    assert len(asked) == 1


def test_a_download_that_fails_says_what_to_do(tmp_path: Path) -> None:
    remote = RemoteFile("images.tar.gz", "http://127.0.0.1:9/", "0" * 32)  # no server
    with pytest.raises(CheckError, match=r"cannot download http://127\.0\.0\.1:9/images\.tar\.gz"):
        remote.download(tmp_path)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_byte_too_few_or_too_many(change: int, tmp_path: Path) -> None:
    path = unpack(TEN, "binary", tmp_path) / "data_batch_3.bin"
    contents = path.read_bytes()
    path.write_bytes(contents[:change] if change < 0 else contents + b"\0")
    with pytest.raises(InputError, match=r"data_batch_3.bin has 12,29. bytes, no whole number"):
        read(TEN, tmp_path)


def test_a_whole_image_too_few(tmp_path: Path) -> None:
    path = unpack(TEN, "binary", tmp_path) / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-3073])
    with pytest.raises(InputError, match="holds 19 training images of cifar10, not 20"):
        read(TEN, tmp_path)


def test_a_missing_file(tmp_path: Path) -> None:
    (unpack(TEN, "python", tmp_path) / "data_batch_2").unlink()
    with pytest.raises(InputError, match=r"lacks data_batch_2: unpack cifar-10-python\.tar\.gz"):
        read(TEN, tmp_path)


def test_labels_out_of_range() -> None:
    image = official.random_images(1, 3, 32)
    with pytest.raises(InputError, match="has the label 10: labels are from 0 to 9"):
        read_binary(official.cifar_binary([[10]], image), 1, 10)
    with pytest.raises(InputError, match="has the label 100: labels are from 0 to 99"):
        read_binary(official.cifar_binary([[3, 100]], image), 2, 100)
    batch = {"data": image.reshape(1, -1), "labels": [-1]}
    with pytest.raises(InputError, match="has the label -1: labels are from 0 to 9"):
        read_batch(official.cifar_pickle(batch), "labels", 0, 9, 32)


def test_the_coarse_labels_are_not_taken(tmp_path: Path) -> None:
    image = official.random_images(1, 3, 32)
    assert read_binary(official.cifar_binary([[3, 99]], image), 2, 100).labels.tolist() == [99]


ROW = np.zeros((1, 3072), np.uint8)


@pytest.mark.parametrize(
    ("contents", "fault"),
    [
        ([1, 2], "it holds no dictionary"),
        ({"labels": [1]}, "it has no 'data'"),
        ({"data": ROW}, "it has no 'labels'"),
        (
            {"data": ROW.astype(np.int16), "labels": [1]},
            r"data of shape \[1, 3072\] and type int16",
        ),
        ({"data": ROW[:, 1:], "labels": [1]}, r"data of shape \[1, 3071\]"),
        ({"data": "images", "labels": [1]}, "something else where an array should be"),
        ({"data": ROW, "labels": [1, 2]}, "has 2 labels for 1 images"),
        ({"data": ROW, "labels": [1.5]}, "labels that are no integers"),
        ({"data": ROW, "labels": [True]}, "labels that are no integers"),
        ({"data": ROW, "labels": "1"}, "something else where an array should be"),
    ],
)
def test_a_pickle_of_something_else(contents: Any, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        read_batch(official.cifar_pickle(contents), "labels", 0, 9, 32)


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


def test_a_hostile_pickle_is_refused_and_not_executed(tmp_path: Path) -> None:
    place = unpack(TEN, "python", tmp_path)
    hostile = official.cifar_pickle({"data": Hostile(tmp_path / "proof"), "labels": [1]})
    (place / "data_batch_4").write_bytes(hostile)
    with pytest.raises(InputError, match=r"data_batch_4 .*mkdir"):
        read(TEN, tmp_path)
    assert not (tmp_path / "proof").exists()
