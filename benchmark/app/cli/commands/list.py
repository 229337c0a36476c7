"""``nasbench list``: the names to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from benchmark.errors import unknown_name

if TYPE_CHECKING:
    from benchmark.spaces.base import Space  # imports NumPy

KINDS = ("methods", "bases", "spaces", "presets", "protocols", "datasets", "tables")


@click.command("list", no_args_is_help=True)
@click.argument("kind")
def list_(kind: str) -> None:
    """List methods, bases, spaces, presets, protocols, datasets or tables.

    Bases are ways to train a supernet, spaces what architectures are chosen from, presets tasks
    in a space that methods run on, protocols ways to build a table of true accuracies.

    \b
    Examples:
      nasbench list methods
      nasbench list presets
    """
    descriptions = _descriptions(kind)
    width = max(map(len, descriptions))
    for name, description in descriptions.items():
        click.echo(f"{name:{width}}  {description}")


def _descriptions(kind: str) -> dict[str, str]:
    """Return the names of a kind with their descriptions; imports only what it needs."""
    if kind == "methods":
        from baselines.registry import METHODS

        return {name: method.description for name, method in METHODS.items()}
    if kind == "bases":
        from baselines.training import BASES

        return {name: base.description for name, base in BASES.items()}
    if kind == "spaces":
        from benchmark.spaces.registry import SPACES, open_space

        return {name: _of_space(open_space(name)) for name in SPACES}
    if kind == "presets":
        from benchmark.tasks.task import load_preset, preset_names

        tasks = {name: load_preset(name) for name in preset_names()}
        wide = max(len(task.space) for task in tasks.values())
        return {name: f"{task.space:{wide}}  {task.description}" for name, task in tasks.items()}
    if kind == "protocols":
        from benchmark.tasks.protocol import load_protocol, protocol_names

        return {name: load_protocol(name).description for name in protocol_names()}
    if kind == "datasets":
        from benchmark.images import DATASETS

        return {name: record.description for name, record in DATASETS.items()}
    if kind == "tables":
        from benchmark.app.cli.table_contents import table_lines

        return {line.name: line.description for line in table_lines()}
    raise unknown_name("kind of names", kind, KINDS)


def _of_space(space: Space) -> str:
    """Return title, decisions, number of architectures and source of a space, in a line."""
    from benchmark.truth.table import size_text

    options = sorted(set(space.n_options.tolist()))
    shown = str(options[0]) if len(options) == 1 else f"{options[0]} to {options[-1]}"
    size = size_text(space.size)
    return (
        f"{space.title}, {space.description}: {len(space)} decisions with {shown} options, "
        f"{size} architectures; {space.source}"
    )
