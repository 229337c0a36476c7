"""``nasbench list``: the names to choose from."""

from __future__ import annotations

from collections.abc import Mapping

import click


@click.group("list")
def list_group() -> None:
    """List methods, bases, presets, data sets, tables or protocols.

    \b
    Example:
      nasbench list methods
    """


@list_group.command()
def methods() -> None:
    """List the methods.

    \b
    Example:
      nasbench list methods
    """
    from baselines.registry import METHODS

    _show({name: method.description for name, method in METHODS.items()})


@list_group.command()
def bases() -> None:
    """List the ways to train a supernet.

    \b
    Example:
      nasbench list bases
    """
    from baselines.training import BASES

    _show({name: base.description for name, base in BASES.items()})


@list_group.command()
def presets() -> None:
    """List the tasks that methods run on.

    \b
    Example:
      nasbench list presets
    """
    from benchmark.tasks.task import load_preset, preset_names

    _show({name: load_preset(name).description for name in preset_names()})


@list_group.command()
def protocols() -> None:
    """List the ways in which tables are built.

    \b
    Example:
      nasbench list protocols
    """
    from benchmark.tasks.protocol import load_protocol, protocol_names

    _show({name: load_protocol(name).description for name in protocol_names()})


@list_group.command()
def datasets() -> None:
    """List the images that supernets are trained on.

    \b
    Example:
      nasbench list datasets
    """
    from benchmark.images import DATASETS

    _show({name: record.description for name, record in DATASETS.items()})


@list_group.command()
def tables() -> None:
    """List the tables of true accuracies.

    \b
    Example:
      nasbench list tables
    """
    from benchmark.app.cli.table_facts import table_lines

    _show({line.name: line.description for line in table_lines()})


def _show(descriptions: Mapping[str, str]) -> None:
    width = max(map(len, descriptions))
    for name, description in descriptions.items():
        click.echo(f"{name:{width}}  {description}")
