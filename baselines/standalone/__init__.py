"""Training single architectures from scratch, to make tables of true accuracies."""

from baselines.standalone.training import TRAINING_VERSION, TrainingResult, train_standalone

__all__ = ["TRAINING_VERSION", "TrainingResult", "train_standalone"]
