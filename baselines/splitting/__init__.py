"""How a supernet is split: gradient distances, partitions of an edge, subspaces."""

from baselines.splitting.gradient_distances import (
    Distances,
    ShouldStop,
    gradient_distances,
    mixture_distances,
    never_stop,
)
from baselines.splitting.partition import (
    Groups,
    Partition,
    best_edge,
    best_partition,
    measured_partition,
    random_partition,
    singletons,
)
from baselines.splitting.spectral import spectral_partition
from baselines.splitting.stopping import EarlyStop
from baselines.splitting.subspace import FULL, Subspace, scoring_leaves

__all__ = [
    "FULL",
    "Distances",
    "EarlyStop",
    "Groups",
    "Partition",
    "ShouldStop",
    "Subspace",
    "best_edge",
    "best_partition",
    "gradient_distances",
    "measured_partition",
    "mixture_distances",
    "never_stop",
    "random_partition",
    "scoring_leaves",
    "singletons",
    "spectral_partition",
]
