"""A training protocol so small that a training takes a tenth of a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from baselines.standalone import TrainingResult, train_standalone
from baselines.supernets.nb201.child import CellNetwork
from baselines.supernets.nb201.family import CellFamily
from benchmark.tasks.protocol import TrainingProtocol, load_protocol

ARCH = 9626


def tiny(**changes: Any) -> TrainingProtocol:
    """Return a protocol of twelve steps; changes name settings with __ for the point."""
    small = {
        "data.noise_draws": 1,
        "network.channels": 2,
        "training.epochs": 2,
        "training.batch_size": 200,
        "evaluation.curve_images": 50,
    }
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return load_protocol("nb201-digits").changed(small | named)


def network_of(code: int, protocol: TrainingProtocol, generator: torch.Generator) -> CellNetwork:
    """Return an architecture's network as `train_standalone` makes it."""
    network = CellFamily().child(code, protocol.scale, generator, running=True)
    assert isinstance(network, CellNetwork)
    return network


def train(code: int = ARCH, seed: int = 0, **changes: Any) -> TrainingResult:
    return train_standalone(code, seed, tiny(**changes), Path())


def numbers(result: TrainingResult) -> tuple[object, ...]:
    """Return all that is the same whenever a training is repeated."""
    return result.accuracy, result.loss, result.curve
