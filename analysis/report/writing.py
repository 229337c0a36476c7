"""Writing a report: tables, figures, an HTML page and a LaTeX document."""

from collections.abc import Callable
from pathlib import Path

from analysis.figures import save_figure
from analysis.report.figures import FIGURES
from analysis.report.page.page import render_page
from analysis.report.tables.catalogue import Report
from analysis.tables import to_csv, to_markdown
from analysis.tables.latex import escaped, to_latex
from benchmark.files import write_atomic

FORMATS = ("pdf", "svg", "png")

_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{textcomp}
\usepackage{amssymb}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{graphicx}
\usepackage[a4paper,landscape,margin=15mm]{geometry}
\usepackage[font=small]{caption}
\begin{document}
"""


def write_report(
    report: Report, folder: Path, on_progress: Callable[[float], None] = lambda share: None
) -> list[Path]:
    """Write a report, each file atomically; the same report gives the same bytes.

    Tables and figures go into folders ``tables`` and ``figures``. Files of an earlier report that
    this one does not have are removed.
    """
    for name in report.skipped:
        for stale in [*folder.glob(f"tables/{name}.*"), *folder.glob(f"figures/{name}.*")]:
            stale.unlink()
    page, document = folder / "report.html", folder / "report.tex"
    paths: list[Path] = []
    for name, built in report.tables.items():
        texts = {
            "md": to_markdown(built.shown),
            "csv": to_csv(built.numbers),
            "tex": to_latex(built.shown, name),
        }
        for suffix, text in texts.items():
            paths.append(folder / "tables" / f"{name}.{suffix}")
            write_atomic(paths[-1], text)
    images: dict[str, bytes] = {}
    for done, (name, captioned) in enumerate(report.figures.items()):
        on_progress(done / len(report.figures))
        for suffix in FORMATS:
            paths.append(folder / "figures" / f"{name}.{suffix}")
            save_figure(captioned.figure, paths[-1])
        images[name] = (folder / "figures" / f"{name}.svg").read_bytes()
    write_atomic(document, _document(report))
    write_atomic(page, render_page(report, images))
    on_progress(1.0)
    return [page, document, *paths]


def _document(report: Report) -> str:
    """Return a LaTeX document that holds all tables and figures."""
    lines = [rf"\noindent {escaped(report.study.context.space_line)}"]
    lines += [rf"\input{{tables/{name}.tex}}" for name in report.tables]
    for name, captioned in report.figures.items():
        title, caption = escaped(FIGURES[name].title), escaped(captioned.caption)
        lines += [
            r"\begin{figure}[htbp]",
            r"\centering",
            rf"\includegraphics{{figures/{name}.pdf}}",
            rf"\caption{{\textbf{{{title}.}} {caption}}}",
            rf"\label{{fig:{name}}}",
            r"\end{figure}",
        ]
    return _PREAMBLE + "\n".join(lines) + "\n\\clearpage\n\\end{document}\n"
