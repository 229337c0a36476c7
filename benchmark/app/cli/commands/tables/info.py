"""``nasbench tables info``: what a table holds."""

import click

from benchmark.app.cli.options import json_option, space_option
from benchmark.app.cli.truth import named_space, table_or_default


@click.command()
@click.argument("table", required=False, metavar="[NAME|PATH]")
@space_option
@json_option
def info(table: str | None, space: str | None, as_json: bool) -> None:
    """Print what a table holds, where it is from, and its noise ceiling.

    Without a name it is the table that NASBENCH_TABLE names, else analog-nasbench.

    \b
    Examples:
      nasbench tables info
      nasbench tables info analog-nasbench --json
    """
    import json

    from benchmark.app.cli.table_contents import table_contents
    from benchmark.app.cli.table_printing import print_table
    from benchmark.truth import open_table
    from benchmark.truth.files.cache import curves_beside

    name = table_or_default(table)
    beside = curves_beside(name) if name.endswith(".nbtable") else None
    contents = table_contents(open_table(name, allow_subset=True, space=named_space(space)), beside)
    if as_json:
        click.echo(json.dumps(contents, indent=2))
    else:
        print_table(contents)
