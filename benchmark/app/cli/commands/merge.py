"""``nasbench merge``: join what several machines did."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER..."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where all of it goes; its own contents stay.",
)
def merge(folders: tuple[Path, ...], out: Path) -> None:
    """Join shares of a run or of a table that were made with --shard.

    What several folders hold must be the same to the last bit. Afterwards the command that made the
    shares, with --out and without --shard, finds everything done and writes tables and figures.

    \b
    Examples:
      nasbench merge share1 share2 --out runs/laptop
      nasbench merge share1 share2 --out tables/fashion
    """
    from benchmark.app.merging import merge as merge_folders

    done = merge_folders(folders, out)
    if done.damaged:
        click.echo(f"{done.damaged} damaged lines were left out: train them again", err=True)
    click.echo(f"{out}: {done.count:,} {done.what}, {done.added:,} of them new")
