"""Scoring candidates by a zero-cost proxy, one freshly initialised network at a time.

Architectures with one canonical code are the same function and are measured once. Each function has
a random stream of its own at a seed, so its measure does not depend on which other architectures
are measured, and proxies that draw nothing else see the same weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.experiment import Experiment
from baselines.method import Outcome
from baselines.reference.proxy_inputs import BatchOptions, proxy_batches, proxy_scale
from baselines.supernets.base import Family
from baselines.supernets.parts.child import ChildNetwork
from benchmark.errors import CheckError
from benchmark.images import Images
from benchmark.seeds import Streams
from benchmark.spaces.base import Codes, Scale
from benchmark.spaces.registry import open_space

Measure = Callable[[ChildNetwork, torch.Generator], Sequence[float]]
"""Returns k numbers for a network and the generator that has initialised it."""


def score_candidates(experiment: Experiment, scale: Scale, measure: Measure) -> Outcome:
    """Score every candidate by a measure of one number; NaN is a `CheckError`.

    Records hold finite numbers, so where the measure is minus infinity the score is one less than
    the lowest finite one among the candidates; the trace says how many these are.
    """
    scores = measure_candidates(experiment, scale, measure)[:, 0]
    finite = np.isfinite(scores)
    scores[~finite] = scores[finite].min() - 1 if finite.any() else 0
    return Outcome(scores, {**trace_of(experiment, scale), "ranked_last": int((~finite).sum())})


def score_by_batch(
    experiment: Experiment, options: BatchOptions, measure: Callable[[ChildNetwork, Images], float]
) -> Outcome:
    """Score every candidate by a measure of its network and one batch of images."""
    (batch,) = proxy_batches(experiment, options)
    scale = proxy_scale(experiment, options)
    return score_candidates(experiment, scale, lambda network, _: [measure(network, batch)])


def trace_of(experiment: Experiment, scale: Scale) -> dict[str, Any]:
    """Return the size and number of the networks that a proxy measures, for its trace."""
    functions = np.unique(experiment.space.canonical(experiment.candidates))
    sizes = {  # JSON has no tuples
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(scale).items()
    }
    return {**sizes, "networks": int(experiment.space.works(functions).sum())}


def measure_candidates(
    experiment: Experiment, scale: Scale, measure: Measure
) -> NDArray[np.float64]:
    """Return the measures [n, k] of the candidates, see `measure_codes`."""
    return measure_codes(
        experiment.candidates,
        experiment.family,
        scale,
        experiment.streams,
        measure,
        device=experiment.device,
        progress=experiment.progress,
    )


def measure_codes(
    codes: Codes,
    family: Family,
    scale: Scale,
    streams: Streams,
    measure: Measure,
    *,
    device: torch.device | str = "cpu",
    progress: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float64]:
    """Return measures [n, k] of architectures; −∞ for those that pass no signal.

    Raises:
        CheckError: A measure is NaN.
    """
    space = open_space(family.space)
    functions, places = np.unique(space.canonical(codes), return_inverse=True)
    rows: list[Sequence[float] | None] = []
    for code, works in zip(functions.tolist(), space.works(functions), strict=True):
        row = None
        if works:
            generator = streams.torch(f"proxies/{code}")
            row = measure(family.child(code, scale, generator).to(device), generator)
            if np.isnan(row).any():
                raise CheckError(
                    f"{space.format(code)} measures NaN: pass more images, or use a larger network"
                )
        rows.append(row)
        progress(len(rows) / len(functions))
    width = max((len(row) for row in rows if row is not None), default=1)
    filled = [[-np.inf] * width if row is None else row for row in rows]
    return np.array(filled, np.float64)[places]
