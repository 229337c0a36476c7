"""``nasbench tables list``: the names of tables."""

import click

from benchmark.app.cli.options import json_option


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the built-in and the imported tables.

    \b
    Example:
      nasbench tables list
    """
    import json

    from benchmark.app.cli.table_contents import table_lines

    found = table_lines()
    if as_json:
        click.echo(json.dumps([line._asdict() for line in found], indent=2))
        return
    width = max(len(line.name) for line in found)
    spaces = max(len(line.space) for line in found)
    for line in found:
        click.echo(
            f"{line.name:{width}}  {line.space:{spaces}}  {line.architectures:>6,}  "
            f"{line.description}"
        )
