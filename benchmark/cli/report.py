"""What a command shows at its end, and the files it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from analysis.figures import comparison_figure, save_figure, scores_against_truth_data
from analysis.ranking import BRIEF
from analysis.tables import (
    budget_table,
    evaluate,
    gather_facts,
    ranking_table,
    summarise_methods,
    to_csv,
    to_markdown,
)
from baselines.registry import METHODS
from benchmark.cli.console import show
from benchmark.files import write_atomic
from benchmark.store import RunRecord, record_path
from benchmark.tables import AccuracyKey, TruthTable


def report(
    records: Sequence[RunRecord],
    truth: TruthTable,
    key: AccuracyKey,
    folder: Path,
    name: str,
) -> None:
    """Write the tables of a comparison and a figure into a folder, then print what is in them.

    Args:
        records: The runs, in the order of rows.
        truth: True accuracies.
        key: Which of them.
        folder: Where files go.
        name: Their name without suffix.
    """
    runs, facts = evaluate(records, truth, key), gather_facts(records, truth, key)
    names = {record.name: METHODS[record.method].reference for record in records}
    methods, references = list(names), [name for name, reference in names.items() if reference]
    summary = summarise_methods(runs, methods)
    full = ranking_table(summary, facts, references=references)
    short = ranking_table(summary, facts, metrics=BRIEF, references=references)
    spent = budget_table(runs, facts, methods)
    paths = {suffix: folder / f"{name}.{suffix}" for suffix in ("md", "csv", "png")}
    write_atomic(paths["md"], to_markdown(full) + "\n" + to_markdown(spent))
    write_atomic(paths["csv"], to_csv(summary))
    figure = comparison_figure(scores_against_truth_data(records, truth, key))
    save_figure(figure, paths["png"])
    for table in (short, spent):
        show(table)
    kept = [record_path(folder, record.name, record.seed) for record in records]
    click.echo("Files:")
    for path in (*paths.values(), *kept):
        click.echo(f"  {path}")
