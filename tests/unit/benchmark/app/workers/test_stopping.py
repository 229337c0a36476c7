"""Being asked to stop."""

from __future__ import annotations

import pickle
import signal

import pytest

from benchmark.app.workers.stopping import ask_to_stop, stoppable
from benchmark.errors import StoppedError


def test_the_innermost_is_told_and_the_next_signal_does_not_wait() -> None:
    outer: list[int] = []
    inner: list[int] = []
    with stoppable(outer.append):
        with stoppable(inner.append):
            ask_to_stop(signal.SIGTERM)
        ask_to_stop(signal.SIGINT)
        with pytest.raises(StoppedError, match=f"stopped by signal {int(signal.SIGTERM)}"):
            ask_to_stop(signal.SIGTERM)
    assert (inner, outer) == ([signal.SIGTERM], [signal.SIGINT])


def test_a_signal_interrupts_work_that_is_not_stoppable() -> None:
    with pytest.raises(StoppedError) as caught:
        ask_to_stop(signal.SIGTERM)
    assert caught.value.number == signal.SIGTERM


def test_other_processes_can_raise_it_too() -> None:
    again = pickle.loads(pickle.dumps(StoppedError(signal.SIGTERM)))
    assert (type(again), again.number) == (StoppedError, signal.SIGTERM)
