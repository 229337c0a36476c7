"""Options that several commands share."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmark.errors import InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHOWN = 60  # characters of the user's text that a message repeats

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*options: Decorator) -> Decorator:
    """Return a decorator that adds several options, in the order of the help."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def truth_options(default: str) -> Decorator:
    """Return ``--table`` and ``--accuracy``; their help names the default."""
    return _together(
        click.option(
            "--table",
            metavar="NAME|PATH",
            help="True accuracies: a name of `nasbench tables list`, or a .csv or .nbtable file.  "
            f"[default: {default}]",
        ),
        click.option(
            "--accuracy",
            metavar="KEY",
            help=f"Which accuracy of the table: <dataset>_<split>_<epochs>.  [default: {default}]",
        ),
    )


allow_subset_option = click.option(
    "--allow-subset",
    is_flag=True,
    help="Let the table lack architectures; those it has are compared.",
)

table_option = click.option(
    "--table",
    metavar="NAME|PATH",
    help="A name of `nasbench tables list`, or a .csv or .nbtable file.  "
    "[default: NASBENCH_TABLE, else analog-nasbench]",
)

space_option = click.option(
    "--space",
    metavar="NAME",
    help="Search space of the table's architectures, of `nasbench list spaces`.  "
    "[default: what the file says, or the one that has its first architectures]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")

set_option = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="SECTION.NAME=VALUE",
    help="Change a setting; may be given several times.",
)

device_option = click.option(
    "--device",
    default="cpu",
    show_default=True,
    metavar="DEVICE",
    help="Where networks live, such as cpu or cuda:0.",
)


data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where image files are, or are downloaded to.  "
    "[default: NASBENCH_DATA, else the user's data folder]",
)


def seeds_option(default: int) -> Decorator:
    """Return ``--seeds``."""
    return click.option(
        "--seeds",
        default=str(default),
        show_default=True,
        metavar="N|LIST",
        help="A number of seeds from 0 on, or a list such as 3,7; for seed 3 alone write 3 and a "
        "comma.",
    )


workers_options = _together(
    click.option(
        "--jobs",
        type=click.IntRange(1),
        help="Processes that work at the same time.  [default: one per core, on a GPU 1]",
    ),
    click.option(
        "--backend",
        type=click.Choice(["loky", "dask"]),
        help="Processes of this machine, or a cluster.  [default: dask with --scheduler]",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Scheduler of a cluster of dask.distributed, such as tcp://10.0.0.1:8786.",
    ),
    click.option(
        "--shard",
        metavar="I/N",
        help="Do the I-th of N shares of the work; other machines do the rest.",
    ),
    device_option,
    data_option,
)

experiment_options = _together(
    seeds_option(5),
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
    truth_options("the preset's"),
    allow_subset_option,
    click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="FOLDER",
        help="Where records, tables and figures go.  [default: runs/<preset>, with a suffix for "
        "each other --set]",
    ),
    workers_options,
    click.option(
        "--dry-run",
        is_flag=True,
        help="Run nothing: print what would be trained, and about how long it would take here.",
    ),
    click.option(
        "--checkpoint-every",
        default="5min",
        show_default=True,
        metavar="N|TIME|never",
        help="How often a run writes a checkpoint: in steps, or a time such as 30s, 5min or 1h.",
    ),
)


def default_jobs(device: str) -> int:
    """Return the default of ``--jobs``: one per core, on a GPU one."""
    import joblib  # slow to import

    return joblib.cpu_count() if device.startswith("cpu") else 1


def read_changes(texts: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of ``--set``, which are TOML but for quotes, by the names of the settings.

    Example:
        >>> read_changes(("training.budget=64_000", "methods.few-shot.decisions=[0]", "a.b=best"))
        {'training.budget': 64000, 'methods.few-shot.decisions': [0], 'a.b': 'best'}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or "." not in name:
            raise InputError(
                f"cannot use --set {text[:SHOWN]!r}: write it like training.budget=64000"
            )
        if name in found:
            raise InputError(f"--set {name} is given twice: give it once")
        found[name] = _toml_value(value.strip())
    return found


def _toml_value(text: str) -> Any:
    if "\n" not in text:  # else it could hold several values
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            pass
    return text
