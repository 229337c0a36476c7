"""One-shot bases: how a supernet is trained, scores architectures and selects one."""

from baselines.search.base import Base, State, Training
from baselines.search.registry import BASES, base_class
from baselines.search.rsps import Rsps

__all__ = ["BASES", "Base", "Rsps", "State", "Training", "base_class"]
