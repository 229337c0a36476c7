"""The files of a comparison: tables, a figure, and a manifest of what they were made from."""

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


def write_comparison(
    records: Sequence[RunRecord], truth: TruthTable, key: AccuracyKey, folder: Path, name: str
) -> tuple[MethodComparison, list[Path]]:
    """Write a comparison's tables, figure and manifest; return it with all of its files."""
    references = {record.name: METHODS[record.method].reference for record in records}
    comparison = MethodComparison(
        records, truth, key, list(references), [name for name in references if references[name]]
    )
    paths = [folder / f"{name}.{suffix}" for suffix in ("md", "csv", "png")]
    write_atomic(paths[0], comparison.markdown)
    write_atomic(paths[1], comparison.csv)
    save_figure(comparison_figure(scores_against_truth_data(records, truth, key)), paths[2])
    files = [*paths, *(record_path(folder, record.unit) for record in records)]
    manifest = Manifest(
        files={path.name: sha256(path) for path in files},
        table=truth.name,
        accuracy=str(key),
        truth=truth.digest(key),
        source=truth.source.sha256,
        command=command_line(sys.argv),
    )
    write_manifest(manifest, manifest_path(folder, name))
    return comparison, [*files, manifest_path(folder, name)]


def show_comparison(comparison: MethodComparison, folder: Path, files: Sequence[Path]) -> None:
    """Print a comparison's tables, and the names of its files."""
    show(comparison.ranking(brief=True))
    show(comparison.spending)
    warn_of_images(comparison.context)
    click.echo(f"Files in {folder}:")
    for path in files:
        click.echo(f"  {path.name}")
