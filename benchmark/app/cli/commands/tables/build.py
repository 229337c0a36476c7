"""``nasbench tables build``: a table of your own, by training architectures alone."""

from pathlib import Path

import click

from benchmark.app.cli.options import (
    default_jobs,
    read_changes,
    seeds_option,
    set_option,
    workers_options,
)
from benchmark.errors import InputError


@click.command()
@click.option(
    "--dataset",
    metavar="NAME",
    help="A data set of `nasbench list datasets`; one without a protocol of its own needs "
    "--protocol too.",
)
@click.option(
    "--space",
    default="nb201",
    show_default=True,
    metavar="NAME",
    help="The search space, see `nasbench list spaces`; --protocol knows its own.",
)
@click.option(
    "--protocol",
    metavar="NAME|PATH",
    help="How to train: a name of `nasbench list protocols`, or a .toml file.  "
    "[default: the data set's]",
)
@click.option(
    "--architectures",
    default="1000",
    show_default=True,
    metavar="all|N|FILE",
    help="The whole space, a random sample of N, or those of a file, one per line or as CSV.",
)
@seeds_option(3)
@set_option
@click.option(
    "--name", metavar="NAME", help="Name of the table.  [default: the protocol's with its scale]"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where trainings and the table go.  [default: tables/<name>]",
)
@workers_options
def build(
    dataset: str | None,
    space: str,
    protocol: str | None,
    architectures: str,
    seeds: str,
    changes: tuple[str, ...],
    name: str | None,
    out: Path | None,
    shard: str | None,
    jobs: int | None,
    backend: str | None,
    scheduler: str | None,
    device: str,
    data: Path | None,
) -> None:
    """Train architectures alone on a data set and make a table of their accuracies.

    Architectures that are the same network are trained once. Trainings found in --out are not
    repeated: the same command resumes where it stopped, and more architectures or seeds add to
    what is there.

    \b
    Examples:
      nasbench tables build --dataset digits --architectures 100 --seeds 2
      nasbench tables build --dataset digits --set network.channels=4 --set training.epochs=2
      nasbench tables build --dataset digits --architectures all --shard 1/4 --out share1
    """
    from benchmark.app.running.shards import parse_shard
    from benchmark.images import DATASETS
    from benchmark.seeds import parse_seeds
    from benchmark.spaces.registry import open_space
    from benchmark.tasks.protocol import load_protocol, protocol_names
    from benchmark.truth.files.cache import table_path

    if protocol is None and dataset is None:
        raise InputError("no data set: give --dataset digits, or a --protocol")
    own = f"{open_space(space).name}-{dataset}"
    if protocol is None and dataset in DATASETS and own not in protocol_names():
        raise InputError(
            f"data set {dataset!r} has no protocol for space {space}: give --protocol too, one of "
            f"{', '.join(protocol_names())} or a file of yours"
        )
    chosen = load_protocol(protocol or own)
    data_set = {} if dataset is None else {"data.dataset": dataset}
    chosen = chosen.changed(read_changes(changes) | data_set)
    name = name or f"{chosen.name}-{chosen.scale.abbreviation}e{chosen.training.epochs}"
    table_path(name)  # checks that it is a name

    # These take long to import.
    from benchmark.app.building import BuildPlan, build_table, chosen_architectures
    from benchmark.app.running.devices import checked_device
    from benchmark.app.workers.backends import chosen_workers

    plan = BuildPlan(
        chosen, chosen_architectures(architectures, chosen.search_space), parse_seeds(seeds)
    )
    folder = out or Path("tables") / name
    done = build_table(
        plan,
        folder,
        name,
        device=checked_device(device),
        workers=chosen_workers(jobs or default_jobs(device), backend, scheduler),
        shard=parse_shard(shard or "1/1"),
        data=data,
    )
    if done.damaged:
        click.echo(f"{done.damaged} damaged lines in {folder} were trained again", err=True)
    from benchmark.app.cli.console import show_reused

    show_reused(done.reused, done.trainings, "trainings", "trained", folder, done.differing)
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    if done.table is None or done.path is None:
        click.echo(
            f"{folder}: {done.trainings:,} trainings are done; the table needs {done.missing:,} "
            "more of other shares: join them with nasbench merge"
        )
        return
    from benchmark.app.cli.table_contents import table_contents
    from benchmark.app.cli.table_printing import print_table

    files = ", ".join(str(file) for file in (done.path, done.curves) if file is not None)
    click.echo(f"{name}: {len(done.table):,} architectures, {files}")
    print_table(table_contents(done.table, done.curves))
