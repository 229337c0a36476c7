from __future__ import annotations

import pytest

from benchmark.app.running.devices import checked_device
from benchmark.errors import InputError


@pytest.mark.parametrize("device", ["cpu", "cpu:0", "cpu:1"])
def test_the_cpu_has_one_name(device: str) -> None:
    assert checked_device(device) == "cpu"


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "cuda:99", "meta", "hpu", "vulkan"])
def test_a_device_that_cannot_be_used(device: str) -> None:
    with pytest.raises(InputError, match=rf"^device '{device}' cannot be used: .") as caught:
        checked_device(device)
    assert "\n" not in str(caught.value)
