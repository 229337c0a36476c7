"""Images and labels as tensors on the device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.errors import InputError


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images as they are stored."""

    pixels: Tensor  # [n, channels, H, W]: float32, already normalised, or uint8, four times smaller
    labels: Tensor  # int64 [n]
    mean: Tensor | None = None  # float32 [channels, 1, 1], mean of uint8 pixels; None for float32
    deviation: Tensor | None = None  # their standard deviation, likewise

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Images:
        """Return the first ``count`` images; fewer are an `InputError`."""
        if count > len(self):
            raise InputError(f"{count} images are asked for, there are {len(self)}: ask for fewer")
        return Images(self.pixels[:count], self.labels[:count], self.mean, self.deviation)

    def after(self, count: int) -> Images:
        """Return all but the first ``count`` images."""
        return Images(self.pixels[count:], self.labels[count:], self.mean, self.deviation)

    def normalise(self, pixels: Tensor) -> Tensor:
        """Return stored pixels [..., channels, H, W] as normalised float32.

        Over the training images they have zero mean and unit variance.
        """
        if self.mean is None or self.deviation is None:
            return pixels
        return (pixels - self.mean) / self.deviation

    def normalised(self) -> Tensor:
        """Return all pixels [n, channels, H, W] as normalised float32."""
        return self.normalise(self.pixels)

    def to(self, device: torch.device) -> Images:
        """Return the images on a device."""
        mean, deviation = (
            None if one is None else one.to(device) for one in (self.mean, self.deviation)
        )
        return Images(self.pixels.to(device), self.labels.to(device), mean, deviation)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A data set's two parts: weights are trained on one, architectures scored on the other."""

    train: Images  # training images
    valid: Images  # validation images, disjoint from the training images
    classes: int

    def digest(self) -> str:
        """Return the SHA-256 of all pixels and labels, 64 hexadecimal digits."""
        found = hashlib.sha256()
        for part in (self.train.pixels, self.train.labels, self.valid.pixels, self.valid.labels):
            found.update(f"{part.dtype} {list(part.shape)}".encode())
            found.update(part.cpu().contiguous().numpy().data)
        return found.hexdigest()

    def to(self, device: torch.device) -> ImageSet:
        """Return both parts on a device."""
        return ImageSet(self.train.to(device), self.valid.to(device), self.classes)
