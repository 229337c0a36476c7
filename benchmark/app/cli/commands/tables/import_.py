"""``nasbench tables import``: convert a file once."""

from pathlib import Path

import click

from benchmark.app.cli.options import default_jobs, space_option
from benchmark.app.cli.truth import named_space


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Name of the table.  [default: from the file]")
@click.option("--curves", is_flag=True, help="Keep the accuracy after each epoch, too.")
@click.option("--allow-subset", is_flag=True, help="Let architectures be missing.")
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help="Length of the training, for a file that does not say it.",
)
@space_option
@click.option(
    "--skip-invalid",
    is_flag=True,
    help="Leave out the rows of a CSV or Parquet file whose architecture the space does not have.",
)
@click.option(
    "--average-repeats",
    is_flag=True,
    help="Take the mean of the rows of one architecture, in a CSV or Parquet file with several.",
)
@click.option("--replace", is_flag=True, help="Replace a table of this name from another file.")
@click.option(
    "--jobs", type=click.IntRange(1), help="Files to read at the same time.  [default: cores]"
)
def import_(
    path: Path,
    name: str | None,
    curves: bool,
    allow_subset: bool,
    epochs: int | None,
    space: str | None,
    skip_invalid: bool,
    average_repeats: bool,
    replace: bool,
    jobs: int | None,
) -> None:
    """Convert a benchmark's files, a CSV or a Parquet file once.

    PATH is NAS-Bench-201-v1_0-e61699.pth, NAS-Bench-201-v1_1-096897.pth, the folder
    NATS-tss-v1_0-3ffb9-simple or its tar, nas-bench-macro_cifar10.json, anb_dataset_jsons.tar.gz,
    or a .csv, .parquet or .nbtable file. Nothing in it is executed. An import changes no default:
    name the table with --table.

    \b
    Examples:
      nasbench tables import NAS-Bench-201-v1_1-096897.pth
      nasbench tables import NATS-tss-v1_0-3ffb9-simple --curves
      nasbench tables import accuracies.csv --name mine
      nasbench tables import genotypes.csv --space darts --skip-invalid
    """
    from benchmark.app.workers.progress import shown_board
    from benchmark.truth.importing import import_table
    from benchmark.truth.sources.options import ImportOptions

    with shown_board(1, f"importing {path.name}") as board:
        options = ImportOptions(
            name=name,
            curves=curves,
            allow_subset=allow_subset,
            epochs=epochs,
            jobs=jobs or default_jobs("cpu"),
            replace=replace,
            show=board.meter(0).show,
            space=named_space(space),
            skip_invalid=skip_invalid,
            average_repeats=average_repeats,
        )
        done = import_table(path, options)
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    files = "".join(f", {file}" for file in (done.path, done.curves) if file is not None)
    click.echo(f"{done.table.name}: {done.table.share}{files}")
    click.echo(f"Use it with --table {done.table.name}")
