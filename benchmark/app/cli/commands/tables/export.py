"""``nasbench tables export``: write a table to a file."""

from pathlib import Path

import click


@click.command()
@click.argument("table", metavar="NAME|PATH")
@click.argument("path", type=click.Path(path_type=Path))
def export(table: str, path: Path) -> None:
    """Write a table to a .csv or .parquet file (accuracies) or a .nbtable file (everything).

    \b
    Examples:
      nasbench tables export nas-bench-201 accuracies.csv
      nasbench tables export nas-bench-201 shared/nas-bench-201.nbtable
    """
    from benchmark.truth import open_table
    from benchmark.truth.files.exporting import export_table

    export_table(open_table(table, allow_subset=True), path)
    click.echo(f"wrote {path}")
