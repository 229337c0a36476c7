"""Helpers of fuzz tests: number of cases, limits on time and memory, changes to JSON."""

from __future__ import annotations

import copy
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import strategies as st

MEMORY = 1 << 30  # bytes that a reader may allocate
SECONDS = 20.0  # CPU time that a reader may use for one file


def cases(usual: int) -> int:
    """Return how many files to try: NASBENCH_FUZZ_CASES, or the usual number."""
    return int(os.environ.get("NASBENCH_FUZZ_CASES") or usual)


@contextmanager
def bounded() -> Iterator[None]:
    """Limit the memory that the block may allocate, on systems with resource limits."""
    status = Path("/proc/self/status")
    if not status.exists():
        yield
        return
    import resource

    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmSize"))
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (int(line.split()[1]) * 1024 + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def timed(seconds: float = SECONDS, *, waiting: bool = False) -> Iterator[None]:
    """Fail when the block uses too much CPU time, or with ``waiting`` takes too long."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"a reader took more than {seconds} s")

    timer = signal.ITIMER_REAL if waiting else signal.ITIMER_PROF
    number = signal.SIGALRM if waiting else signal.SIGPROF
    before = signal.signal(number, stop)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


ODD = [10**18, -(10**30), 10**300, 1e308, -0.0, 5e-324]
HOSTILE = ["<script>alert(1)</script>", "../../etc/passwd", "\x00", "\ud800", "9" * 400]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(ODD)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=6,
)


@st.composite
def changed(draw: Callable[..., Any], contents: Any) -> Any:
    """Return a copy of JSON contents with one to three values changed, removed or repeated."""
    whole = [copy.deepcopy(contents)]
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = whole
        place: Any = 0
        while (
            isinstance(inner := holder[place], (dict, list)) and inner and draw(st.integers(0, 5))
        ):
            holder, place = inner, draw(st.sampled_from(_places(inner)))
        match draw(st.integers(0, 5)):
            case 0 if isinstance(holder, dict):
                del holder[place]
            case 1 if isinstance(holder, list) and holder is not whole:
                holder.append(holder[place])
            case 2 if isinstance(holder[place], (int, float)):
                holder[place] = draw(st.sampled_from([-1, 0, 1, 2, 0.5])) * holder[place]
            case _:
                holder[place] = draw(JUNK)
    return whole[0]


def _places(inner: Any) -> list[Any]:
    return sorted(inner) if isinstance(inner, dict) else list(range(len(inner)))
