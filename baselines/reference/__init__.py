"""Rankings that need no training and stand in every table for comparison."""

from baselines.reference.chance import Chance
from baselines.reference.complexity import Flops, Parameters

__all__ = ["Chance", "Flops", "Parameters"]
