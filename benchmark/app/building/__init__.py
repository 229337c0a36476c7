"""Building a truth table: train architectures alone, on any data set."""

from benchmark.app.building.builder import BuildResult, build_table
from benchmark.app.building.plan import BuildPlan, chosen_architectures

__all__ = ["BuildPlan", "BuildResult", "build_table", "chosen_architectures"]
