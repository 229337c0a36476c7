"""A table as text, free of any output format, and its form in Markdown."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import NamedTuple

SETTLED = 10  # decimals that no order of summing touches


class TableCell(NamedTuple):
    """What stands in one place of a table.

    Attributes:
        text: As it is shown.
        bold: Whether it is the best of its column.
        underlined: Whether it is the second.
        value: What it is sorted by; None sorts by the text.
        records: Names of the run records that it was computed from.
    """

    text: str
    bold: bool = False
    underlined: bool = False
    value: float | None = None
    records: tuple[str, ...] = ()


class TextTable(NamedTuple):
    """A table ready to be shown.

    Attributes:
        title: What it is about, a few words.
        header: Headings, one a column; a line break stands where a narrow one may be broken.
        rows: The cells, one a column.
        caption: What must be known to read it, one fact a line.
        names: How many columns at the left hold names; the others hold numbers.
        groups: Sizes of groups of rows that belong together; none are told apart if empty.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    caption: str
    names: int = 1
    groups: tuple[int, ...] = ()

    @property
    def bodies(self) -> list[tuple[tuple[TableCell, ...], ...]]:
        """The rows, group by group."""
        ends = list(accumulate(self.groups or (len(self.rows),)))
        return [self.rows[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def decimals(number: float, digits: int) -> str:
    """Return a number with so many decimals, never a zero with a minus.

    Processors differ in the order in which they sum, so in the last bits of a sum. Those are
    rounded away first: else what lies halfway between two texts would be now one, now the other.

    Example:
        >>> decimals(-0.001, 2), decimals(0.3945, 3), decimals(0.3945 - 1e-16, 3)
        ('0.00', '0.395', '0.395')
    """
    settled = round(float(number), SETTLED)  # NumPy's own rounding goes another way
    return f"{round(settled, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before a zero


def to_markdown(table: TextTable) -> str:
    r"""Return a table in Markdown, its columns aligned, that ends in a newline.

    Example:
        >>> rows = ((TableCell("gm"), TableCell("0.5", bold=True)),)
        >>> print(to_markdown(TextTable("Quality", ("Method", "τ"), rows, "One run.")), end="")
        **Quality**
        <BLANKLINE>
        | Method |       τ |
        | :----- | ------: |
        | gm     | **0.5** |
        <BLANKLINE>
        One run.
    """
    texts = [[_escaped(heading.replace("\n", " ")) for heading in table.header]]
    texts += [[_marked(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    rule = [":" + "-" * (width - 1) for width in widths[: table.names]]
    rule += ["-" * (width - 1) + ":" for width in widths[table.names :]]
    lines = [_line(row, widths, table.names) for row in (texts[0], rule, *texts[1:])]
    caption = _without_tags(table.caption).replace(
        "\n", "  \n"
    )  # two spaces: Markdown keeps the line break
    return "\n".join([f"**{_escaped(table.title)}**", "", *lines, "", caption]) + "\n"


def _marked(cell: TableCell) -> str:
    text = _escaped(cell.text)
    if cell.bold:
        return f"**{text}**"
    return f"<ins>{text}</ins>" if cell.underlined else text  # Markdown itself knows no underline


def _escaped(text: str) -> str:
    return _without_tags(text).replace("|", "\\|")


def _without_tags(text: str) -> str:
    """Return a text in which nothing is HTML, which Markdown would let through."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)


def _line(texts: list[str], widths: list[int], names: int) -> str:
    padded = zip(texts, widths, strict=True)
    cells = [
        text.ljust(width) if place < names else text.rjust(width)
        for place, (text, width) in enumerate(padded)
    ]
    return f"| {' | '.join(cells)} |"
