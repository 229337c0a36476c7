"""Tables and lines on the screen."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.tables.captions import ComparisonContext
from analysis.tables.text_table import TextTable

PAGE = 180  # characters in a line if stdout is no terminal
_BETWEEN = 3  # characters between two columns


def page_width() -> int:
    """Return the characters in a line of stdout."""
    console = Console()
    return console.width if console.is_terminal else PAGE


def show(table: TextTable) -> None:
    """Print a table on stdout; if it is too wide, headings are broken rather than numbers."""
    width = page_width()
    shown = Table(title=table.title, box=SIMPLE, title_justify="left", title_style="bold")
    columns = [
        (heading, *(row[number].text for row in table.rows))
        for number, heading in enumerate(table.header)
    ]
    is_wide = sum(max(map(len, texts)) + _BETWEEN for texts in columns) > width
    for number, (heading, *texts) in enumerate(columns):
        fixed = is_wide and number > 0 and not any(" " in text for text in texts)
        shown.add_column(
            heading,
            justify="right" if number else "left",
            overflow="fold",
            width=max(map(len, [*heading.split(), *texts])) if fixed else None,
        )
    for row in table.rows:
        shown.add_row(*(Text(cell.text, style="bold" if cell.bold else "") for cell in row))
    console = Console(width=width)
    console.print(shown)
    console.print(Text(table.caption, style="dim"))


def show_rerun(line: str, differing: Sequence[str], details: Sequence[str]) -> None:
    """Print how a rerun compares with the original."""
    click.echo(f"{line}; made with another {', '.join(differing)}" if differing else line)
    for detail in details:
        click.echo(f"  {detail}")


def show_reused(
    found: int, total: int, work: str, repeated: str, folder: Path, differences: Sequence[str]
) -> None:
    """Print on stderr how much of the ``work`` was found in a folder, and made on what else."""
    if found:
        click.echo(f"{found} of {total} {work} were found in {folder}", err=True)
    if differences:
        click.echo(
            f"some of them were made with another {', '.join(differences)}: {repeated} here again "
            "they may differ in their last digits",
            err=True,
        )


def warn_of_images(context: ComparisonContext) -> None:
    """Warn on stderr if runs saw images that their truth was measured on."""
    if context.images is not None and context.images.text:
        click.echo(
            f"warning: {context.images.text}: the ranking looks better than it is; take other "
            "images or another table",
            err=True,
        )
