"""Building a table of accuracies: architectures are trained alone, on any data set."""

from benchmark.app.building.builder import BuildPlan, Built, build_table
from benchmark.app.building.choice import chosen_architectures

__all__ = ["BuildPlan", "Built", "build_table", "chosen_architectures"]
