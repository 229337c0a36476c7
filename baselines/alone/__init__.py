"""Training architectures alone, as the tables of true accuracies are made."""

from baselines.alone.training import CODE, Trained, train_alone

__all__ = ["CODE", "Trained", "train_alone"]
