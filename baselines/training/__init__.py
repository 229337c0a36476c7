"""One-shot bases: how a supernet is trained, scores architectures and selects one."""

from baselines.training.base import Base, SupernetState, SupernetTraining
from baselines.training.registry import BASES, base_class
from baselines.training.rsps import Rsps

__all__ = ["BASES", "Base", "Rsps", "SupernetState", "SupernetTraining", "base_class"]
