"""Each form says the same, for those who read it."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from analysis.regression import (
    CheckResult,
    Judgement,
    Verdict,
    to_annotations,
    to_json,
    to_junit,
    verdict_table,
)
from analysis.tables import to_markdown

WORSE = Judgement(
    "gm", "kendall_tau", Verdict.WORSE, "the loss is large and significant",
    min_drop=0.02, seeds=5, baseline=0.75, now=0.7, p_value=0.03125,
)  # fmt: skip
SAME = Judgement(
    "gm", "regret", Verdict.SAME, "the mean did not change",
    min_drop=0.5, seeds=5, baseline=1.25, now=1.25, p_value=1.0,
)  # fmt: skip
BETTER = Judgement(
    "one-shot", "kendall_tau", Verdict.BETTER, "the gain is large and significant",
    min_drop=0.02, seeds=5, baseline=0.5, now=0.6, p_value=0.03125,
)  # fmt: skip
LOST = Judgement(
    "few", "regret", Verdict.MISSING, "50 % lost:\nno <run> of few", min_drop=0.5
)  # fmt: skip


def result(*judgements: Judgement, notes: tuple[str, ...] = ()) -> CheckResult:
    return CheckResult(judgements, 0.05, "the truth", notes)


ALL = result(WORSE, SAME, BETTER, LOST, notes=("another processor",))


@pytest.mark.parametrize(
    ("judgements", "code", "summary"),
    [
        ([SAME, BETTER], 0, "passed: 1 better, 1 same of 2 gates"),
        ([WORSE, LOST, SAME], 1, "worse than the baseline: 1 same, 1 worse, 1 missing of 3 gates"),
        ([LOST, SAME], 2, "cannot be judged: 1 same, 1 missing of 2 gates"),
    ],
)
def test_one_verdict_for_all(judgements: list[Judgement], code: int, summary: str) -> None:
    assert result(*judgements).exit_code == code
    assert result(*judgements).summary == summary


def test_the_table() -> None:
    lines = [line.replace(" ", "") for line in to_markdown(verdict_table(ALL)).splitlines()]
    assert lines[4:8] == [
        "|**gm**|**Kendallτ-b**|**worse**|**5**|**0.750**|**0.700**|**-0.050**|**0.020**|**0.031**"
        "|**thelossislargeandsignificant**|",
        "|gm|Regret|same|5|1.25|1.25|+0.00|0.50|1.000|themeandidnotchange|",
        "|one-shot|Kendallτ-b|better|5|0.500|0.600|+0.100|0.020|0.031"
        "|thegainislargeandsignificant|",
        "|**few**|**Regret**|**missing**|**0**|**–**|**–**|**–**|**0.50**|**–**|**50%lost:",
    ]
    caption = verdict_table(ALL).caption
    assert "p of at most 0.05" in caption
    assert caption.endswith("Note: another processor.")


def test_json() -> None:
    found = json.loads(to_json(ALL))
    assert found["exit_code"] == 1
    assert [gate["verdict"] for gate in found["gates"]] == ["worse", "same", "better", "missing"]
    assert found["gates"][0] == {
        "method": "gm",
        "metric": "kendall_tau",
        "verdict": "worse",
        "reason": "the loss is large and significant",
        "seeds": 5,
        "baseline": 0.75,
        "now": 0.7,
        "change": pytest.approx(-0.05),
        "min_drop": 0.02,
        "p_value": 0.03125,
    }
    assert found["gates"][3]["now"] is None
    assert found["notes"] == ["another processor"]


def test_junit() -> None:
    text = to_junit(ALL)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites')
    root = ElementTree.fromstring(text.encode())
    (suite,) = root
    assert suite.attrib == {"name": "nasbench check", "tests": "4", "failures": "1", "errors": "1"}
    kinds = {(case.get("classname"), case.get("name")): case[0].tag for case in suite}
    assert kinds == {
        ("gm", "kendall_tau"): "failure",
        ("gm", "regret"): "system-out",
        ("one-shot", "kendall_tau"): "system-out",
        ("few", "regret"): "error",
    }
    assert suite[0][0].attrib == {
        "type": "worse",
        "message": "gm, Kendall τ-b: worse; 0.750 in the baseline, 0.700 now over 5 seeds "
        "(gate 0.020, p = 0.031); the loss is large and significant",
    }
    assert "no <run> of few" in suite[3][0].attrib["message"]


def test_annotations() -> None:
    assert to_annotations(ALL) == [
        "::error title=nasbench check%3A gm kendall_tau worse::gm, Kendall τ-b: worse; 0.750 in "
        "the baseline, 0.700 now over 5 seeds (gate 0.020, p = 0.031); the loss is large and "
        "significant",
        "::notice title=nasbench check%3A one-shot kendall_tau better::one-shot, Kendall τ-b: "
        "better; 0.500 in the baseline, 0.600 now over 5 seeds (gate 0.020, p = 0.031); the gain "
        "is large and significant",
        "::error title=nasbench check%3A few regret missing::few, Regret: missing; 50 %25 lost:"
        "%0Ano <run> of few",
        "::error title=nasbench check::worse than the baseline: 1 better, 1 same, 1 worse, "
        "1 missing of 4 gates",
    ]
    assert to_annotations(result(SAME)) == [
        "::notice title=nasbench check::passed: 1 same of 1 gates"
    ]
