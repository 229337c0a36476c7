"""``nasbench tables verify``: whether a table is what it claims to be."""

from pathlib import Path

import click

from benchmark.app.cli.options import space_option
from benchmark.app.cli.truth import named_space, table_or_default
from benchmark.errors import CheckError


@click.command()
@click.argument("table", required=False, metavar="[NAME|PATH]")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="What the table was made from: the file or folder that was imported, whose SHA-256 is "
    "compared, or the trained.jsonl of a build, from which it is assembled again.",
)
@space_option
def verify(table: str | None, source: Path | None, space: str | None) -> None:
    """Check a table against its checksum and, if given, its source.

    Without a name it is the table that NASBENCH_TABLE names, else analog-nasbench. Parameters and
    multiply-adds that differ from the formula are noted, as they are the source's. Of a table that
    was built here all columns are compared but the seconds. Exit code 1 if anything does not hold.

    \b
    Examples:
      nasbench tables verify
      nasbench tables verify nas-bench-201 --source NAS-Bench-201-v1_1-096897.pth
      nasbench tables verify tables/mine/mine.nbtable --source tables/mine/trained.jsonl
    """
    from benchmark.app.building.build_info import SOURCE_KIND
    from benchmark.truth import open_table
    from benchmark.truth.table_from_results import formula_differences

    name = table_or_default(table)
    # an error if the checksum does not hold
    opened = open_table(name, allow_subset=True, space=named_space(space))
    for note in formula_differences(opened):
        click.echo(f"note: {note}", err=True)
    if source is not None and opened.source.kind == SOURCE_KIND:
        from benchmark.app.checking.reassembling import table_differences
        from benchmark.truth.curves import read_curves
        from benchmark.truth.files.cache import curves_beside

        beside = curves_beside(name)
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
    click.echo(f"{opened.name}: {opened.share}, every check holds")
