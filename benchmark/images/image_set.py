"""Labelled images, on a device or in a file, and the two parts of a data set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from benchmark.errors import InputError


@dataclass(frozen=True)
class PixelFile:
    """The file that pixels are mapped from."""

    path: Path
    start: int  # where its first image begins, in bytes
    size: int  # of an image, in bytes
    digest: str  # SHA-256 of all pixels in it
    rows: range  # which of its images they are

    def will_need(self, places: Sequence[int]) -> None:
        """Let the system read images into its memory, all at once and in the background.

        Images that are read when they are first looked at are read one by one, which takes ten
        times as long.
        """
        if not hasattr(os, "posix_fadvise"):
            return
        with suppress(OSError), self.path.open("rb") as file:  # it is only advice
            for place in places:
                at = self.start + self.rows[place] * self.size
                os.posix_fadvise(file.fileno(), at, self.size, os.POSIX_FADV_WILLNEED)


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images as they are stored.

    Pixels are on the device of the labels. Those with a ``file`` stay there, as a memory map that
    may be larger than all memory, and what is used of them is copied to that device.
    """

    pixels: Tensor  # [n, channels, H, W]: float32, already normalised, or uint8, four times smaller
    labels: Tensor  # int64 [n]
    mean: Tensor | None = None  # float32 [channels, 1, 1], mean of uint8 pixels; None for float32
    deviation: Tensor | None = None  # their standard deviation, likewise
    file: PixelFile | None = None  # where the pixels stay

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where images are used."""
        return self.labels.device

    def first(self, count: int) -> Images:
        """Return the first ``count`` images; fewer are an `InputError`."""
        if count > len(self):
            raise InputError(f"{count} images are asked for, there are {len(self)}: ask for fewer")
        return self.part(slice(count))

    def after(self, count: int) -> Images:
        """Return all but the first ``count`` images."""
        return self.part(slice(count, None))

    def batches(self, size: int) -> list[Images]:
        """Return all images in their order, ``size`` at a time; the last may be fewer."""
        return [self.part(slice(at, at + size)) for at in range(0, len(self), size)]

    def part(self, where: slice) -> Images:
        """Return images that follow each other."""
        file = self.file and replace(self.file, rows=self.file.rows[where])
        return replace(self, pixels=self.pixels[where], labels=self.labels[where], file=file)

    def taken(self, places: Tensor) -> Tensor:
        """Return the stored pixels [B, channels, H, W] of some images, on their device.

        Places [B] in a file should be on the CPU: from elsewhere they are waited for.
        """
        if self.file is None:
            return self.pixels[places.to(self.device)]
        self.will_take(places)
        # The device copies from pinned memory by itself, while this process goes on.
        pinned = self.device.type == "cuda"
        shape = (len(places), *self.pixels.shape[1:])
        found = torch.empty(shape, dtype=self.pixels.dtype, pin_memory=pinned)
        torch.index_select(self.pixels, 0, places.cpu(), out=found)
        return found.to(self.device, non_blocking=True)

    def will_take(self, places: Tensor) -> None:
        """Let the images of a file be read that are `taken` next."""
        if self.file is not None:
            self.file.will_need(places.tolist())

    def normalise(self, pixels: Tensor) -> Tensor:
        """Return stored pixels [..., channels, H, W] as normalised float32.

        Over the training images they have zero mean and unit variance.
        """
        if self.mean is None or self.deviation is None:
            return pixels
        return (pixels - self.mean) / self.deviation

    def normalised(self) -> Tensor:
        """Return all pixels [n, channels, H, W] as normalised float32, on the device."""
        return self.normalise(self.pixels.to(self.device))

    def to(self, device: torch.device) -> Images:
        """Return the images on a device; the pixels of a file stay there."""
        mean, deviation = (
            None if one is None else one.to(device) for one in (self.mean, self.deviation)
        )
        pixels = self.pixels.to(device) if self.file is None else self.pixels
        return Images(pixels, self.labels.to(device), mean, deviation, self.file)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A data set's two parts: weights are trained on one, architectures scored on the other."""

    train: Images  # training images
    valid: Images  # validation images, disjoint from the training images
    classes: int

    def digest(self) -> str:
        """Return the SHA-256 of all pixels and labels, 64 hexadecimal digits.

        Pixels in a file enter by that of the file.
        """
        return joint_digest([self.train], [self.valid])

    def to(self, device: torch.device) -> ImageSet:
        """Return both parts on a device."""
        return ImageSet(self.train.to(device), self.valid.to(device), self.classes)


def joint_digest(*parts: Sequence[Images]) -> str:
    """Return the `ImageSet.digest` of parts that each are images one after the other."""
    found = hashlib.sha256()

    def add(tensors: list[Tensor]) -> None:
        shape = [sum(map(len, tensors)), *tensors[0].shape[1:]]
        found.update(f"{tensors[0].dtype} {shape}".encode())
        for tensor in tensors:
            found.update(tensor.cpu().contiguous().numpy().data)

    for part in parts:
        files = [images.file for images in part if images.file is not None]
        if files:
            rows = f"{files[0].rows.start} {files[-1].rows.stop}"
            found.update(f"{files[0].digest} {rows}".encode())
        else:
            add([images.pixels for images in part])
        add([images.labels for images in part])
    return found.hexdigest()
