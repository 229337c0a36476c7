"""BatchNorm without running statistics, for one architecture or for many at a time.

Feature maps are normalised by the mean and variance of images that are passed together. Which
images these are when architectures are scored is a recorded option, because it moves the ranking a
lot.
"""

from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import Tensor

EPSILON = 1e-5
CANCELS = 1e-3  # variance over squared mean, below which a mean square is too inexact


class Normalise(Protocol):
    """Normalises feature maps [B, C, H, W] per channel; weight and bias are [C] or absent."""

    def __call__(
        self, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        """Return the normalised maps."""
        ...


def by_batch(x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """Normalise by the statistics of all images in ``x`` [B, C, H, W], as in training."""
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=EPSILON)


def along_rows(values: Tensor, pixels: int) -> Tensor:
    """Repeat values of channels [K, C] for all pixels of an image, [K, 1, pixels·C].

    Multiplying maps by that runs along memory, which is twice as fast on a CPU as broadcasting C
    values.
    """
    return values.repeat(1, pixels)[:, None]


class ByGroup:
    """Normalises the maps [K·B, C, H, W] of K architectures at once, each by its own statistics.

    These are of the first ``counted`` of its B images, by default of all.

    The same as `by_batch` on each group alone, if all its images count, up to rounding.
    """

    def __init__(self, images: int, counted: int | None = None) -> None:
        self.images = images
        self.counted = images if counted is None else counted

    def __call__(
        self, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        """Return the normalised maps [K·B, C, H, W], channels last in memory."""
        total, c, h, w = x.shape
        scale, shift = self.scale_and_shift(x, weight, bias)
        maps = x.permute(0, 2, 3, 1).reshape(len(scale), self.images, h * w * c)
        normalised = torch.addcmul(along_rows(shift, h * w), maps, along_rows(scale, h * w))
        return normalised.view(total, h, w, c).permute(0, 3, 1, 2)

    def scale_and_shift(
        self, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return what each group's maps are multiplied by and what is added then, both [K, C].

        A caller that adds the maps to something else can do all in one pass over memory.
        """
        total, c, h, w = x.shape
        maps = x.permute(0, 2, 3, 1).reshape(total // self.images, self.images, h * w, c)
        counted = maps[:, : self.counted]
        fast = x.device.type == "cpu"
        mean, variance = _fast_moments(counted) if fast else _moments(counted)
        scale = variance.add_(EPSILON).rsqrt_()
        if weight is not None:
            scale = scale * weight
        return scale, -mean * scale if bias is None else bias - mean * scale


def _moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance [K, C] of maps [K, B, H·W, C], exact up to rounding."""
    variance, mean = torch.var_mean(maps, (1, 2), correction=0)
    return mean, variance


def _fast_moments(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same several times faster on a CPU, from sums over rows of H·W·C numbers.

    The variance is the mean square less the squared mean, which loses the digits of channels that
    vary little; these few are computed again, in double precision.
    """
    k, b, pixels, c = maps.shape
    rows = maps.reshape(k, b, pixels * c)
    number = b * pixels
    mean = rows.sum(1).view(k, pixels, c).sum(1) / number
    squared = mean.square()
    variance = rows.square().sum(1).view(k, pixels, c).sum(1) / number - squared
    variance.clamp_min_(0)
    cancelled = variance < CANCELS * squared
    if cancelled.any():
        group, channel = cancelled.nonzero(as_tuple=True)
        exact = torch.var_mean(maps[group, :, :, channel].double(), (1, 2), correction=0)
        variance[cancelled], mean[cancelled] = (one.to(mean.dtype) for one in exact)
    return mean, variance
