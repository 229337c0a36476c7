"""Random parts of images, enlarged to the whole: how training images are cropped for ImageNet.

[Inception] Szegedy et al., *Going deeper with convolutions*, CVPR 2015, arXiv 1409.4842, section 6:
a part's area is drawn evenly between a least share and the whole, its ratio of width to height from
3/4 to 4/3. The ratio's logarithm is drawn evenly, and a side that would be longer than the image's
is cut to it instead of drawn again.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

LARGEST_RATIO = 4 / 3  # of width to height, or of height to width
SEEDS = 1 << 62


class ResizedCrops:
    """The random parts that each of a number of batches shows.

    A batch has a seed of its own, so that long sequences need little memory.
    """

    def __init__(self, count: int, least_area: float, generator: torch.Generator) -> None:
        self._seeds = torch.randint(SEEDS, (count,), generator=generator).tolist()
        self._least_area = least_area

    def boxes(self, number: int, size: int) -> Tensor:
        """Return left, top, width and height [4, B] of a batch's parts, as shares of the image."""
        drawn = torch.rand(4, size, generator=torch.Generator().manual_seed(self._seeds[number]))
        area = self._least_area + (1 - self._least_area) * drawn[0]
        ratio = ((2 * drawn[1] - 1) * math.log(LARGEST_RATIO)).exp()
        sides = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()]).clamp(max=1)
        return torch.cat([drawn[2:] * (1 - sides), sides])

    def __call__(self, number: int, pixels: Tensor) -> Tensor:
        """Return a batch's images [B, channels, H, W] cropped and enlarged, as float.

        They are interpolated bilinearly between the centres of pixels.
        """
        left, top, width, height = self.boxes(number, len(pixels)).to(pixels.device)
        zero = torch.zeros_like(width)
        rows = [[width, zero, 2 * left + width - 1], [zero, height, 2 * top + height - 1]]
        turned = torch.stack([torch.stack(row, -1) for row in rows], 1)  # [B, 2, 3]
        values = pixels if pixels.is_floating_point() else pixels.float()
        grid = F.affine_grid(turned.to(values.dtype), list(pixels.shape), align_corners=False)
        return F.grid_sample(values, grid, padding_mode="border", align_corners=False)
