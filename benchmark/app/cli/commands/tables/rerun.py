"""``nasbench tables rerun``: whether the trainings of a built table can be reproduced."""

from pathlib import Path

import click

from benchmark.app.cli.options import data_option, default_jobs, device_option
from benchmark.errors import CheckError


@click.command()
@click.argument("table", metavar="NAME|PATH")
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    metavar="N",
    help="How many architectures to train again, each at all seeds of the table.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 32) - 1),
    default=0,
    show_default=True,
    metavar="SEED",
    help="Seed of the sample.",
)
@click.option(
    "--tolerance",
    type=float,
    metavar="POINTS",
    help="Largest difference of an accuracy if machine or libraries differ.  [default: 3 times "
    "the difference between two seeds of the table]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Trainings at the same time.  [default: one per core, on a GPU 1]",
)
@device_option
@data_option
def rerun(
    table: str,
    sample: int,
    seed: int,
    tolerance: float | None,
    jobs: int | None,
    device: str,
    data: Path | None,
) -> None:
    """Train a random sample of a built TABLE again and compare.

    On the machine and versions of the original training, which the table names, every bit of
    accuracy and loss must be reproduced. On another, rounding makes training differ after some
    steps: then no accuracy may differ by more than --tolerance. Exit code 1 if one does.

    \b
    Examples:
      nasbench tables rerun tables/mine/mine.nbtable
      nasbench tables rerun tables/mine/mine.nbtable --sample 20 --seed 1
    """
    from benchmark.app.checking import RerunOutcome
    from benchmark.app.checking.retraining import retrain
    from benchmark.app.cli.console import show_rerun
    from benchmark.app.running.devices import checked_device
    from benchmark.app.workers.backends import Workers
    from benchmark.truth import open_table

    opened = open_table(table, allow_subset=True)
    found = retrain(
        opened,
        sample,
        seed=seed,
        tolerance=tolerance,
        device=checked_device(device),
        workers=Workers(jobs or default_jobs(device)),
        data=data,
    )
    for one in found:
        line = f"{opened.space.format(one.code)} seed {one.seed}: {one.outcome.value}"
        if one.outcome is RerunOutcome.CLOSE:
            line += f", {one.distance:.2f} points apart at most"
        show_rerun(line, one.differing, one.faults)
    different = sum(one.outcome is RerunOutcome.DIFFERENT for one in found)
    if different:
        raise CheckError(f"{different} of {len(found)} trainings were not reproduced")
    exact = sum(one.outcome is RerunOutcome.IDENTICAL for one in found)
    click.echo(f"{len(found)} trainings were reproduced, {exact} of them to the last bit")
