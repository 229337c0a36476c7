r"""A table in LaTeX, ruled by booktabs.

The output compiles with pdflatex and the packages booktabs and longtable; non-ASCII signs are
written as commands.
"""

from analysis.tables.text_table import TableCell, TextTable

PAGE_ROWS = 40  # longer tables are broken over several pages

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "τ": r"$\tau$",
    "ρ": r"$\rho$",
    "α": r"$\alpha$",
    "π": r"$\pi$",
    "·": r"$\cdot$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "−": "$-$",
    "→": r"$\rightarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "†": r"\textdagger{}",
    "‡": r"\textdaggerdbl{}",
    "§": r"\S{}",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
}


def to_latex(table: TextTable, label: str) -> str:
    r"""Return a table in LaTeX, its caption above; a ``longtable`` if it does not fit a page."""
    caption = rf"\textbf{{{escaped(table.title)}.}} {escaped(' '.join(table.caption.split()))}"
    columns = "l" * table.names + "r" * (len(table.header) - table.names)
    heading = [r"\toprule", _row(list(map(_stacked, table.header))), r"\midrule"]
    bodies = [[_row(list(map(_marked, row))) for row in body] for body in table.bodies]
    lines = [line for body in bodies for line in (r"\midrule", *body)][1:]
    size = [
        r"\footnotesize" if len(table.header) <= 9 else r"\scriptsize",
        r"\setlength{\tabcolsep}{3pt}\renewcommand{\arraystretch}{1.15}",
    ]
    if len(table.rows) > PAGE_ROWS:
        parts = [
            "{",
            *size,
            rf"\begin{{longtable}}{{{columns}}}",
            rf"\caption{{{caption}}}\label{{tab:{label}}} \\",
            *heading,
            r"\endhead",
            *lines,
            r"\bottomrule",
            r"\end{longtable}",
            "}",
        ]
    else:
        parts = [
            r"\begin{table}[htbp]",
            r"\centering",
            *size,
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            *heading,
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    return "\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Return text with LaTeX's special characters escaped."""
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def _marked(cell: TableCell) -> str:
    text = escaped(cell.text)
    if cell.bold:
        return rf"\textbf{{{text}}}"
    return rf"\underline{{{text}}}" if cell.underlined else text


def _stacked(heading: str) -> str:
    """Return a heading with its lines stacked."""
    lines = [escaped(line) for line in heading.split("\n")]
    if len(lines) == 1:
        return lines[0]
    stack = r" \\ ".join(lines)
    return rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{stack}\end{{tabular}}"


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
