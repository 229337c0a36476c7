"""``nasbench tables``: import, build, list, inspect, query, check and export true accuracies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from benchmark.app.cli.building import build
from benchmark.app.cli.options import default_jobs, default_table_name
from benchmark.app.cli.table_checks import rerun, verify

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_TABLE = click.option(
    "--table",
    default=default_table_name,
    show_default="the official table if imported, else analog-nasbench",
    metavar="NAME|PATH",
    help="A name of `nasbench tables list`, or a .csv or .nbtable file.",
)


@click.group("tables")
def tables_group() -> None:
    """Import, build, inspect and export tables of true accuracies.

    Imported tables are kept in the user's cache folder, or where NASBENCH_CACHE says.

    \b
    Examples:
      nasbench tables import NAS-Bench-201-v1_1-096897.pth
      nasbench tables info
    """


for command in (build, verify, rerun):
    tables_group.add_command(command)


@tables_group.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the table.  [default: from the file]")
@click.option("--curves", is_flag=True, help="Keep the accuracy after each epoch, too.")
@click.option("--allow-subset", is_flag=True, help="Let architectures be missing.")
@click.option(
    "--epochs", type=click.IntRange(1), help="Length of the training where the file is silent."
)
@click.option("--replace", is_flag=True, help="Replace a table of this name from another file.")
@click.option("--jobs", type=click.IntRange(1), help="Files to read at a time.  [default: cores]")
def import_(
    path: Path,
    name: str | None,
    curves: bool,
    allow_subset: bool,
    epochs: int | None,
    replace: bool,
    jobs: int | None,
) -> None:
    """Convert the benchmark's files, a CSV or a Parquet file once.

    PATH is NAS-Bench-201-v1_0-e61699.pth, NAS-Bench-201-v1_1-096897.pth, the folder
    NATS-tss-v1_0-3ffb9-simple or its tar, or a .csv, .parquet or .nbtable file. Nothing in it is
    executed.

    \b
    Examples:
      nasbench tables import NAS-Bench-201-v1_1-096897.pth
      nasbench tables import NATS-tss-v1_0-3ffb9-simple --curves
      nasbench tables import accuracies.csv --name mine
    """
    from benchmark.app.workers.progress import shown_board
    from benchmark.truth import default_table
    from benchmark.truth.importing import ImportOptions, import_table

    with shown_board(1, f"importing {path.name}") as board:
        options = ImportOptions(
            name,
            curves,
            allow_subset,
            epochs,
            jobs or default_jobs("cpu"),
            replace,
            board.meter(0).show,
        )
        done = import_table(path, options)
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    kept = "".join(f", {file}" for file in (done.path, done.curves) if file is not None)
    click.echo(f"{done.table.name}: {len(done.table):,} architectures{kept}")
    if default_table() == done.table.name:
        click.echo("It is the default from now on.")


@tables_group.command("list")
@_AS_JSON
def list_(as_json: bool) -> None:
    """List the tables there are; the default is marked with a star.

    \b
    Example:
      nasbench tables list
    """
    from benchmark.app.cli.table_facts import table_lines

    found, default = table_lines(), default_table_name()
    if as_json:
        rows = [line._asdict() | {"default": line.name == default} for line in found]
        click.echo(json.dumps(rows, indent=2))
        return
    width = max(len(line.name) for line in found)
    for line in found:
        star = "*" if line.name == default else " "
        click.echo(f"{star} {line.name:{width}}  {line.architectures:>6,}  {line.description}")


@tables_group.command()
@click.argument("table", default=default_table_name, metavar="[NAME|PATH]")
@_AS_JSON
def info(table: str, as_json: bool) -> None:
    """Tell what a table holds, where it is from, and its noise ceiling.

    \b
    Examples:
      nasbench tables info
      nasbench tables info analog-nasbench --json
    """
    from benchmark.app.cli.table_facts import print_facts, table_facts
    from benchmark.truth.files.library import curves_beside

    beside = curves_beside(table) if table.endswith(".nbtable") else None
    facts = table_facts(_open(table), beside)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        print_facts(facts)


@tables_group.command()
@click.argument("arch")
@_TABLE
@_AS_JSON
def query(arch: str, table: str, as_json: bool) -> None:
    """Tell all that a table knows of an architecture.

    ARCH is a string such as '|nor_conv_3x3~0|+|...|', or the number of the official files.

    \b
    Examples:
      nasbench tables query 11
      nasbench tables query 11 --table accuracies.csv --json
    """
    from benchmark.app.cli.table_facts import arch_facts, print_arch

    facts = arch_facts(_open(table), arch)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        print_arch(facts)


@tables_group.command()
@click.argument("table", metavar="NAME|PATH")
@click.argument("path", type=click.Path(path_type=Path))
def export(table: str, path: Path) -> None:
    """Write a table to a .csv or .parquet file (accuracies) or a .nbtable file (everything).

    \b
    Examples:
      nasbench tables export nas-bench-201 accuracies.csv
      nasbench tables export nas-bench-201 shared/nas-bench-201.nbtable
    """
    from benchmark.truth.files.exporting import export_table

    export_table(_open(table), path)
    click.echo(f"wrote {path}")


def _open(table: str) -> Any:
    from benchmark.truth import open_table

    return open_table(table, allow_subset=True)
