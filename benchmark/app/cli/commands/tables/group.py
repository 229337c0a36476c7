"""The command ``nasbench tables``."""

import click

from benchmark.app.cli.commands.tables.build import build
from benchmark.app.cli.commands.tables.export import export
from benchmark.app.cli.commands.tables.get import get
from benchmark.app.cli.commands.tables.import_ import import_
from benchmark.app.cli.commands.tables.info import info
from benchmark.app.cli.commands.tables.list import list_
from benchmark.app.cli.commands.tables.query import query
from benchmark.app.cli.commands.tables.rerun import rerun
from benchmark.app.cli.commands.tables.verify import verify


@click.group("tables")
def tables_group() -> None:
    """Import, build, inspect and export tables of true accuracies.

    Imported tables are kept in the user's cache folder, or in the folder that NASBENCH_CACHE names.

    \b
    Examples:
      nasbench tables import NAS-Bench-201-v1_1-096897.pth
      nasbench tables info
    """


for command in (get, import_, build, list_, info, query, export, verify, rerun):
    tables_group.add_command(command)
