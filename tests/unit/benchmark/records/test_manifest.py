from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.records import Manifest, manifest_path, read_manifest, write_manifest
from tests.forging import resign

ONE = Manifest({"gm-seed0.json": "0" * 64}, "t", "cifar10_test_200", "1" * 64, "-", "nasbench run")
NAMES = st.from_regex(r"[a-z0-9][a-z0-9.+-]{0,9}", fullmatch=True)


@given(files=st.dictionaries(NAMES, st.text()), texts=st.tuples(*[st.text()] * 5))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str], texts: tuple[str, ...]
) -> None:
    manifest = Manifest(files, *texts)
    path = manifest_path(tmp_path_factory.mktemp("manifest"), "gm")
    write_manifest(manifest, path)
    assert read_manifest(path) == manifest


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a", "a/b", "/etc/passwd", "..\\a", "C:\\a", ".hidden", "a\n", "a\0b", "~"],
)
def test_a_name_cannot_lead_anywhere(tmp_path: Path, name: str) -> None:
    write_manifest(ONE, tmp_path / "m")
    resign(tmp_path / "m", lambda it: it["files"].update({name: "0" * 64}))
    with pytest.raises(
        InputError, match=r"^.*/m: Expected `str` matching regex .*; run the command again that"
    ):
        read_manifest(tmp_path / "m")


@pytest.mark.parametrize(
    "change",
    [{"files": []}, {"files": {"a": 1}}, {"table": None}, {"command": ["nasbench"]}],
)
def test_what_is_no_text_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write_manifest(ONE, tmp_path / "m")
    resign(tmp_path / "m", lambda it: it.update(change))
    with pytest.raises(
        InputError, match=r"/m: Expected `(object|str)`, got .*; run the command again"
    ):
        read_manifest(tmp_path / "m")


def test_what_is_missing_or_changed_is_named(tmp_path: Path) -> None:
    write_manifest(ONE, tmp_path / "m")
    text = (tmp_path / "m").read_text()
    (tmp_path / "m").write_text(text.replace("nasbench run", "nasbench ran"))
    with pytest.raises(InputError, match="was changed after it was written"):
        read_manifest(tmp_path / "m")
    write_manifest(ONE, tmp_path / "m")
    resign(tmp_path / "m", lambda it: it.pop("truth"))
    with pytest.raises(
        InputError, match=r"/m: Object missing required field `truth`; run the command again that"
    ):
        read_manifest(tmp_path / "m")
