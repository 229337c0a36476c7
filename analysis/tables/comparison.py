"""A comparison of methods: from run records to tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from analysis.metrics.ranking import BRIEF
from analysis.tables.captions import ComparisonContext, comparison_context
from analysis.tables.comparison_tables import budget_table, ranking_table
from analysis.tables.evaluation import evaluate, summarise_methods, to_csv
from analysis.tables.text_table import TextTable, to_markdown
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable


@dataclass(frozen=True, eq=False)
class MethodComparison:
    """Runs of several methods, measured against one truth."""

    records: Sequence[RunRecord]  # the runs
    truth: TruthTable  # true accuracies
    key: AccuracyKey  # the accuracy
    methods: Sequence[str]  # every method of the runs once, in the order of rows
    references: Collection[str] = ()  # those that train nothing

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run."""
        return evaluate(self.records, self.truth, self.key)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per method."""
        return summarise_methods(self.runs, self.methods)

    @cached_property
    def context(self) -> ComparisonContext:
        """What captions say about the comparison."""
        return comparison_context(self.records, self.truth, self.key)

    def ranking(self, *, brief: bool = False) -> TextTable:
        """Return the table of ranking quality, with all metrics or those that fit a screen."""
        references = [name for name in self.methods if name in self.references]
        if brief:
            return ranking_table(self.summary, self.context, metrics=BRIEF, references=references)
        return ranking_table(self.summary, self.context, references=references)

    @cached_property
    def spending(self) -> TextTable:
        """The table of what methods spent."""
        return budget_table(self.runs, self.context, self.methods)

    @property
    def markdown(self) -> str:
        """Both tables as Markdown."""
        return to_markdown(self.ranking()) + "\n" + to_markdown(self.spending)

    @property
    def csv(self) -> str:
        """The summary as CSV, with every digit."""
        return to_csv(self.summary)
