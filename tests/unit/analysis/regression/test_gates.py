from __future__ import annotations

import pytest

from analysis.metrics.ranking import METRICS
from analysis.regression.gates import (
    DEFAULT_GATES,
    SELECTION,
    checked_gates,
    checked_reach,
    parse_gates,
)
from benchmark.errors import InputError


def test_the_defaults_are_valid() -> None:
    assert checked_gates(DEFAULT_GATES) == dict(DEFAULT_GATES)
    assert {name for name in METRICS if METRICS[name].unit} == set(SELECTION)


def test_gates_come_in_the_order_of_metrics() -> None:
    assert list(parse_gates(["regret=1", "kendall_tau=2e-2"])) == ["kendall_tau", "regret"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["kendall_tau"], "gate 'kendall_tau': write <metric>=<smallest drop>"),
        (["kendall_tau=much"], "write <metric>=<smallest drop>"),
        (["tau=0.1", "regret=1"], "unknown metric 'tau'"),
        (
            ["kendall_tau=0", "regret=1"],
            r"kendall_tau has the drop 0\.0: it must be a number above",
        ),
        (["kendall_tau=nan", "regret=1"], "kendall_tau has the drop nan"),
        (["kendall_tau=inf", "regret=1"], "kendall_tau has the drop inf"),
        (["kendall_tau=1", "kendall_tau=2"], "kendall_tau is given twice"),
        (["kendall_tau=0.02"], "no gate on the chosen architecture: add one of predicted_best"),
        (["regret=1"], "no gate on the ranking: add one of kendall_tau"),
    ],
)
def test_other_gates_are_refused(texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_gates(texts)


@pytest.mark.parametrize(("alpha", "needed"), [(0.05, 5), (0.5, 1), (0.01, 7), (1e-4, 14)])
def test_a_gate_must_be_able_to_fail(alpha: float, needed: int) -> None:
    checked_reach({"gm": range(needed)}, alpha)
    with pytest.raises(InputError, match=f"one has {needed - 1} seed.*run at least {needed}"):
        checked_reach({"gm": range(needed), "one": range(needed - 1)}, alpha)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 5.0, float("nan"), 1e-9])
def test_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha is"):
        checked_reach({"gm": range(20)}, alpha)
