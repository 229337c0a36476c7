"""Names of devices: the CPU or an accelerator, as PyTorch calls them."""

import torch

from benchmark.errors import InputError


def checked_device(name: str) -> str:
    """Check that a device can be used, and return its one name: ``cpu`` for ``cpu:0``."""
    try:
        found = torch.zeros(1, dtype=torch.float64, device=name)  # scores are float64
        found.item()
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used: {why}") from error
    return "cpu" if found.device.type == "cpu" else name
