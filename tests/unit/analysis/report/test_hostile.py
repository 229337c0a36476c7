"""Scripts and commands in a record from another source are shown and never executed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.report import Study, make_report, read_study, write_report
from analysis.report.figures import FIGURES
from benchmark.errors import InputError, MissingError
from benchmark.records import RunRecord, write_record
from benchmark.truth import TruthTable

MakeRun = Callable[..., RunRecord]
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
TEX = "\\input{/etc/passwd} \\write18{touch x} $\\frac{1}$ %"
EVIL = f"{SCRIPT} {TEX}"


@pytest.mark.nightly
def test_scripts_and_commands_in_a_record(
    tmp_path: Path, make_run: MakeRun, table: TruthTable
) -> None:
    for method in ("one-shot", "gm"):
        for seed in (0, 1):
            record = make_run(method, seed)
            options = {EVIL: EVIL} if method == "gm" else {}
            task = {**record.task, "preset": EVIL, "options": {**record.task["options"], **options}}
            said = {**record.provenance, "cpu": EVIL, "commit": EVIL, "device": EVIL}
            write_record(replace(record, task=task, provenance=said), tmp_path)
    truth = replace(table, name=EVIL, description=EVIL)
    study = read_study(tmp_path, truth, table.keys[0], order=["one-shot", "gm"], references=[])
    out = tmp_path / "report"
    write_report(make_report(study), out)

    page = (out / "report.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in page
    texts = {
        path: path.read_text("utf-8") for path in out.rglob("*") if path.suffix in (".html", ".md")
    }
    assert len(texts) > 5
    for path, text in texts.items():
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
    escaped = 0
    for path in out.rglob("*.tex"):
        text = path.read_text("utf-8")
        assert not re.search(r"\\(input\{/|write18)", text), path
        escaped += r"\textbackslash{}input" in text
    assert escaped


@pytest.mark.parametrize("name", ["splits", "distances"])
def test_a_figure_that_would_be_too_large_is_left_out(make_run: MakeRun, name: str) -> None:
    record = make_run("gm", 0)
    (leaf, *_) = record.trace["leaves"]
    space, nodes, splits = record.space, ["root"], []
    for decision in space.decisions[:5]:
        said = {"decisions": [decision.name], "groups": [[name] for name in decision.options]}
        said["distances"] = {decision.name: [[0.5] * 5] * 5}
        splits += [{"node": node, **said} for node in nodes]
        nodes = [f"{node}.{place}" for node in nodes for place in range(5)]
    leaves = [{**leaf, "node": node} for node in nodes]
    trace = {**record.trace, "splits": splits, "leaves": leaves, "losses": {}}
    study = Study((replace(record, trace=trace),), None, None, ("gm",))  # type: ignore[arg-type]
    with pytest.raises(MissingError, match=r"(3125 leaves|781 splits) are too"):
        FIGURES[name].draw(study)


@pytest.mark.parametrize("name", [SCRIPT, "a<b", "gm\n", "GM", "ж"])
def test_no_script_is_a_method(make_run: MakeRun, name: str) -> None:
    with pytest.raises(InputError, match="it must be lower-case letters, digits and hyphens"):
        replace(make_run("gm", 0), method=name)
