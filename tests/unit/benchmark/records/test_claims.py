from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

import pytest

from benchmark.errors import CheckError
from benchmark.processes import started
from benchmark.records import claims as module
from benchmark.records.claims import (
    Owner,
    Watch,
    claim,
    claims,
    forget_dead,
    keep_alive,
    owner_of,
    release,
)

UNIT = ("gm", 3)
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


@pytest.fixture
def here() -> Owner:
    return Owner.here()


@pytest.fixture
def dead(here: Owner) -> Owner:
    """Return an owner whose process has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return replace(here, process=process.pid, token="dead")


@pytest.fixture
def elsewhere(here: Owner) -> Owner:
    """Return an owner on another machine."""
    return replace(here, host="another", token="elsewhere")


def test_a_unit_is_claimed_once(tmp_path: Path, here: Owner) -> None:
    assert claim(tmp_path, *UNIT, here)
    assert not claim(tmp_path, *UNIT, here)
    assert not claim(tmp_path, *UNIT, Owner.here())
    assert claim(tmp_path, "gm", 4, here)
    assert claim(tmp_path, "few-shot", 3, here)
    (path,) = claims(tmp_path, *UNIT)
    assert (path.name, owner_of(path)) == (".gm-seed3.claim.1", here)
    assert claims(tmp_path, "gm", 30) == []


def test_what_was_given_up_can_be_claimed(tmp_path: Path, here: Owner) -> None:
    other = Owner.here()
    assert claim(tmp_path, *UNIT, here)
    release(tmp_path, *UNIT, other)  # it has none
    assert not claim(tmp_path, *UNIT, other)
    release(tmp_path, *UNIT, here)
    release(tmp_path, *UNIT, here)
    assert list(tmp_path.iterdir()) == []
    assert claim(tmp_path, *UNIT, other)


def test_the_dead_are_taken_over(tmp_path: Path, here: Owner, dead: Owner) -> None:
    assert dead.is_dead
    assert claim(tmp_path, *UNIT, dead)
    assert claim(tmp_path, *UNIT, here)
    assert [owner_of(path) for path in claims(tmp_path, *UNIT)] == [here]
    assert not claim(tmp_path, *UNIT, Owner.here())


@needs_proc
def test_a_number_that_another_process_got_is_no_life(tmp_path: Path, here: Owner) -> None:
    assert not here.is_dead
    assert replace(here, started="1").is_dead
    assert not replace(here, started="").is_dead  # it may be
    assert claim(tmp_path, *UNIT, replace(here, started="1"))
    assert claim(tmp_path, *UNIT, here)


def test_who_is_elsewhere_is_given_up_after_silence(
    tmp_path: Path, here: Owner, elsewhere: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert not replace(elsewhere, process=2**22 + 1).is_dead  # nobody can tell from here
    assert claim(tmp_path, *UNIT, elsewhere)
    watch = Watch(silence=60)
    for passed in (0, 30, 60):
        now[0] = 100.0 + passed
        assert watch.silent(claims(tmp_path, *UNIT)) == frozenset()
    os.utime(claims(tmp_path, *UNIT)[0], (5, 5))  # long ago by this clock, but a sign of life
    now[0] = 161
    assert watch.silent(claims(tmp_path, *UNIT)) == frozenset()
    now[0] = 222
    silent = watch.silent(claims(tmp_path, *UNIT))
    assert silent == {".gm-seed3.claim.1"}
    assert not claim(tmp_path, *UNIT, here)
    assert claim(tmp_path, *UNIT, here, silent)
    assert [path.name for path in claims(tmp_path, *UNIT)] == [".gm-seed3.claim.2"]


def test_who_lives_here_is_not_given_up_for_silence(tmp_path: Path, here: Owner) -> None:
    assert claim(tmp_path, *UNIT, here)
    assert not claim(tmp_path, *UNIT, Owner.here(), {".gm-seed3.claim.1"})  # it may be stopped


def test_a_sign_of_life_is_given_for_ones_own(
    tmp_path: Path, here: Owner, elsewhere: Owner
) -> None:
    assert claim(tmp_path, *UNIT, here)
    assert claim(tmp_path, "gm", 4, elsewhere)
    paths = [*claims(tmp_path, *UNIT), *claims(tmp_path, "gm", 4)]
    for path in paths:
        os.utime(path, (5, 5))
    keep_alive(tmp_path, [UNIT, ("gm", 4), ("gm", 5)], here)
    assert [path.stat().st_mtime > 5 for path in paths] == [True, False]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"host": 3}', "[" * 10_000, "null"])
def test_a_claim_that_cannot_be_read_is_alive_until_it_is_silent(
    tmp_path: Path, here: Owner, text: str
) -> None:
    path = tmp_path / ".gm-seed3.claim.7"
    path.write_text(text)
    assert owner_of(path) is None
    assert not claim(tmp_path, *UNIT, here)
    assert claim(tmp_path, *UNIT, here, {path.name})
    assert [path.name for path in claims(tmp_path, *UNIT)] == [".gm-seed3.claim.8"]


@pytest.mark.parametrize("process", [0, -1, "1", 1.5, True])
def test_no_process_of_a_strange_number_is_asked(
    tmp_path: Path, here: Owner, process: object
) -> None:
    path = tmp_path / ".gm-seed3.claim.1"
    path.write_text(json.dumps(asdict(here) | {"process": process}))
    assert owner_of(path) is None


def test_other_files_are_no_claims(tmp_path: Path, here: Owner) -> None:
    for name in (".gm-seed3.claim.x", "gm-seed3.claim.1", ".gm-seed33.claim.1", ".gm-seed3.1"):
        (tmp_path / name).write_text("mine")
    assert claim(tmp_path, *UNIT, here)
    assert len(list(tmp_path.iterdir())) == 5


def test_whoever_sees_another_claim_too_late_steps_back(
    tmp_path: Path, here: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the other had come between the look and the claim."""
    other = Owner.here()
    (tmp_path / ".gm-seed3.claim.4").write_text(json.dumps(asdict(other)))
    looks = iter([[], claims(tmp_path, *UNIT)])
    monkeypatch.setattr(module, "claims", lambda *_: next(looks))
    assert not claim(tmp_path, *UNIT, here)
    assert [path.name for path in tmp_path.iterdir()] == [".gm-seed3.claim.4"]


def test_no_folder_is_one_line(tmp_path: Path, here: Owner) -> None:
    with pytest.raises(CheckError, match=r"^cannot write .*gm-seed3.claim.1: No such file or dir"):
        claim(tmp_path / "gone", *UNIT, here)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_disk_that_is_full_is_left_without_a_claim(
    tmp_path: Path, here: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a real one, the file can be made, but nothing can be written into it."""

    def open_full(self: Path, *arguments: Any, **named: Any) -> IO[Any]:
        file: IO[Any] = original(self, *arguments, **named)
        os.dup2(full.fileno(), file.fileno())
        return file

    original = Path.open
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_full)
        with pytest.raises(CheckError, match=r"^cannot write .*claim.1: No space left on device$"):
            claim(tmp_path, *UNIT, here)
    assert list(tmp_path.iterdir()) == []
    assert claim(tmp_path, *UNIT, here)


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_at_once_one_gets_it(tmp_path: Path, dead: Owner, stale: bool) -> None:
    for seed in range(100):
        if stale:
            assert claim(tmp_path, "gm", seed, dead)

        def attempt(owner: Owner, seed: int = seed) -> bool:
            return claim(tmp_path, "gm", seed, owner)

        owners = [Owner.here() for _ in range(8)]
        with ThreadPoolExecutor(len(owners)) as pool:
            got = list(pool.map(attempt, owners))
        assert sum(got) <= 1
        holders = [owner_of(path) for path in claims(tmp_path, "gm", seed)]
        assert [owner for owner, mine in zip(owners, got, strict=True) if mine] == [
            owner for owner in holders if owner != dead
        ]


@needs_proc
def test_a_process_whose_end_nobody_has_asked_for_is_dead_too(here: Owner, tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = replace(here, process=child.pid, started=started(child.pid) or "", token="child")
    assert claim(tmp_path, *UNIT, owner)
    forget_dead(tmp_path, *UNIT)
    assert len(claims(tmp_path, *UNIT)) == 1
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # its number still exists
    assert owner.is_dead
    forget_dead(tmp_path, *UNIT)
    assert claims(tmp_path, *UNIT) == []
    child.communicate()
