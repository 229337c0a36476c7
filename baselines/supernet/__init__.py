"""Supernets: their operations, network, training and scoring."""

from baselines.supernet.network import Path, Supernet
from baselines.supernet.scoring import one_by_one, score_codes
from baselines.supernet.training import Stretch, train_paths

__all__ = ["Path", "Stretch", "Supernet", "one_by_one", "score_codes", "train_paths"]
