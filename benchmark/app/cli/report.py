"""What a command shows at its end, and the files it leaves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from analysis.figures import comparison_figure, save_figure, scores_against_truth_data
from analysis.tables import MethodComparison
from baselines.registry import METHODS
from benchmark.app.cli.console import show, warn_of_images
from benchmark.files import sha256, write_atomic
from benchmark.records import Manifest, RunRecord, manifest_path, record_path, write_manifest
from benchmark.records.provenance import command_line
from benchmark.truth import AccuracyKey, TruthTable


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
    names = {record.name: METHODS[record.method].reference for record in records}
    methods, references = list(names), [name for name, reference in names.items() if reference]
    made = MethodComparison(records, truth, key, methods, references)
    paths = {suffix: folder / f"{name}.{suffix}" for suffix in ("md", "csv", "png")}
    write_atomic(paths["md"], made.markdown)
    write_atomic(paths["csv"], made.csv)
    save_figure(comparison_figure(scores_against_truth_data(records, truth, key)), paths["png"])
    kept = [record_path(folder, record.unit) for record in records]
    files = [*paths.values(), *kept]
    manifest = Manifest(
        files={path.name: sha256(path) for path in files},
        table=truth.name,
        accuracy=str(key),
        truth=truth.digest(key),
        source=truth.source.sha256,
        command=command_line(sys.argv),
    )
    write_manifest(manifest, manifest_path(folder, name))
    for table in (made.ranking(brief=True), made.spending):
        show(table)
    warn_of_images(made.facts)
    click.echo("Files:")
    for path in (*files, manifest_path(folder, name)):
        click.echo(f"  {path}")
