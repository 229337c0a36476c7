from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.app.cli.root import cli
from benchmark.errors import InputError
from benchmark.truth.files.cache import open_imported
from benchmark.truth.files.downloads import PublishedTable
from tests.unit.benchmark.truth.macro_file import macro_records, write_macro


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))


def test_a_published_table_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_macro(tmp_path, macro_records())
    monkeypatch.setattr(PublishedTable, "download", lambda self: path)
    done = CliRunner().invoke(cli, ["tables", "get", "nas-bench-macro"], catch_exceptions=False)
    assert "6,561" in done.stdout
    assert "Use it with --table nas-bench-macro" in done.stdout
    assert "note: cifar10_test_50 is the best of 50 epochs on the test images" in done.stderr
    table = open_imported("nas-bench-macro")
    assert table is not None
    assert table.space.name == "macro"


def test_an_unknown_table_names_the_choices() -> None:
    done = CliRunner().invoke(cli, ["tables", "get", "macro"])
    assert isinstance(done.exception, InputError)
    assert "choose from nas-bench-macro" in str(done.exception)
