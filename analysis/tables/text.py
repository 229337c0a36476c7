"""A table as text, free of any output format, and its form in Markdown."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """What stands in one place of a table, and whether it is to stand out."""

    text: str
    bold: bool = False


class TextTable(NamedTuple):
    """A table ready to be shown.

    Attributes:
        title: What it is about, a few words.
        header: Headings, one a column; the first column holds names, the others numbers.
        rows: The cells, one a column.
        caption: What must be known to read it, one fact a line.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str


def to_markdown(table: TextTable) -> str:
    r"""Return a table in Markdown, its columns aligned, that ends in a newline.

    Example:
        >>> rows = ((Cell("gm"), Cell("0.5", bold=True)),)
        >>> print(to_markdown(TextTable("Quality", ("Method", "τ"), rows, "One run.")), end="")
        **Quality**
        <BLANKLINE>
        | Method |       τ |
        | :----- | ------: |
        | gm     | **0.5** |
        <BLANKLINE>
        One run.
    """
    texts = [list(map(_escaped, table.header))]
    texts += [[_marked(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [_line(row, widths) for row in (texts[0], rule, *texts[1:])]
    caption = table.caption.replace("\n", "  \n")  # two spaces: Markdown keeps the line break
    return "\n".join([f"**{_escaped(table.title)}**", "", *lines, "", caption]) + "\n"


def _marked(cell: Cell) -> str:
    return f"**{_escaped(cell.text)}**" if cell.bold else _escaped(cell.text)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _line(texts: list[str], widths: list[int]) -> str:
    name, *numbers = texts
    cells = [name.ljust(widths[0])]
    cells += [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
    return f"| {' | '.join(cells)} |"
