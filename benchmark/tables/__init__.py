"""The truth: what architectures reach when each is trained on its own."""

from benchmark.tables.keys import AccuracyKey, CostKey
from benchmark.tables.measurements import Agreement, BySeed, Measurements
from benchmark.tables.registry import TABLES, TableRecord, default_table, open_table, read_again
from benchmark.tables.truth import Source, TruthTable

__all__ = [
    "TABLES",
    "AccuracyKey",
    "Agreement",
    "BySeed",
    "CostKey",
    "Measurements",
    "Source",
    "TableRecord",
    "TruthTable",
    "default_table",
    "open_table",
    "read_again",
]
