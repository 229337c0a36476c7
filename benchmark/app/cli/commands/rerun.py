"""``nasbench rerun``: whether runs can be reproduced."""

from pathlib import Path

import click

from benchmark.app.cli.options import data_option, device_option
from benchmark.errors import CheckError


@click.command()
@click.argument("records", nargs=-1, required=True, type=click.Path(path_type=Path))
@device_option
@click.option(
    "--tolerance",
    type=float,
    metavar="R",
    help="Least correlation of the changes of the loss, if machine or libraries differ.  "
    "[default: 0.8]",
)
@data_option
def rerun(
    records: tuple[Path, ...], device: str, tolerance: float | None, data: Path | None
) -> None:
    """Run the methods and seeds of RECORDS again and compare.

    On the same machine with the same versions every bit must be reproduced. On another, rounding
    makes training differ after some steps: then task, budget and random streams must be equal, and
    the loss must rise and fall alike. Exit code 1 if a record differs.

    \b
    Examples:
      nasbench rerun results/laptop/gm-seed0.json
      nasbench rerun runs/ci/one-shot-seed0.json runs/ci/gm-seed0.json
    """
    from benchmark.app.checking import RerunOutcome
    from benchmark.app.checking import rerun as run_again
    from benchmark.app.checking.rerun import LEAST_AGREEMENT
    from benchmark.app.cli.console import show_rerun
    from benchmark.records import read_record

    least = LEAST_AGREEMENT if tolerance is None else tolerance
    different = 0
    for path, record in [(path, read_record(path)) for path in records]:
        found = run_again(record, device=device, tolerance=least, data=data)
        line, differing = f"{path}: {found.outcome.value}", found.differing
        if found.outcome is RerunOutcome.IDENTICAL:
            differing = ()
        else:
            line += f", agreement {found.agreement:.3f}"
        show_rerun(line, differing, (*found.notes, *found.faults))
        different += found.outcome is RerunOutcome.DIFFERENT
    if different:
        raise CheckError(f"{different} of {len(records)} records were not reproduced")
