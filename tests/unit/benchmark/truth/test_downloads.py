from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import CheckError, InputError
from benchmark.truth.files.downloads import PUBLISHED, PublishedTable, published_table

CONTENTS = b"a table"
SHA256 = hashlib.sha256(CONTENTS).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Return where a server of this machine offers the file."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "table.json").write_bytes(CONTENTS)
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/table.json"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    logging.getLogger("pooch").setLevel(logging.WARNING)
    return tmp_path / "cache"


def test_a_file_is_downloaded_once(address: str, cache: Path) -> None:
    table = PublishedTable(address, SHA256)
    path = table.download()
    assert path == cache / "downloads" / "table.json"
    assert path.read_bytes() == CONTENTS
    changed = path.stat().st_mtime_ns
    assert table.download().stat().st_mtime_ns == changed


def test_another_file_than_the_published_one_is_refused(address: str, cache: Path) -> None:
    with pytest.raises(CheckError, match=r"cannot download http.*table\.json: .*; download it"):
        PublishedTable(address, "0" * 64).download()
    assert not (cache / "downloads" / "table.json").exists()


def test_a_damaged_file_is_downloaded_again(address: str, cache: Path) -> None:
    (cache / "downloads").mkdir(parents=True)
    (cache / "downloads" / "table.json").write_bytes(b"half")
    assert PublishedTable(address, SHA256).download().read_bytes() == CONTENTS


def test_without_a_network_it_says_what_to_do() -> None:
    with pytest.raises(CheckError) as caught:
        PublishedTable("http://127.0.0.1:9/macro.json", SHA256).download()  # no server
    message = str(caught.value)
    assert message.startswith("cannot download http://127.0.0.1:9/macro.json: no connection; ")
    assert message.endswith("download it yourself and run: nasbench tables import macro.json")
    assert "\n" not in message


def test_the_published_file_is_the_one_that_was_read(shared: Path) -> None:
    table = PUBLISHED["nas-bench-macro"]
    contents = (shared / "nas-bench-macro" / table.file).read_bytes()
    assert hashlib.sha256(contents).hexdigest() == table.sha256


def test_an_unknown_name() -> None:
    with pytest.raises(InputError, match="did you mean 'nas-bench-macro'"):
        published_table("nas-bench-makro")
