"""Options that commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmark.app.cli.changes import set_option

Command = Callable[..., Any]


def default_table_name() -> str:
    """Return the table to judge by where nothing is said.

    That is what NASBENCH_TABLE names, else the official table if it was imported, else the
    built-in one.
    """
    from benchmark.truth import default_table

    return os.environ.get("NASBENCH_TABLE") or default_table()


table_option = click.option(
    "--table",
    default=default_table_name,
    show_default="the official table if imported, else analog-nasbench",
    metavar="NAME|PATH",
    help="True accuracies: a name of `nasbench tables list`, or a .csv or .nbtable file.",
)

allow_subset_option = click.option(
    "--allow-subset",
    is_flag=True,
    help="Let the table lack architectures; those it has are compared.",
)


def data_option(said: str) -> Callable[[Command], Command]:
    """Return the option that names the folder of images.

    Args:
        said: What the help says of it, before the default.
    """
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help=f"{said}  [default: NASBENCH_DATA, else the user's data folder]",
    )


device_option = click.option(
    "--device",
    default="cpu",
    show_default=True,
    metavar="DEVICE",
    help="Where networks live, such as cpu or cuda:0.",
)


_WORKERS = (
    click.option(
        "--jobs",
        type=click.IntRange(1),
        help="Pieces of work done at a time on this machine.  [default: one a core, on a GPU 1]",
    ),
    click.option(
        "--backend",
        type=click.Choice(["loky", "dask"]),
        help="Who works: processes of this machine, or a cluster.  [default: as --scheduler says]",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Scheduler of a cluster of dask.distributed, such as tcp://10.0.0.1:8786.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Do the I-th of N shares of the work, and leave the others to other machines.",
    ),
    device_option,
    data_option("Where files of images lie, or are downloaded to."),
)

_EXPERIMENT = (
    click.option(
        "--seeds",
        default="5",
        show_default=True,
        metavar="N|LIST",
        help="A number of seeds from 0 on, or a list such as 3,7; one seed is 3 and a comma.",
    ),
    click.option(
        "--preset",
        default="laptop",
        show_default=True,
        metavar="NAME|PATH",
        help="The task: a name of `nasbench list presets`, or a .toml file.",
    ),
    set_option,
    click.option(
        "--base",
        metavar="NAME",
        help="How supernets are trained: a name of `nasbench list bases`.  [default: the preset's]",
    ),
    table_option,
    allow_subset_option,
    click.option(
        "--accuracy",
        default="cifar10_test_200",
        show_default=True,
        metavar="KEY",
        help="Which accuracy of the table: <dataset>_<split>_<epochs>.",
    ),
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Where records, tables and figures go.  [default: runs/<preset>]",
    ),
    *_WORKERS,
    click.option(
        "--dry-run",
        is_flag=True,
        help="Run nothing: say what would be trained, and about how long it would take here.",
    ),
    click.option(
        "--checkpoint-every",
        default="5min",
        show_default=True,
        metavar="N|TIME|never",
        help="How often a run leaves a checkpoint: steps, or a time such as 30s, 5min or 1h.",
    ),
)


def experiment_options(command: Command) -> Command:
    """Give a command the options of an experiment."""
    for option in reversed(_EXPERIMENT):
        command = option(command)
    return command


def workers_options(command: Command) -> Command:
    """Give a command the options that say where its work is done."""
    for option in reversed(_WORKERS):
        command = option(command)
    return command


def default_jobs(device: str) -> int:
    """Return how many units run at a time where nothing is said: one a core, on a GPU one."""
    import joblib  # slow to import

    return joblib.cpu_count() if device.startswith("cpu") else 1
