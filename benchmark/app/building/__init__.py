"""Building a table of accuracies: architectures are trained alone, on any data set."""

from benchmark.app.building.builder import Built, Plan, build_table
from benchmark.app.building.choice import chosen_architectures

__all__ = ["Built", "Plan", "build_table", "chosen_architectures"]
