"""Compiled edges: faster training that changes results slightly, an option of a task."""

from functools import cache

import torch

from baselines.supernets.nb201.operations import ConvolutionUnit, conv_norm
from baselines.supernets.parts.normalisation import by_batch
from benchmark.errors import InputError, in_one_line


@cache
def compiled_unit(device: torch.device) -> ConvolutionUnit:
    """Return `conv_norm` compiled for a device, once for each input shape.

    It helps on accelerators, where launching many small kernels costs most; on a CPU it does not.
    """
    unit: ConvolutionUnit = torch.compile(
        conv_norm,
        dynamic=False,
        options={"compile_threads": 1},  # no processes that would outlive a killed worker
    )
    _try_out(unit, device)
    return unit


def _try_out(unit: ConvolutionUnit, device: torch.device) -> None:
    from torch._dynamo.exc import TorchDynamoException  # takes long to import

    x, weight = torch.zeros(2, 1, 2, 2, device=device), torch.zeros(1, 1, 1, 1, device=device)
    try:
        unit(x, weight, 0, by_batch)
    except TorchDynamoException as error:
        why = in_one_line(getattr(error, "inner_exception", error))
        raise InputError(
            f"[training] compile is true, but this machine cannot compile for {device.type}: "
            f"{why}; let it be false"
        ) from error
