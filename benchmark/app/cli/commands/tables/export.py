"""``nasbench tables export``: write a table to a file."""

from pathlib import Path

import click

from benchmark.app.cli.options import space_option
from benchmark.app.cli.truth import named_space


@click.command()
@click.argument("table", metavar="NAME|PATH")
@click.argument("path", type=click.Path(path_type=Path))
@space_option
def export(table: str, path: Path, space: str | None) -> None:
    """Write a table to a .csv or .parquet file (accuracies) or a .nbtable file (everything).

    \b
    Examples:
      nasbench tables export nas-bench-201 accuracies.csv
      nasbench tables export nas-bench-201 shared/nas-bench-201.nbtable
    """
    from benchmark.truth import open_table
    from benchmark.truth.files.exporting import export_table

    export_table(open_table(table, allow_subset=True, space=named_space(space)), path)
    click.echo(f"wrote {path}")
