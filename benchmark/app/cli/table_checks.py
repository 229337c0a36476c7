"""``nasbench tables verify`` and ``rerun``: whether a table is what it claims to be."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark.app.cli.options import data_option, default_jobs, default_table_name, device_option
from benchmark.errors import CheckError


@click.command()
@click.argument("table", default=default_table_name, metavar="[NAME|PATH]")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="What the table was made of: the file or folder that was imported, whose SHA-256 is "
    "compared, or the trained.jsonl of a build, of which it is put together again.",
)
def verify(table: str, source: Path | None) -> None:
    """Check a table against its checksum and, where it is given, its source.

    Parameters and multiply-adds that differ from the formula are noted: they are the source's. Of a
    table that was built here all columns are compared but the seconds. Exit code 1 if anything
    does not hold.

    \b
    Examples:
      nasbench tables verify
      nasbench tables verify nas-bench-201 --source NAS-Bench-201-v1_1-096897.pth
      nasbench tables verify tables/mine/mine.nbtable --source tables/mine/trained.jsonl
    """
    from benchmark.app.building.build_info import SOURCE_KIND
    from benchmark.truth import open_table
    from benchmark.truth.gathering import differences

    opened = open_table(table, allow_subset=True)  # an error where the checksum does not hold
    for note in differences(opened):
        click.echo(f"note: {note}", err=True)
    if source is not None and opened.source.kind == SOURCE_KIND:
        from benchmark.app.checking.reassembling import table_differences
        from benchmark.truth.curves import read_curves
        from benchmark.truth.files.library import curves_beside

        beside = curves_beside(table)
        curves = read_curves(beside) if beside.exists() else None
        found = table_differences(opened, curves, source)
        for line in found:
            click.echo(line)
        if found:
            raise CheckError(f"table {opened.name!r} does not follow from {source}")
    elif source is not None:
        from benchmark.truth.importing import source_sha256

        now, kept = source_sha256(source), opened.source.sha256
        if now != kept:
            raise CheckError(
                f"table {opened.name!r} was not made from {source}: that has the SHA-256 "
                f"{now[:12]}..., the table's source had {kept[:12]}..."
            )
    click.echo(f"{opened.name}: {len(opened):,} architectures, every check holds")


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
    help="What they are drawn by.",
)
@click.option(
    "--tolerance",
    type=float,
    metavar="POINTS",
    help="Most that an accuracy may differ by where machine or libraries do.  [default: 3 times "
    "what two seeds of the table differ by]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Trainings done at a time.  [default: one a core, on a GPU 1]",
)
@device_option
@data_option("Where files of images lie, or are downloaded to.")
def rerun(
    table: str,
    sample: int,
    seed: int,
    tolerance: float | None,
    jobs: int | None,
    device: str,
    data: Path | None,
) -> None:
    """Train some architectures of a built TABLE again and compare.

    They are drawn at random. On the machine and with the versions that trained them, which the
    table tells, every bit of accuracy and loss must come out again. Elsewhere training takes
    another course after some steps: then no accuracy may differ by more than --tolerance. Exit
    code 1 if one does.

    \b
    Examples:
      nasbench tables rerun tables/mine/mine.nbtable
      nasbench tables rerun tables/mine/mine.nbtable --sample 20 --seed 1
    """
    from benchmark.app.checking import Sameness
    from benchmark.app.checking.retraining import retrain
    from benchmark.app.cli.console import tell_repeated
    from benchmark.app.running.devices import checked_device
    from benchmark.app.workers.backends import Workers
    from benchmark.spaces.nb201 import to_string
    from benchmark.truth import open_table

    found = retrain(
        open_table(table, allow_subset=True),
        sample,
        seed=seed,
        tolerance=tolerance,
        device=checked_device(device),
        workers=Workers(jobs or default_jobs(device)),
        data=data,
    )
    for one in found:
        line = f"{to_string(one.code)} seed {one.seed}: {one.sameness.value}"
        if one.sameness is Sameness.CLOSE:
            line += f", {one.distance:.2f} points apart at most"
        tell_repeated(line, one.differing, one.faults)
    different = sum(one.sameness is Sameness.DIFFERENT for one in found)
    if different:
        raise CheckError(f"{different} of {len(found)} trainings did not come out again")
    exact = sum(one.sameness is Sameness.IDENTICAL for one in found)
    click.echo(f"{len(found)} trainings came out again, {exact} of them to the last bit")
