"""The goldens are computed by hand.

Five architectures, the later the better. gm ranks them rightly with seed 0 and swaps the two best
with seed 1: tau is 1 and (9 - 1) / 10, regret 0 and 1; t with one degree of freedom is 12.706, so
intervals reach 12.706 / 1.960 * sqrt(2) = 9.168 times as far from the mean. The reference gives all
the same score: its tau is undefined, its pick has 92 on average, two points below the best.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from analysis.tables import (
    ComparisonContext,
    TableCell,
    budget_table,
    comparison_context,
    evaluate,
    ranking_table,
    summarise_methods,
    to_markdown,
)
from benchmark.errors import InputError
from benchmark.records import RunRecord
from benchmark.truth import AccuracyKey, TruthTable

MakeRecord = Callable[..., RunRecord]

RANKING = """\
**Ranking quality**

| Method   | Seeds |                 Kendall τ-b ↑ |        Regret (points) ↓ |
| :------- | ----: | ----------------------------: | -----------------------: |
| gm       |     2 | 0.900 ± 0.141 [-0.017, 1.000] | 0.50 ± 0.71 [0.00, 5.08] |
| one-shot |     1 |                     **1.000** |                 **0.00** |
| params † |     1 |                             – |                     2.00 |

Truth: test accuracy, CIFAR-10, 200 epochs; table five: made up; trainings behind each: \
1 to 3.\x20\x20
Compared: 5 of 15,625 architectures.\x20\x20
Runs: preset ci; seeds 0, 1 (gm) and 0 (one-shot, params); BatchNorm at scoring: statistics of \
training images.\x20\x20
Cells: mean ± standard deviation over seeds [95% bootstrap interval of the mean, widened for \
few seeds and clipped to the metric's range]; of one seed the value alone; – where a run leaves \
the metric undefined.\x20\x20
Ties: τ is τ-b, ρ takes average ranks, other metrics are expectations over random order among \
equals.\x20\x20
Arrows point to the better side. †: a reference that trains nothing. Bold: the best mean, \
references included.\x20\x20
Warning: only 5 architectures are compared; with fewer than 1,000 every metric depends on which \
ones they are.
"""

BUDGET = """\
**Budget**

| Method   | Seeds | Budget (images) | Spent | Shared training | Gradient matching | \
Leaf training | Scored | Wall time (s) |
| :------- | ----: | --------------: | ----: | --------------: | ----------------: | \
------------: | -----: | ------------: |
| gm       |     2 |           1,000 |    98 |      28 (28.6%) |        10 (10.2%) | \
   60 (61.2%) |  2,500 |             – |
| one-shot |     1 |           1,000 |   100 |    100 (100.0%) |          0 (0.0%) | \
     0 (0.0%) |  2,500 |            90 |
| params   |     1 |           1,000 |     0 |               – |                 – | \
            – |  2,500 |            90 |

Runs: preset ci; seeds 0, 1 (gm) and 0 (one-shot, params); BatchNorm at scoring: statistics of \
training images.\x20\x20
Budget and spending: images passed forward and backward; percentages are shares of Spent.\x20\x20
Scored: images passed forward only, to score architectures; not part of the budget.\x20\x20
All but Seeds are means over seeds; – where the share or time is undefined.
"""

ORDER = ["gm", "one-shot", "params"]


@pytest.fixture
def records(make_record: MakeRecord) -> list[RunRecord]:
    return [
        make_record("params", 0, [1, 1, 1, 1, 1], spent=(0, 0, 0)),
        make_record("one-shot", 0, [1, 2, 3, 4, 5], spent=(100, 0, 0)),
        make_record("gm", 0, [1, 2, 3, 4, 5]),
        make_record("gm", 1, [1, 2, 3, 5, 4], spent=(26, 10, 60), provenance={}),
    ]


@pytest.fixture
def runs(records: list[RunRecord], five: TruthTable, key: AccuracyKey) -> pd.DataFrame:
    return evaluate(records, five, key)


@pytest.fixture
def context(records: list[RunRecord], five: TruthTable, key: AccuracyKey) -> ComparisonContext:
    # in the order of rows
    return comparison_context(sorted(records, key=lambda r: (r.method, r.seed)), five, key)


def test_the_ranking(runs: pd.DataFrame, context: ComparisonContext) -> None:
    summary = summarise_methods(runs, ORDER)
    shown = ranking_table(
        summary, context, metrics=("kendall_tau", "regret"), references=("params", "flops")
    )
    assert to_markdown(shown) == RANKING


def test_the_budget(runs: pd.DataFrame, context: ComparisonContext) -> None:
    assert to_markdown(budget_table(runs, context, ORDER)) == BUDGET


def test_without_references_no_mark_is_explained(
    runs: pd.DataFrame, context: ComparisonContext
) -> None:
    shown = ranking_table(summarise_methods(runs, ORDER), context)
    assert "†" not in to_markdown(shown)
    assert len(shown.header) == 11


def test_equal_bests_are_all_bold(
    five: TruthTable, key: AccuracyKey, make_record: MakeRecord
) -> None:
    records = [make_record(name, 0, range(5)) for name in ("gm", "few-shot")]
    summary = summarise_methods(evaluate(records, five, key), ["gm", "few-shot"])
    shown = ranking_table(summary, comparison_context(records, five, key), metrics=["spearman_rho"])
    assert [row[2] for row in shown.rows] == [TableCell("1.000", bold=True)] * 2


def test_no_minus_stands_before_a_zero(runs: pd.DataFrame, context: ComparisonContext) -> None:
    summary = summarise_methods(runs, ORDER).assign(kendall_tau_mean=-0.0004)
    shown = ranking_table(summary, context, metrics=["kendall_tau"])
    assert [row[2].text.split()[0] for row in shown.rows] == ["0.000", "0.000", "0.000"]


def test_an_unknown_metric_is_named(runs: pd.DataFrame, context: ComparisonContext) -> None:
    with pytest.raises(InputError, match="unknown metric 'kendal_tau': did you mean 'kendall_tau'"):
        ranking_table(summarise_methods(runs, ORDER), context, metrics=["kendal_tau"])
