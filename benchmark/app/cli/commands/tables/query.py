"""``nasbench tables query``: what a table holds on one architecture."""

import click

from benchmark.app.cli.options import json_option, space_option, table_option
from benchmark.app.cli.truth import named_space, table_or_default


@click.command()
@click.argument("arch")
@table_option
@space_option
@json_option
def query(arch: str, table: str | None, space: str | None, as_json: bool) -> None:
    """Print all that a table holds on an architecture.

    ARCH is a string such as '|nor_conv_3x3~0|+|...|', or its number in the official files of
    the table. A string of digits that the table's space has is that architecture.

    \b
    Examples:
      nasbench tables query 11 --table nas-bench-201
      nasbench tables query 11 --table accuracies.csv --json
    """
    import json

    from benchmark.app.cli.table_contents import arch_contents
    from benchmark.app.cli.table_printing import print_arch
    from benchmark.truth import open_table

    opened = open_table(table_or_default(table), allow_subset=True, space=named_space(space))
    contents = arch_contents(opened, arch)
    if as_json:
        click.echo(json.dumps(contents, indent=2))
    else:
        print_arch(contents)
