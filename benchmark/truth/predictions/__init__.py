"""Predictions: what anybody's method, run anywhere, thinks of architectures, read from a file."""

from benchmark.truth.predictions.reader import Predictions, read_predictions

__all__ = ["Predictions", "read_predictions"]
