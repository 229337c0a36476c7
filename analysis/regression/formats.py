"""Output formats of a check: a table, JSON, JUnit's XML, and annotations for GitHub."""

import json
from dataclasses import asdict
from xml.etree import ElementTree

from analysis.metrics.ranking import METRICS
from analysis.regression.verdict import CheckResult, Judgement, Verdict
from analysis.tables.text_table import TableCell, TextTable

NAME = "nasbench check"
_HEADER = ("Method", "Metric", "Verdict", "Seeds", "Baseline", "Now", "Change", "Gate", "p", "Why")
_BAD = (Verdict.WORSE, Verdict.MISSING, Verdict.INCOMPARABLE)


def verdict_table(result: CheckResult) -> TextTable:
    """Return a row per gate, bold where it is worse or could not be judged."""
    return TextTable(
        title="Against the baseline",
        header=_HEADER,
        rows=tuple(_row(one) for one in result.judgements),
        caption="\n".join(
            [
                f"Truth: {result.truth}.",
                "Baseline and Now: means over the baseline's seeds. Worse: a loss of at least the "
                f"gate, and p of at most {result.alpha:g}.",
                "p: one-sided sign-flip test over seeds, adjusted for all gates: unchanged methods "
                f"fail a check with a probability of at most {result.alpha:g}.",
                *(f"Note: {note}." for note in result.notes),
            ]
        ),
    )


def to_json(result: CheckResult) -> str:
    """Return a result as JSON that ends in a newline."""
    contents = {
        "exit_code": result.exit_code,
        "summary": result.summary,
        "alpha": result.alpha,
        "truth": result.truth,
        "notes": list(result.notes),
        "gates": [
            {**asdict(one), "verdict": one.verdict.value, "change": one.change}
            for one in result.judgements
        ],
    }
    return json.dumps(contents, indent=1) + "\n"


def to_junit(result: CheckResult) -> str:
    """Return a result as JUnit's XML: worse is a failure, what cannot be judged an error."""
    tags = {Verdict.WORSE: "failure", Verdict.MISSING: "error", Verdict.INCOMPARABLE: "error"}
    kinds = [tags.get(one.verdict) for one in result.judgements]
    counts = {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": NAME, **counts})
    for one, kind in zip(result.judgements, kinds, strict=True):
        names = {"classname": one.method, "name": one.metric}
        case = ElementTree.SubElement(suite, "testcase", names)
        if kind:
            fault = {"type": one.verdict.value, "message": _sentence(one)}
            ElementTree.SubElement(case, kind, fault)
        else:
            ElementTree.SubElement(case, "system-out").text = _sentence(one)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def to_annotations(result: CheckResult) -> list[str]:
    """Return a workflow command for each gate that failed or got better, and one for all.

    Form and escapes: GitHub Docs, "Workflow commands for GitHub Actions".
    """
    lines = []
    for one in result.judgements:
        if one.verdict in _BAD or one.verdict is Verdict.BETTER:
            level = "notice" if one.verdict is Verdict.BETTER else "error"
            title = f"{NAME}: {one.method} {one.metric} {one.verdict.value}"
            lines.append(_command(level, title, _sentence(one)))
    level = "error" if result.exit_code else "notice"
    return [*lines, _command(level, NAME, result.summary)]


def _row(one: Judgement) -> tuple[TableCell, ...]:
    texts = (
        one.method,
        METRICS[one.metric].title,
        one.verdict.value,
        str(one.seeds),
        _number(one.baseline, one.metric),
        _number(one.now, one.metric),
        "–" if one.change is None else _number(one.change, one.metric, "+"),
        _number(one.min_drop, one.metric),
        "–" if one.p_value is None else f"{one.p_value:.3f}",
        one.reason,
    )
    return tuple(TableCell(text, bold=one.verdict in _BAD) for text in texts)


def _sentence(one: Judgement) -> str:
    title = METRICS[one.metric].title
    if not one.verdict.is_judged:
        return f"{one.method}, {title}: {one.verdict.value}; {one.reason}"
    before, now, drop = (_number(x, one.metric) for x in (one.baseline, one.now, one.min_drop))
    return (
        f"{one.method}, {title}: {one.verdict.value}; {before} in the baseline, {now} now over "
        f"{one.seeds} seeds (gate {drop}, p = {one.p_value:.3f}); {one.reason}"
    )


def _number(value: float | None, metric: str, sign: str = "") -> str:
    if value is None:
        return "–"
    digits = METRICS[metric].digits
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # + 0.0: no minus before a zero


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_escaped(title, ',:')}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for sign in "%\r\n" + more:  # % first: the others become escapes with one
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
