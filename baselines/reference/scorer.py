"""Passing candidates by a proxy, one freshly drawn network after the other.

Architectures that are one function once their dead edges are left out are measured once. Each has
a random stream of its own at a seed, so neither the order nor the choice of architectures changes
a score, and all proxies see the same weights where they draw nothing before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.reference.network import Network
from baselines.reference.probes import ProbeOptions, network_scale, probe_batches
from benchmark.errors import CheckError
from benchmark.images import Images
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import Codes, live_codes, to_string
from benchmark.spaces.nb201.complexity import NetworkScale

Measure = Callable[[Network, torch.Generator], Sequence[float]]
"""Turns a network and its stream, which has drawn the weights, into k numbers."""

LOWEST = -np.inf  # the measure of an architecture that no signal crosses


def score_space(experiment: Experiment, scale: NetworkScale, measure: Measure) -> Outcome:
    """Score every architecture by a measure of one number.

    Args:
        experiment: Streams, device and where progress is told.
        scale: The networks' size.
        measure: The proxy.

    Returns:
        Scores of the candidates. Records hold finite numbers, so a measure of minus infinity
        becomes one less than the lowest finite score; the trace counts these architectures.

    Raises:
        CheckError: A measure is not a number.
    """
    scores = measure_space(experiment, scale, measure)[:, 0]
    ranked = np.isfinite(scores)
    scores[~ranked] = scores[ranked].min() - 1
    return Outcome(scores, {**trace_of(experiment, scale), "ranked_last": int((~ranked).sum())})


def score_by_batch(
    experiment: Experiment, options: ProbeOptions, measure: Callable[[Network, Images], float]
) -> Outcome:
    """Score every architecture by what one batch of images shows of its network.

    Args:
        experiment: Images, streams, device and where progress is told.
        options: Which network and which images.
        measure: Gives one number of a network and the batch.

    Returns:
        Scores of the candidates, as from `score_space`.
    """
    (batch,) = probe_batches(experiment, options)
    scale = network_scale(experiment, options)
    return score_space(experiment, scale, lambda network, _: [measure(network, batch)])


def trace_of(experiment: Experiment, scale: NetworkScale) -> dict[str, Any]:
    """Return what a proxy's trace says of its networks, as plain JSON values."""
    return {
        "channels": scale.channels,
        "cells": scale.cells,
        "resolution": scale.resolution,
        # the disconnected one is not built
        "networks": int(np.count_nonzero(np.unique(live_codes(experiment.candidates)))),
    }


def measure_space(
    experiment: Experiment, scale: NetworkScale, measure: Measure
) -> NDArray[np.float64]:
    """Measure every candidate; those that are one function share a measure.

    Args:
        experiment: Streams, device and where progress is told.
        scale: The networks' size.
        measure: Gives k numbers of a network.

    Returns:
        Measures [n, k] of the candidates.

    Raises:
        CheckError: A measure is not a number.
    """
    functions, places = np.unique(live_codes(experiment.candidates), return_inverse=True)
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        experiment.progress(done / len(functions))

    streams, device = experiment.streams, experiment.device
    return measure_codes(functions, scale, streams, measure, device=device, tell=tell)[places]


def measure_codes(
    codes: Codes,
    scale: NetworkScale,
    streams: Streams,
    measure: Measure,
    *,
    device: torch.device | str = "cpu",
    tell: Callable[[], None] = lambda: None,
) -> NDArray[np.float64]:
    """Measure architectures, as few as one likes.

    Args:
        codes: Architectures [n]; dead edges are left out.
        scale: The networks' size.
        streams: The seed's random streams.
        measure: Gives k numbers of a network.
        device: Where networks live.
        tell: Called after each architecture.

    Returns:
        Measures [n, k], minus infinity where no signal crosses the architecture.

    Raises:
        CheckError: A measure is not a number.

    Example:
        >>> scale = NetworkScale(channels=2, cells=1, resolution=4)
        >>> def count(network, generator):
        ...     return [sum(weight.numel() for weight in network.weights())]
        >>> measure_codes(np.array([1, 25, 26]), scale, Streams(0), count).tolist()
        [[-inf], [1254.0], [1254.0]]
    """
    rows: list[Sequence[float] | None] = []
    for code in live_codes(codes).tolist():
        rows.append(_measured(code, scale, streams, measure, device) if code else None)
        tell()
    width = max((len(row) for row in rows if row is not None), default=1)
    return np.array([[LOWEST] * width if row is None else row for row in rows], np.float64)


def _measured(
    code: int, scale: NetworkScale, streams: Streams, measure: Measure, device: torch.device | str
) -> Sequence[float]:
    """Return the measures of a live architecture."""
    generator = streams.torch(f"proxies/{code}")
    row = measure(Network(code, scale, generator).to(device), generator)
    if np.isnan(row).any():
        raise CheckError(
            f"{to_string(code)} measures NaN: pass more images, or through a larger network"
        )
    return row
