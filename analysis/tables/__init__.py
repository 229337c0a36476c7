"""Tables of a comparison, computed from run records and a table of true accuracies."""

from analysis.tables.comparison import MethodComparison
from analysis.tables.evaluation import evaluate, summarise_methods, to_csv
from analysis.tables.facts import Facts, gather_facts
from analysis.tables.presentation import budget_table, ranking_table
from analysis.tables.scores import scores_table
from analysis.tables.text import TableCell, TextTable, to_markdown

__all__ = [
    "Facts",
    "MethodComparison",
    "TableCell",
    "TextTable",
    "budget_table",
    "evaluate",
    "gather_facts",
    "ranking_table",
    "scores_table",
    "summarise_methods",
    "to_csv",
    "to_markdown",
]
