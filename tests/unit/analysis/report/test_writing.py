from __future__ import annotations

import base64
import csv
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analysis.report import Report, write_report
from analysis.report.page.page import render_page
from analysis.report.tables.catalogue import Report as Made

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PROBE = """<script>
const errors = [];
addEventListener("error", (event) => errors.push(String(event.message)));
for (const name of ["error", "warn"]) console[name] = (text) => errors.push(String(text));
addEventListener("load", async () => {
  const images = [...document.images];
  await Promise.all(images.map((image) => image.decode().catch((e) => errors.push(String(e)))));
  const table = document.querySelector("#table-intervals table");
  const read = () => [...table.tBodies[0].rows].map((row) => row.cells[2].dataset.value);
  const button = table.tHead.rows[0].cells[2].querySelector("button");
  const before = read();
  button.click();
  const rising = read();
  button.click();
  const falling = read();
  document.querySelector("#table-quality td[data-records] a").click();
  const marked = [...document.querySelectorAll("tr.marked")].map((row) => row.id);
  const shown = images.map((image) => image.naturalWidth > 0 && image.height > 0);
  const found = { errors, shown, before, rising, falling, marked };
  const place = document.createElement("pre");
  place.id = "found";
  place.textContent = btoa(JSON.stringify(found));
  document.body.append(place);
});
</script>"""


class Page(HTMLParser):
    """Collects what must hold of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.records: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if tag == "a":
            self.links.append(str(said["href"]))
        if tag == "img":
            self.images.append(said)
        self.records |= set(str(said.get("data-records") or "").split())


def test_every_file_is_there(brief: Report, written: Path) -> None:
    names = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}
    assert names == {
        "report.html",
        "report.tex",
        *(f"tables/{name}.{suffix}" for name in brief.tables for suffix in ("md", "csv", "tex")),
        *(f"figures/{name}.{end}" for name in brief.figures for end in ("pdf", "svg", "png")),
    }


def test_csv_holds_every_digit_and_its_records(brief: Report, written: Path) -> None:
    with (written / "tables" / "quality.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[2]["kendall_tau_mean"]) == brief.tables["quality"].shown.rows[2][4].value
    assert rows[2]["records"] == "gm-seed0 gm-seed1 gm-seed2"
    assert all(row["source"] for row in rows if not row["records"])


def test_what_an_earlier_report_had_is_taken_away(report: Report, tmp_path: Path) -> None:
    stale = tmp_path / "figures" / "tau-over-budget.png"
    stale.parent.mkdir()
    stale.write_bytes(b"old")
    few = Made(report.study, {}, {}, {"tau-over-budget": "no run kept scores"})
    write_report(few, tmp_path)
    assert not stale.exists()


def test_numbers_lead_to_records_and_figures_have_words(brief: Report, written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.records - set(page.ids) == set()
    assert len(page.images) == len(brief.figures)
    for image in page.images:
        kind, data = str(image["src"]).split(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(data).startswith(b"<?xml")
        assert len(str(image["alt"])) > 40
    assert not re.search(r"(src|href|url\()\s*=?\s*[\"']?\s*(https?:|//)", text)


def test_what_records_say_is_escaped(report: Report) -> None:
    study = replace(report.study)
    study.__dict__["context"] = replace(report.study.context, preset="<script>alert(1)</script>&")
    text = render_page(replace(report, study=study, figures={}), {})
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in text


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_latex_compiles(written_whole: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"-output-directory={tmp_path}",
         "report.tex"],
        cwd=written_whole, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull \\hbox" not in done.stdout
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_a_browser_shows_sorts_and_does_not_complain(written_whole: Path, tmp_path: Path) -> None:
    text = (written_whole / "report.html").read_text(encoding="utf-8")
    (tmp_path / "probed.html").write_text(text.replace("<head>", f"<head>{PROBE}", 1), "utf-8")
    for page in (written_whole / "report.html", tmp_path / "probed.html"):
        done = subprocess.run(
            [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000", "--dump-dom",
             page.as_uri()],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "CONSOLE" not in done.stderr
    match = re.search(r'<pre id="found">([^<]+)</pre>', done.stdout)
    assert match is not None
    found = json.loads(base64.b64decode(match.group(1)))
    assert found["errors"] == []
    assert found["shown"]
    assert all(found["shown"])
    values = [float(value) for value in found["before"]]
    assert [float(value) for value in found["rising"]] == sorted(values) != values
    assert [float(value) for value in found["falling"]] == sorted(values, reverse=True)
    assert found["marked"] == ["one-shot-seed0", "one-shot-seed1", "one-shot-seed2"]
