"""``nasbench verify`` and ``nasbench rerun``: whether records are what they claim to be."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark.app.cli.options import data_option, device_option
from benchmark.errors import CheckError, InputError


@click.command()
@click.argument("runs", type=click.Path(path_type=Path), metavar="RUNS")
@click.option(
    "--table",
    metavar="NAME|PATH",
    help="True accuracies: a name of `nasbench tables list`, or a .csv or .nbtable file.  "
    "[default: what the tables beside the records name]",
)
@click.option(
    "--accuracy",
    metavar="KEY",
    help="Which accuracy of the table.  [default: what the tables beside the records name]",
)
def verify(runs: Path, table: str | None, accuracy: str | None) -> None:
    """Check the records in the folder RUNS, and what lies beside them, without training.

    Checksums, budgets, scores, splits, leaves and random streams are checked, all metrics are
    computed again, and files and truth are compared with the folder's manifests. Folders inside
    RUNS that hold records are checked as well. Exit code 1 if anything does not hold.

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


@click.command()
@click.argument("records", nargs=-1, required=True, type=click.Path(path_type=Path))
@device_option
@click.option(
    "--tolerance",
    type=float,
    metavar="R",
    help="Least correlation of the changes of the loss, where machine or libraries differ.  "
    "[default: 0.8]",
)
@data_option("Where files of images lie, or are downloaded to.")
def rerun(
    records: tuple[Path, ...], device: str, tolerance: float | None, data: Path | None
) -> None:
    """Run the units of RECORDS again and compare, bit by bit on the same machine and versions.

    On another machine training takes another course after some steps: then task, budget and random
    streams must be equal, and the loss must rise and fall alike. Exit code 1 if a record differs.

    \b
    Examples:
      nasbench rerun results/laptop/gm-seed0.json
      nasbench rerun runs/ci/one-shot-seed0.json runs/ci/gm-seed0.json
    """
    from benchmark.app.checking import Sameness
    from benchmark.app.checking import rerun as run_again
    from benchmark.app.checking.rerun import LEAST_AGREEMENT
    from benchmark.app.cli.console import tell_repeated
    from benchmark.records import read_record

    least = LEAST_AGREEMENT if tolerance is None else tolerance
    different = 0
    for path, record in [(path, read_record(path)) for path in records]:
        found = run_again(record, device=device, tolerance=least, data=data)
        line, differing = f"{path}: {found.sameness.value}", found.differing
        if found.sameness is Sameness.IDENTICAL:
            differing = ()
        else:
            line += f", agreement {found.agreement:.3f}"
        tell_repeated(line, differing, (*found.notes, *found.faults))
        different += found.sameness is Sameness.DIFFERENT
    if different:
        raise CheckError(f"{different} of {len(records)} records did not come out again")
