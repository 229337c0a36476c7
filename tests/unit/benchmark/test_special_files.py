"""What is no regular file is neither waited for nor read without end, whatever its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis.regression import read_baseline
from analysis.tables.published import read_published
from benchmark.app.building.journal import JOURNAL, KIND, SETTINGS, read_journal
from benchmark.app.checking import Checks, TableChoice, verify_folder
from benchmark.errors import InputError
from benchmark.records import read_manifest, read_record
from benchmark.records.checkpoint_file import read_checkpoint
from benchmark.records.json_file import write_json
from benchmark.tasks.protocol import load_protocol
from benchmark.tasks.task import load_preset
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.nats import folder_sha256
from tests.fuzzing import bounded, timed

READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "record": ("gm-seed0.json", read_record),
    "baseline": ("ci.json", read_baseline),
    "manifest": ("gm.manifest.json", read_manifest),
    "checkpoint": (".gm-seed0.checkpoint", read_checkpoint),
    "published numbers": ("published.csv", read_published),
    "preset": ("mine.toml", lambda path: load_preset(str(path))),
    "protocol": ("mine.toml", lambda path: load_protocol(str(path))),
    "table": ("mine.csv", read_csv),
    "architecture": ("000000.pickle.pbz2", lambda path: folder_sha256(path.parent)),
    "journal": (JOURNAL, lambda path: read_journal(path.parent)),
}


@pytest.fixture(autouse=True)
def _bounds() -> Iterator[None]:
    with bounded(), timed(60, waiting=True):
        yield


def put(path: Path, kind: str) -> None:
    """Put something there that is no regular file."""
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("reader", READERS)
def test_it_is_refused_in_one_line(tmp_path: Path, reader: str, kind: str) -> None:
    name, read = READERS[reader]
    write_json(KIND, {"settings": {}}, tmp_path / SETTINGS)
    put(tmp_path / name, kind)
    with pytest.raises(InputError, match=rf"^cannot read [^\n]*{name}: it is no regular file$"):
        read(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_folder_that_holds_some_can_be_verified(tmp_path: Path, kind: str) -> None:
    names = ["gm-seed0.json", "comparison.csv", "comparison.manifest.json"]
    for name in names:
        put(tmp_path / name, kind)
    checks = Checks()
    verify_folder(tmp_path, TableChoice(), checks)
    assert sorted(finding.partition(":")[0] for finding in checks.findings) == sorted(names)
    assert all("it is no regular file" in finding for finding in checks.findings)
