from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from benchmark import runner
from benchmark.progress import Meter
from benchmark.space import SIZE
from benchmark.store import RunRecord
from benchmark.task import load_preset


class Patient(Method):
    """Charges nothing and tells how far it is."""

    name: ClassVar[str] = "patient"
    description: ClassVar[str] = "tells how far it is"

    def run(self, experiment: Experiment) -> Outcome:
        for share in (0.25, 0.5, 1.0):
            experiment.progress(share)
        return Outcome(np.zeros(SIZE))


class Seen(Meter):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def show(self, share: float) -> None:
        self.shares.append(share)


def test_a_method_that_charges_nothing_is_shown_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def patient(_: Any) -> type[Method]:
        return Patient

    monkeypatch.setattr(runner, "method_class", patient)
    meter = Seen()
    _, record = runner._run_unit(load_preset("ci"), runner.Unit("patient", 0), "cpu", meter)
    assert isinstance(record, RunRecord)
    assert meter.shares == pytest.approx([0.25, 0.5, 1.0, 1.0], abs=0.01)
    assert meter.shares[-2] < 1  # it is done when there is a record
