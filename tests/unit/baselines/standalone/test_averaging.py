from __future__ import annotations

import pytest
import torch

from baselines.standalone.averaging import WeightAverage
from tests.unit.baselines.standalone.tiny import ARCH, network_of, tiny


@pytest.mark.parametrize(
    ("kind", "expected"), [("mean", (2 + 3 + 4) / 3), ("exponential", ((2 + 3) / 2 + 4) / 2)]
)
def test_averages_of_weights(kind: str, expected: float) -> None:
    settings = tiny(
        training__average=kind, training__average_from=0.25, training__average_decay=0.5
    ).training
    network = network_of(ARCH, tiny(), torch.Generator())
    average = WeightAverage(network, settings, 4)
    for step, value in enumerate([100.0, 2.0, 3.0, 4.0]):
        with torch.no_grad():
            for weight in network.parameters():
                weight.fill_(value)
        average.update(step)
    found = {float(weight.detach().mean()) for weight in average.network.parameters()}
    assert found == {expected}
    assert average.network is not network
