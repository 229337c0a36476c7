"""``nasbench show``: one preset in full."""

import click

from benchmark.app.cli.options import read_changes, set_option


@click.group("show")
def show_group() -> None:
    """Show a preset in full.

    \b
    Example:
      nasbench show preset laptop
    """


@show_group.command()
@click.argument("name", metavar="NAME|PATH")
@set_option
def preset(name: str, changes: tuple[str, ...]) -> None:
    """Print a preset in full, as a TOML file for --preset.

    \b
    Examples:
      nasbench show preset paper-darts
      nasbench show preset laptop --set training.budget=64_000
    """
    import tomli_w

    from benchmark.tasks.task import load_preset

    task = load_preset(name).changed(read_changes(changes))
    click.echo(tomli_w.dumps(task.values()), nl=False)
