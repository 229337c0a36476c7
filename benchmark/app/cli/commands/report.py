"""``nasbench report``: from a folder of records to tables, figures and a page."""

from pathlib import Path

import click

from benchmark.app.cli.options import allow_subset_option, truth_options
from benchmark.app.cli.truth import open_truth, show_truth, truth_of_runs


@click.command()
@click.argument("runs", type=click.Path(path_type=Path), metavar="RUNS")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the report goes.  [default: RUNS/report]",
)
@truth_options("that of the runs' task")
@allow_subset_option
@click.option(
    "--published",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Published numbers to show beside the runs', as CSV.  [default: results/published.csv]",
)
def report(
    runs: Path,
    out: Path | None,
    table: str | None,
    allow_subset: bool,
    accuracy: str | None,
    published: Path | None,
) -> None:
    """Make tables, figures and an HTML page from run records.

    RUNS is a folder of records. Nothing is trained. The same records give the same bytes. Records
    in folders inside RUNS count as runs with other options, and get a table of their own.

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

    named = truth_of_runs(runs, table, accuracy)
    truth, key = open_truth(named, allow_subset=allow_subset)
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
    warn_of_images(study.context)
    for name, reason in made.skipped.items():
        click.echo(f"left out: {name}: {reason}", err=True)
    show_truth(truth, key)
    click.echo(
        f"{folder / 'report.html'}\n"
        f"{folder / 'report.tex'}\n"
        f"{folder / 'tables'}: {', '.join(made.tables)} (md, csv, tex)\n"
        f"{folder / 'figures'}: {', '.join(made.figures)} (pdf, svg, png)"
    )
