"""Training single architectures from scratch, to make tables of true accuracies."""

from baselines.alone.training import TRAINING_VERSION, TrainingResult, train_alone

__all__ = ["TRAINING_VERSION", "TrainingResult", "train_alone"]
