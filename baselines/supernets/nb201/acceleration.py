"""Faster training for the price of other last bits: lower precision, and compiled edges.

Both are options of a task and off by default: numbers that were published before would change.
"""

from __future__ import annotations

from functools import cache

import torch

from baselines.supernets.nb201.network import Supernet
from baselines.supernets.nb201.normalisation import by_batch
from baselines.supernets.nb201.operations import ConvolutionUnit, conv_norm
from benchmark.errors import InputError, in_one_line
from benchmark.tasks.sections import TrainingSettings


def accelerate(network: Supernet, settings: TrainingSettings) -> Supernet:
    """Let a supernet train as the settings say.

    Args:
        network: The supernet, on its device; changed in place. Copies of it do the same.
        settings: Their ``precision`` and ``compile`` count.

    Returns:
        The supernet.

    Raises:
        InputError: This machine cannot compile.
    """
    network.autocast = torch.bfloat16 if settings.precision == "bfloat16" else None
    if settings.compile:
        unit = compiled_unit(network.stem.device)
        for cell in network.cells():
            for edge in cell.all_edges():
                edge.unit = unit
    return network


@cache
def compiled_unit(device: torch.device) -> ConvolutionUnit:
    """Return `conv_norm` for a device, tried out, and compiled once for each shape that it meets.

    Meant for accelerators, where launching many small kernels costs most. On a CPU the
    convolutions, which stay as they are, take most of the time, and nothing was gained.

    Raises:
        InputError: This machine cannot compile for it.
    """
    unit: ConvolutionUnit = torch.compile(
        conv_norm,
        dynamic=False,
        options={"compile_threads": 1},  # no processes that outlive a killed worker
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
