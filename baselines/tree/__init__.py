"""Trees of sub-supernets: training, checkpoints, and scores during training."""
