"""Scoring candidates by a zero-cost proxy, one freshly initialised network at a time.

Architectures that differ only in dead edges are the same function and are measured once. Each
function has a random stream of its own at a seed, so its measure does not depend on which
other architectures are measured, and proxies that draw nothing else see the same weights.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.reference.network import Network
from baselines.reference.proxy_inputs import BatchOptions, network_scale, proxy_batches
from benchmark.errors import CheckError
from benchmark.images import Images
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import Codes, live_codes, to_string
from benchmark.spaces.nb201.complexity import NetworkScale

Measure = Callable[[Network, torch.Generator], Sequence[float]]
"""Returns k numbers for a network and the generator that has initialised it."""

DISCONNECTED = 0  # the live code of all architectures without a path from input to output


def score_candidates(experiment: Experiment, scale: NetworkScale, measure: Measure) -> Outcome:
    """Score every candidate by a measure of one number; NaN is a `CheckError`.

    Records hold finite numbers, so where the measure is minus infinity the score is one less than
    the lowest finite one among the candidates; the trace says how many these are.
    """
    scores = measure_candidates(experiment, scale, measure)[:, 0]
    finite = np.isfinite(scores)
    scores[~finite] = scores[finite].min() - 1 if finite.any() else 0
    return Outcome(scores, {**trace_of(experiment, scale), "ranked_last": int((~finite).sum())})


def score_by_batch(
    experiment: Experiment, options: BatchOptions, measure: Callable[[Network, Images], float]
) -> Outcome:
    """Score every candidate by a measure of its network and one batch of images."""
    (batch,) = proxy_batches(experiment, options)
    scale = network_scale(experiment, options)
    return score_candidates(experiment, scale, lambda network, _: [measure(network, batch)])


def trace_of(experiment: Experiment, scale: NetworkScale) -> dict[str, Any]:
    """Return the size and number of the networks that a proxy measures, for its trace."""
    functions = np.unique(live_codes(experiment.candidates))
    return {
        "channels": scale.channels,
        "cells": scale.cells,
        "resolution": scale.resolution,
        "networks": int((functions != DISCONNECTED).sum()),
    }


def measure_candidates(
    experiment: Experiment, scale: NetworkScale, measure: Measure
) -> NDArray[np.float64]:
    """Return the measures [n, k] of the candidates, see `measure_codes`."""
    return measure_codes(
        experiment.candidates,
        scale,
        experiment.streams,
        measure,
        device=experiment.device,
        progress=experiment.progress,
    )


def measure_codes(
    codes: Codes,
    scale: NetworkScale,
    streams: Streams,
    measure: Measure,
    *,
    device: torch.device | str = "cpu",
    progress: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float64]:
    """Return measures [n, k] of architectures; −∞ for disconnected ones, which are not built.

    Raises:
        CheckError: A measure is NaN.
    """
    functions, places = np.unique(live_codes(codes), return_inverse=True)
    rows: list[Sequence[float] | None] = []
    for code in functions.tolist():
        row = None
        if code != DISCONNECTED:
            generator = streams.torch(f"proxies/{code}")
            row = measure(Network(code, scale, generator).to(device), generator)
            if np.isnan(row).any():
                raise CheckError(
                    f"{to_string(code)} measures NaN: pass more images, or use a larger network"
                )
        rows.append(row)
        progress(len(rows) / len(functions))
    width = max((len(row) for row in rows if row is not None), default=1)
    filled = [[-np.inf] * width if row is None else row for row in rows]
    return np.array(filled, np.float64)[places]
