"""``nasbench report``: from a folder of records to tables, figures and pages."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark.app.cli.options import allow_subset_option, table_option


@click.command()
@click.argument("runs", type=click.Path(path_type=Path), metavar="RUNS")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the report goes.  [default: RUNS/report]",
)
@table_option
@allow_subset_option
@click.option(
    "--accuracy",
    default="cifar10_test_200",
    show_default=True,
    metavar="KEY",
    help="Which accuracy of the table stands first: <dataset>_<split>_<epochs>.",
)
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Numbers of others to stand beside ours, as CSV.  [default: results/published.csv]",
)
def report(
    runs: Path,
    out: Path | None,
    table: str,
    allow_subset: bool,
    accuracy: str,
    published: Path | None,
) -> None:
    """Make tables, figures and an HTML page from the run records in a folder.

    Nothing is trained. The same records give the same bytes. Folders inside RUNS that hold
    records are taken as runs with other options, and make a table of their own.

    \b
    Examples:
      nasbench report results/laptop
      nasbench report runs/ci --out paper --table accuracies.csv --accuracy cifar100_test_200
    """
    from analysis.report import make_report, read_study, write_report
    from analysis.tables.published import published_path, read_published
    from baselines.registry import METHODS
    from benchmark.app.cli.console import warn_of_images
    from benchmark.app.workers.progress import shown_board
    from benchmark.truth import AccuracyKey, open_table

    truth, key = open_table(table, allow_subset=allow_subset), AccuracyKey.parse(accuracy)
    truth.accuracy(key)  # fails now rather than after records were read
    path = published or published_path()
    study = read_study(
        runs,
        truth,
        key,
        order=list(METHODS),
        references=[name for name, method in METHODS.items() if method.reference],
        published=() if path is None else read_published(path),
    )
    folder = out or runs / "report"
    with shown_board(2, "report") as board:
        made = make_report(study, board.meter(0).show)
        board.meter(0).show(1)
        write_report(made, folder, board.meter(1).show)
    warn_of_images(study.facts)
    for name, reason in made.skipped.items():
        click.echo(f"left out: {name}: {reason}", err=True)
    click.echo(
        f"{folder / 'report.html'}\n"
        f"{folder / 'report.tex'}\n"
        f"{folder / 'tables'}: {', '.join(made.tables)} (md, csv, tex)\n"
        f"{folder / 'figures'}: {', '.join(made.pictures)} (pdf, svg, png)"
    )
