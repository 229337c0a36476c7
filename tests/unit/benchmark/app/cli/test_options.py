from __future__ import annotations

import joblib
import pytest

from benchmark.app.cli.options import default_jobs


def test_one_job_a_core_but_one_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    assert default_jobs("cpu") == 6
    assert default_jobs("cpu:0") == 6
    assert default_jobs("cuda") == 1
    assert default_jobs("cuda:1") == 1
