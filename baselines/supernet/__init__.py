"""Supernets: their operations, network, training and scoring."""

from baselines.supernet.acceleration import accelerate
from baselines.supernet.mixture import Mixture
from baselines.supernet.network import Path, Supernet
from baselines.supernet.scoring import one_by_one, score_codes
from baselines.supernet.training import PathTraining, Stretch, WeightTraining

__all__ = [
    "Mixture",
    "Path",
    "PathTraining",
    "Stretch",
    "Supernet",
    "WeightTraining",
    "accelerate",
    "one_by_one",
    "score_codes",
]
