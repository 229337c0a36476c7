"""How a supernet is split: gradient distances, and partitions of options."""

from baselines.splitting.gradient_distances import (
    Decisions,
    Distances,
    ShouldStop,
    gradient_distances,
    mixture_distances,
    never_stop,
)
from baselines.splitting.options import SplittingOptions
from baselines.splitting.partition import (
    Groups,
    Partition,
    best_decision,
    best_partition,
    measured_partition,
    random_partition,
)
from baselines.splitting.spectral import spectral_partition
from baselines.splitting.stopping import EarlyStop

__all__ = [
    "Decisions",
    "Distances",
    "EarlyStop",
    "Groups",
    "Partition",
    "ShouldStop",
    "SplittingOptions",
    "best_decision",
    "best_partition",
    "gradient_distances",
    "measured_partition",
    "mixture_distances",
    "never_stop",
    "random_partition",
    "spectral_partition",
]
