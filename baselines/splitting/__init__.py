"""Where a supernet is cut: gradient distances, partitions of an edge, parts of the space."""

from baselines.splitting.gradients import Distances, Enough, gradient_distances, use_all
from baselines.splitting.mixture_gradients import mixture_distances
from baselines.splitting.partition import (
    Groups,
    Partition,
    best_edge,
    best_partition,
    measured_partition,
    random_partition,
    set_partitions,
    singletons,
)
from baselines.splitting.spectral import spectral_partition
from baselines.splitting.stopping import EarlyStop
from baselines.splitting.subspace import FULL, Subspace, owner, scoring_leaves

__all__ = [
    "FULL",
    "Distances",
    "EarlyStop",
    "Enough",
    "Groups",
    "Partition",
    "Subspace",
    "best_edge",
    "best_partition",
    "gradient_distances",
    "measured_partition",
    "mixture_distances",
    "owner",
    "random_partition",
    "scoring_leaves",
    "set_partitions",
    "singletons",
    "spectral_partition",
    "use_all",
]
