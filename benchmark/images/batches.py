"""Training batches, cropped, mirrored and normalised on the device."""

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

from benchmark.images.image_set import Images


class Batches:
    """A fixed sequence of training batches, shuffled in each epoch and cropped at random.

    Order, crops and flips are drawn in advance on the CPU and moved to the images' device once.
    So batch 7 is always the same, and taking a batch copies nothing to the device.

    Args:
        size: Batch size; all batches are full, so one may span two epochs.
        crop_padding: Width in pixels of the border of zeros around a stored image, before a random
            crop of its size. Zero is black in images stored as uint8, as in the published
            programs, and the mean grey in those stored as float32.
        generator: Draws order, crops and flips.
        flip: Whether images are mirrored left to right, each with probability 1/2.
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
    ) -> None:
        device = images.labels.device
        epochs = -(-size * count // len(images))
        order = [torch.randperm(len(images), generator=generator) for _ in range(epochs)]
        offsets = torch.randint(2 * crop_padding + 1, (2, count, size), generator=generator)
        self._order = torch.cat(order)[: size * count].view(count, size).to(device)
        self._offsets = offsets.to(device)
        self._mirrored = None
        if flip:
            drawn = torch.randint(2, (count, size, 1, 1, 1), generator=generator)
            self._mirrored = drawn.bool().to(device)
        self._places = torch.arange(size, device=device)
        self._padding = crop_padding
        self._images = images

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return one batch: pixels [B, channels, H, W], channels last in memory, and labels [B]."""
        chosen = self._order[number]
        pixels = self._cropped(self._images.pixels[chosen], number)
        if self._mirrored is not None:
            pixels = torch.where(self._mirrored[number], pixels.flip(-1), pixels)
        pixels = self._images.normalise(pixels)
        return pixels.contiguous(memory_format=torch.channels_last), self._images.labels[chosen]

    def _cropped(self, pixels: Tensor, number: int) -> Tensor:
        """Pad a batch [B, channels, H, W] and crop each image at its own offset."""
        if not self._padding:
            return pixels
        height, width = pixels.shape[2:]
        down, right = self._offsets[:, number]
        padded = F.pad(pixels, (self._padding,) * 4)
        crops = padded.unfold(2, height, 1).unfold(3, width, 1)  # [B, channels, down, right, H, W]
        return crops.permute(0, 2, 3, 1, 4, 5)[self._places, down, right]
