"""One-shot bases: how a supernet is trained, scores architectures and selects one."""

from baselines.training.base import Base, SupernetState
from baselines.training.registry import BASES, base_class
from baselines.training.rsps import Rsps
from baselines.training.weights import WeightTraining

__all__ = ["BASES", "Base", "Rsps", "SupernetState", "WeightTraining", "base_class"]
