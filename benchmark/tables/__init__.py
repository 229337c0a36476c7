"""The truth: what architectures reach when each is trained on its own."""

from benchmark.tables.registry import TABLES, TableRecord, open_table
from benchmark.tables.truth import AccuracyKey, Source, TruthTable

__all__ = ["TABLES", "AccuracyKey", "Source", "TableRecord", "TruthTable", "open_table"]
