"""A table of texts, independent of the output format, and its form in Markdown."""

import re
from itertools import accumulate
from typing import NamedTuple

STABLE = 10  # decimals that do not depend on the order of summation


class TableCell(NamedTuple):
    """A cell of a table."""

    text: str  # what is shown
    bold: bool = False  # whether it is the best of its column
    underlined: bool = False  # whether it is the second best
    value: float | None = None  # the sorting key; None sorts by the text
    records: tuple[str, ...] = ()  # names of the run records that it was computed from


class TextTable(NamedTuple):
    """A table ready to be shown."""

    title: str  # a few words
    header: tuple[str, ...]  # a heading per column; a line break shows where it may break
    rows: tuple[tuple[TableCell, ...], ...]  # one cell per column each
    caption: str  # what a reader must know, one sentence per line
    names: int = 1  # how many columns at the left hold names; the others hold numbers
    groups: tuple[int, ...] = ()  # sizes of groups of rows that a line separates

    @property
    def bodies(self) -> list[tuple[tuple[TableCell, ...], ...]]:
        """The rows, group by group."""
        ends = list(accumulate(self.groups or (len(self.rows),)))
        return [self.rows[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def decimals(number: float, digits: int) -> str:
    """Return a number with so many decimals, never a zero with a minus.

    The last bits of a sum depend on the processor. They are rounded away first, so that a number
    halfway between two texts gives the same text everywhere.
    """
    settled = round(float(number), STABLE)  # Python's rounding, which differs from NumPy's
    return f"{round(settled, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before a zero


def to_markdown(table: TextTable) -> str:
    r"""Return a table in Markdown with aligned columns, ending in a newline."""
    texts = [[_escaped(heading.replace("\n", " ")) for heading in table.header]]
    texts += [[_marked(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    rule = [":" + "-" * (width - 1) for width in widths[: table.names]]
    rule += ["-" * (width - 1) + ":" for width in widths[table.names :]]
    lines = [_line(row, widths, table.names) for row in (texts[0], rule, *texts[1:])]
    # two spaces: Markdown keeps the line break
    caption = _without_tags(table.caption).replace("\n", "  \n")
    return "\n".join([f"**{_escaped(table.title)}**", "", *lines, "", caption]) + "\n"


def _marked(cell: TableCell) -> str:
    text = _escaped(cell.text)
    if cell.bold:
        return f"**{text}**"
    return f"<ins>{text}</ins>" if cell.underlined else text  # Markdown itself has no underline


def _escaped(text: str) -> str:
    return _without_tags(text).replace("|", "\\|")


def _without_tags(text: str) -> str:
    """Return a text without HTML tags, which Markdown would pass on."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)


def _line(texts: list[str], widths: list[int], names: int) -> str:
    padded = zip(texts, widths, strict=True)
    cells = [
        text.ljust(width) if place < names else text.rjust(width)
        for place, (text, width) in enumerate(padded)
    ]
    return f"| {' | '.join(cells)} |"
