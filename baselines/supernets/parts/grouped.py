"""Feature maps of several architectures that pass a layer in one call.

Those of k architectures are [k, B, H, W, C]; layers see them as images [k·B, C, H, W], channels
last in memory.
"""

from torch import Tensor


def as_images(maps: Tensor) -> Tensor:
    """View feature maps [k, B, H, W, C] as images [k·B, C, H, W], channels last in memory."""
    return maps.flatten(0, 1).permute(0, 3, 1, 2)


def as_maps(images: Tensor, batch: int) -> Tensor:
    """Return images [k·B, C, H, W] as feature maps [k, B, H, W, C]."""
    total, channels, height, width = images.shape
    return images.permute(0, 2, 3, 1).reshape(total // batch, batch, height, width, channels)
