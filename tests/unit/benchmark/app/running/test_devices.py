from __future__ import annotations

import pytest

from benchmark.app.running.devices import checked_device
from benchmark.errors import InputError


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_a_device_that_is_there(device: str) -> None:
    assert checked_device(device) == device


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "cuda:99", "meta", "hpu", "vulkan"])
def test_a_device_that_is_not_there(device: str) -> None:
    with pytest.raises(InputError, match=rf"^device '{device}' cannot be used: .") as caught:
        checked_device(device)
    assert "\n" not in str(caught.value)
