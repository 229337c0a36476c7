"""``nasbench verify``: whether records are what they claim to be."""

from pathlib import Path

import click

from benchmark.errors import CheckError, InputError


@click.command()
@click.argument("runs", type=click.Path(path_type=Path), metavar="RUNS")
@click.option(
    "--table",
    metavar="NAME|PATH",
    help="True accuracies: a name of `nasbench tables list`, or a .csv or .nbtable file.  "
    "[default: what each comparison beside the records names]",
)
@click.option(
    "--accuracy",
    metavar="KEY",
    help="Which accuracy of the table.  [default: what each comparison names]",
)
def verify(runs: Path, table: str | None, accuracy: str | None) -> None:
    """Check records and the files beside them, without training.

    RUNS is a folder of records. Checksums, budgets, scores, splits, leaves and random streams are
    checked, all metrics are computed again, and files and truth are compared with the folder's
    manifests. Folders inside RUNS that hold records are checked as well. Exit code 1 if anything
    does not hold.

    \b
    Examples:
      nasbench verify results/laptop
      nasbench verify runs/ci --table accuracies.csv
    """
    from benchmark.app.checking import Checks, TableChoice, verify_folder
    from benchmark.records import read_whole_records

    folders = [runs]
    if runs.is_dir():
        inner = sorted(path for path in runs.iterdir() if path.is_dir())
        folders += [path for path in inner if any(read_whole_records(path))]
    checks, count = Checks(), 0
    for folder in folders:
        count += len(verify_folder(folder, TableChoice(table, accuracy), checks))
    if not count and not checks.findings and not checks.missing:
        raise InputError(f"{runs} holds no run records: name a folder that nasbench run wrote to")
    for note in checks.notes:
        click.echo(f"note: {note}", err=True)
    for finding in checks.findings:
        click.echo(str(finding))
    if checks.missing and not checks.findings:
        raise InputError(checks.missing[0])
    for missing in checks.missing:
        click.echo(f"not checked: {missing}", err=True)
    if checks.findings:
        raise CheckError(
            f"{len(checks.findings)} of {checks.count} checks fail in {runs}: do not rely on it"
        )
    click.echo(f"{runs}: {count} runs, all {checks.count:,} checks hold")
