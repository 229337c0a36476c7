"""Where networks live: a processor or an accelerator, by PyTorch's name for it."""

from __future__ import annotations

import torch

from benchmark.errors import InputError


def checked_device(name: str) -> str:
    """Return a device's name after checking that it is there.

    Raises:
        InputError: PyTorch knows no such device, or this machine has none.
    """
    try:
        torch.zeros(1, dtype=torch.float64, device=name).item()  # scores are float64
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used: {why}") from error
    return name
