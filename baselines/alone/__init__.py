"""Training architectures alone, as the tables of true accuracies are made."""

from baselines.alone.training import Trained, train_alone

__all__ = ["Trained", "train_alone"]
