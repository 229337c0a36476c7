from __future__ import annotations

from analysis.tables import Cell, TextTable, to_markdown


def test_markdown_is_aligned_and_escaped() -> None:
    table = TextTable(
        title="Two | three",
        header=("Method", "τ ↑"),
        rows=((Cell("a|b"), Cell("0.5")), (Cell("gm"), Cell("0.75", bold=True))),
        caption="First.\nSecond.",
    )
    assert to_markdown(table).splitlines() == [
        r"**Two \| three**",
        "",
        r"| Method |      τ ↑ |",
        r"| :----- | -------: |",
        r"| a\|b   |      0.5 |",
        r"| gm     | **0.75** |",
        "",
        "First.  ",
        "Second.",
    ]
