"""Tables of a comparison, computed from run records and a table of true accuracies."""

from analysis.tables.captions import ComparisonContext, comparison_context
from analysis.tables.comparison import MethodComparison
from analysis.tables.comparison_tables import budget_table, ranking_table
from analysis.tables.evaluation import evaluate, summarise_methods, to_csv
from analysis.tables.scores import scores_table
from analysis.tables.text_table import TableCell, TextTable, to_markdown

__all__ = [
    "ComparisonContext",
    "MethodComparison",
    "TableCell",
    "TextTable",
    "budget_table",
    "comparison_context",
    "evaluate",
    "ranking_table",
    "scores_table",
    "summarise_methods",
    "to_csv",
    "to_markdown",
]
