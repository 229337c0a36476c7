"""Images and labels as tensors on the device, and the batches that are cut from them there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from benchmark.errors import InputError


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images.

    Attributes:
        pixels: float32 [n, channels, H, W], zero mean and unit variance over the training images.
        labels: int64 [n].
    """

    pixels: Tensor
    labels: Tensor
    _crops: dict[int, Tensor] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def first(self, count: int) -> Images:
        """Return the first images, of which there must be as many as asked for."""
        if count > len(self):
            raise InputError(f"{count} images are asked for, there are {len(self)}: ask for fewer")
        return Images(self.pixels[:count], self.labels[:count])

    def crops(self, padding: int) -> Tensor:
        """Return a view of every crop of every image, padded with zeros once for all who ask.

        Args:
            padding: Width in pixels of the border around an image.

        Returns:
            Pixels [n, places, places, channels, H, W], with 2·padding + 1 places down and right.
        """
        if padding not in self._crops:
            height, width = self.pixels.shape[2:]
            padded = F.pad(self.pixels, (padding,) * 4)
            views = padded.unfold(2, height, 1).unfold(3, width, 1)
            self._crops[padding] = views.permute(0, 2, 3, 1, 4, 5)
        return self._crops[padding]

    def to(self, device: torch.device) -> Images:
        """Return the images on a device."""
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A data set's two parts: weights are trained on one, architectures are scored on the other.

    Attributes:
        train: Training images.
        valid: Validation images; none of them is among the former.
        classes: Number of classes.
    """

    train: Images
    valid: Images
    classes: int

    def digest(self) -> str:
        """Return the SHA-256 of all pixels and labels, 64 hexadecimal digits.

        Example:
            >>> blank = Images(torch.zeros(2, 1, 8, 8), torch.tensor([0, 1]))
            >>> ImageSet(blank, blank, 2).digest() == ImageSet(blank, blank, 3).digest()
            True
        """
        found = hashlib.sha256()
        for part in (self.train.pixels, self.train.labels, self.valid.pixels, self.valid.labels):
            found.update(f"{part.dtype} {list(part.shape)}".encode())
            found.update(part.cpu().contiguous().numpy().data)
        return found.hexdigest()

    def to(self, device: torch.device) -> ImageSet:
        """Return both parts on a device."""
        return ImageSet(self.train.to(device), self.valid.to(device), self.classes)


class Batches:
    """A fixed sequence of training batches, shuffled epoch after epoch and cropped at random.

    The order and the crops are drawn in advance, on the CPU, and moved to the images' device
    once: batch 7 is the same whoever asks for it, and asking moves nothing.

    Args:
        images: What to draw from.
        size: Images in a batch; all batches are full, so one may span two epochs.
        count: Number of batches.
        crop_padding: Width in pixels of the border of zeros, which is the mean grey of normalised
            images, around an image before a crop of its size is cut at a random place.
        generator: Draws order and crops.

    Example:
        >>> images = Images(torch.zeros(10, 1, 8, 8), torch.arange(10))
        >>> batches = Batches(images, 4, 5, 1, torch.Generator().manual_seed(0))
        >>> pixels, labels = batches[4]
        >>> pixels.shape, len(batches)
        (torch.Size([4, 1, 8, 8]), 5)
    """

    def __init__(
        self, images: Images, size: int, count: int, crop_padding: int, generator: torch.Generator
    ) -> None:
        device = images.labels.device
        epochs = -(-size * count // len(images))
        order = [torch.randperm(len(images), generator=generator) for _ in range(epochs)]
        offsets = torch.randint(2 * crop_padding + 1, (2, count, size), generator=generator)
        self._order = torch.cat(order)[: size * count].view(count, size).to(device)
        self._offsets = offsets.to(device)
        self._labels = images.labels
        self._crops = images.crops(crop_padding)

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._order)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return one batch: pixels [B, channels, H, W], channels last in memory, and labels [B]."""
        chosen, (down, right) = self._order[number], self._offsets[:, number]
        pixels = self._crops[chosen, down, right]
        return pixels.contiguous(memory_format=torch.channels_last), self._labels[chosen]
