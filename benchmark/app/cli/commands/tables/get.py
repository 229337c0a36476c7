"""``nasbench tables get``: download a published table and import it."""

import click


@click.command()
@click.argument("name", metavar="NAME")
def get(name: str) -> None:
    """Download a published table, check its SHA-256, and import it under its name.

    NAME is nas-bench-macro: all 6,561 architectures of space macro on CIFAR-10, of which accuracies
    are the best on the test images among 50 epochs, means of three seeds.

    \b
    Example:
      nasbench tables get nas-bench-macro
    """
    from benchmark.truth.files.downloads import published_table
    from benchmark.truth.importing import import_table
    from benchmark.truth.sources.options import ImportOptions

    path = published_table(name).download()
    done = import_table(path, ImportOptions(name=name))
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{done.table.name}: {done.table.share}, {done.path}")
    click.echo(f"Use it with --table {done.table.name}")
