"""Tables on a terminal, or in plain lines where there is none."""

from __future__ import annotations

import sys

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.tables import TextTable

PAGE = 180  # characters in a line where there is no terminal to ask


def print_table(table: TextTable) -> None:
    """Print a table and its caption on stdout."""
    console = Console() if sys.stdout.isatty() else Console(width=PAGE)
    shown = Table(title=table.title, box=SIMPLE, title_justify="left", title_style="bold")
    for number, heading in enumerate(table.header):
        shown.add_column(heading, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*(Text(cell.text, style="bold" if cell.bold else "") for cell in row))
    console.print(shown)
    console.print(Text(table.caption, style="dim"))
