"""What a table's accuracies agree with that needs no training: sizes, and the other seeds.

Each network counts once, with the means of its architectures: several architectures can be one
network, see `Space.network`. A score must beat parameters and multiply-adds to say something, and
cannot follow the truth more closely than seeds do each other.
"""

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np

from analysis.metrics.ranking import kendall_tau
from benchmark.spaces.base import Codes
from benchmark.truth import AccuracyKey, TruthTable
from benchmark.truth.measurements import BySeed, group_means
from benchmark.truth.table_from_results import network_scales


class References(NamedTuple):
    """Kendall's tau-b with an accuracy, each network once; NaN where it is not defined."""

    key: AccuracyKey  # the accuracy
    params: float  # of the number of parameters
    flops: float  # of the number of multiply-adds
    seeds: float | None  # between two seeds, mean over pairs; None without numbers of two


def table_references(table: TruthTable) -> list[References]:
    """Return what is known without training of each accuracy of a table.

    Sizes are by formula, of the networks that the table's trainings had.
    """
    space, scales = table.space, network_scales(table)
    networks = space.network(table.codes)
    found = []
    for key, column in table.accuracies.items():
        scale = scales.get(key.run, space.table_scale)
        sizes = space.parameters(table.codes, scale), space.multiply_adds(table.codes, scale)
        truth, *known = group_means(networks, column, *sizes)
        params, flops = (kendall_tau(size, truth) for size in known)
        single = table.measurements.by_seed.get(key)
        seeds = None if single is None else _agreement(networks, single)
        found.append(References(key, params, flops, seeds))
    return found


def _agreement(networks: Codes, single: BySeed) -> float | None:
    """Return the mean tau-b over pairs of seeds, weighted by the networks that have both."""
    taus, weights = [], []
    for pair in combinations(range(len(single.seeds)), 2):
        both = single.accuracies[:, pair]
        known = np.isfinite(both).all(axis=1)
        if known.any():
            one, other = group_means(networks[known], *both[known].T)
            tau = kendall_tau(one, other)
            if not math.isnan(tau):
                taus.append(tau)
                weights.append(len(one))
    return float(np.average(taus, weights=weights)) if taus else None
