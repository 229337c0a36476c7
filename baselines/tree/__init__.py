"""Trees of sub-supernets: schedules, training, checkpoints, and scores during training."""
