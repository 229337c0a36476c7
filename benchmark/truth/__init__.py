"""The truth: what architectures reach when each is trained on its own."""

from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, BySeed, Measurements
from benchmark.truth.registry import TABLES, open_table
from benchmark.truth.table import Source, TruthTable

__all__ = [
    "TABLES",
    "AccuracyKey",
    "Agreement",
    "BySeed",
    "CostKey",
    "Measurements",
    "Source",
    "TruthTable",
    "open_table",
]
