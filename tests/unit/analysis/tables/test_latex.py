from __future__ import annotations

from analysis.tables import TableCell, TextTable
from analysis.tables.latex import PAGE_ROWS, escaped, to_latex


def test_everything_that_means_something_to_latex_is_escaped() -> None:
    text = r"50% & $5 #1 a_b {x} ~ ^ \n τ ρ ± × − → ↑ ↓ ≤ † ‡ § – < >"
    shown = escaped(text)
    assert shown.isascii()
    for sign in "%&#_{}":
        assert shown.count(sign) >= shown.count(f"\\{sign}") > 0


def test_rows_that_fit_are_a_table_with_its_rules() -> None:
    row = (TableCell("gm"), TableCell("0.5", bold=True), TableCell("0.4", underlined=True))
    table = TextTable(
        "Quality", ("Method", "two\nlines", "τ"), (row, row), "First.\nNext.", 1, (1, 1)
    )
    text = to_latex(table, "quality")
    assert text.count(r"\midrule") == 2
    assert r"\begin{tabular}{lrr}" in text
    assert r"gm & \textbf{0.5} & \underline{0.4} \\" in text
    assert r"\begin{tabular}[b]{@{}r@{}}two \\ lines\end{tabular}" in text
    assert r"\caption{\textbf{Quality.} First. Next.}" in text


def test_more_rows_than_a_page_are_broken_over_pages() -> None:
    table = TextTable("Runs", ("Run",), ((TableCell("a"),),) * (PAGE_ROWS + 1), "-")
    text = to_latex(table, "runs")
    assert r"\begin{longtable}{l}" in text
    assert r"\begin{table}" not in text
