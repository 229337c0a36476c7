from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from analysis.figures.overview import draw_overview, overview_data
from analysis.metrics.ranking import METRICS
from analysis.tables.evaluation import TRUTH


@pytest.fixture
def runs() -> pd.DataFrame:
    """Return two runs of a method and one of another, whose precision nobody knows."""
    values = dict.fromkeys(METRICS, 0.0)
    rows = [
        {**values, "method": "gm", "seed": 0, "kendall_tau": 0.1, "regret": 3.0},
        {**values, "method": "gm", "seed": 1, "kendall_tau": 0.689 - 1e-15, "regret": 2.0},
        {**values, "method": "params", "seed": 0, "kendall_tau": -0.25, "regret": 1.0},
    ]
    rows[2]["precision_at_1pct"] = np.nan
    return pd.DataFrame(rows).assign(**dict.fromkeys(TRUTH, "one"))


def test_it_shows_means_rounded_as_tables_are(runs: pd.DataFrame) -> None:
    data = overview_data(runs, ["gm", "params"])
    _, ax = plt.subplots()
    texts = [text.get_text() for text in draw_overview(data, ax).texts]
    plt.close("all")
    shown = np.array(texts, dtype=object).reshape(2, len(METRICS))
    at = {name: place for place, name in enumerate(data.metrics)}
    assert shown[:, at["kendall_tau"]].tolist() == ["0.395", "−0.250"]  # of 0.3945
    assert shown[:, at["regret"]].tolist() == ["2.50", "1.00"]
    assert shown[1, at["precision_at_1pct"]] == "–"


def test_the_better_is_the_darker_whichever_way_a_metric_goes(runs: pd.DataFrame) -> None:
    data = overview_data(runs, ["gm", "params"])
    at = {name: place for place, name in enumerate(data.metrics)}
    assert data.shades[:, at["kendall_tau"]].tolist() == [1, 0]
    assert data.shades[:, at["regret"]].tolist() == [0, 1]
    assert data.shades[:, at["spearman_rho"]].tolist() == [1, 1]
    assert np.isnan(data.shades[1, at["precision_at_1pct"]])
