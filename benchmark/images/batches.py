"""Training batches, cropped, mirrored and normalised on the device."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from benchmark.images.image_set import Images
from benchmark.images.resized_crops import ResizedCrops

DRAWN = 1 << 20  # numbers drawn at a time


class Batches:
    """A fixed sequence of training batches, shuffled in each epoch and cropped at random.

    Order, crops and flips are drawn in advance on the CPU and moved to the images' device once.
    So batch 7 is always the same, and taking a batch copies nothing to the device, but the pixels
    of images that stay in a file.

    Args:
        size: Batch size; all batches are full, so one may span two epochs.
        crop_padding: Width in pixels of the border of zeros around a stored image, before a random
            crop of its size. Zero is black in images stored as uint8, as in the published
            programs, and the mean grey in those stored as float32.
        generator: Draws order, crops and flips.
        flip: Whether images are mirrored left to right, each with probability 1/2.
        crop_area: Least share of an image's area that is cropped and enlarged, see `ResizedCrops`;
            1 for no such crops.
    """

    def __init__(
        self,
        images: Images,
        size: int,
        count: int,
        crop_padding: int,
        generator: torch.Generator,
        *,
        flip: bool = False,
        crop_area: float = 1.0,
    ) -> None:
        device = images.device
        epochs = -(-size * count // len(images))
        whole = torch.empty(epochs, len(images), dtype=torch.int32)
        for epoch in whole:
            epoch.copy_(torch.randperm(len(images), generator=generator))
        order = whole.flatten()[: size * count].view(count, size)
        offsets = drawn(2 * crop_padding + 1, 2 * count * size, generator, torch.int32)
        self._order = order.to(device)
        self._places = self._order if images.file is None else order
        self._offsets = offsets.view(2, count, size).to(device) if crop_padding else None
        self._mirrored = None
        if flip:
            mirrored = drawn(2, count * size, generator, torch.bool)
            self._mirrored = mirrored.view(count, size, 1, 1, 1).to(device)
        self._resized = None
        if crop_area < 1:
            self._resized = ResizedCrops(count, crop_area, generator)
        self._rows = torch.arange(size, device=device)
        self._padding = crop_padding
        self._images = images

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return one batch: pixels [B, channels, H, W], channels last in memory, and labels [B]."""
        chosen = self._order[number].long()
        taken = self._images.taken(self._places[number])
        if number + 1 < len(self):
            self._images.will_take(self._places[number + 1])
        pixels = self._cropped(taken, number)
        if self._mirrored is not None:
            pixels = torch.where(self._mirrored[number], pixels.flip(-1), pixels)
        pixels = self._images.normalise(pixels)
        return pixels.contiguous(memory_format=torch.channels_last), self._images.labels[chosen]

    def _cropped(self, pixels: Tensor, number: int) -> Tensor:
        """Pad a batch [B, channels, H, W] and crop each image at its own offset."""
        if self._resized is not None:
            return self._resized(number, pixels)
        if self._offsets is None:
            return pixels
        height, width = pixels.shape[2:]
        down, right = self._offsets[:, number].long()
        padded = F.pad(pixels, (self._padding,) * 4)
        crops = padded.unfold(2, height, 1).unfold(3, width, 1)  # [B, channels, down, right, H, W]
        return crops.permute(0, 2, 3, 1, 4, 5)[self._rows, down, right]


def drawn(high: int, count: int, generator: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Return what `torch.randint` draws below ``high`` [count], without eight bytes for each."""
    found = torch.empty(count, dtype=dtype)
    for chunk in found.split(DRAWN):
        chunk.copy_(torch.randint(high, chunk.shape, generator=generator))
    return found
