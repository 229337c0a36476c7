"""The report as one self-contained HTML page."""

from base64 import b64encode
from collections.abc import Mapping
from importlib import resources

import jinja2
from markupsafe import Markup

from analysis.report.figures import FIGURES
from analysis.report.tables.catalogue import Report
from analysis.tables import TableCell

_FOLDER = resources.files("analysis.report.page")


def render_page(report: Report, images: Mapping[str, bytes]) -> str:
    """Return the page as HTML; the same report gives the same text."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(_read("page.html"))
    study = report.study
    return template.render(
        style=Markup(_read("page.css")),
        script=Markup(_read("page.js")),
        context=study.context,
        methods=study.order,
        tables={name: built.shown for name, built in report.tables.items()},
        figures=[
            {
                "name": name,
                "title": FIGURES[name].title,
                "caption": captioned.caption,
                "alternative": captioned.alternative,
                "data": b64encode(images[name]).decode(),
                # inches to CSS pixels: as large as in print
                "width": round(96 * float(captioned.figure.get_figwidth())),
                "height": round(96 * float(captioned.figure.get_figheight())),
            }
            for name, captioned in report.figures.items()
        ],
        skipped=report.skipped,
        protocol=study.records[0].protocol,
        title=f"nasbench report: {study.context.preset}",
        sources=_sources,
    )


def _sources(cell: TableCell) -> str:
    """Return the tooltip of a cell: the records that it was computed from."""
    return f"from {', '.join(cell.records)}" if cell.records else ""


def _read(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")
