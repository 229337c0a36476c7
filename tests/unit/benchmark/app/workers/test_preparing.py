"""Images are prepared before workers start, which shows how far it is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmark.app.workers import progress
from benchmark.app.workers.preparing import prepare_images
from benchmark.errors import InputError
from benchmark.images import DataSettings
from benchmark.images.folders import pixel_cache
from benchmark.images.folders.pictures import read_pictures
from tests.unit.benchmark.images import official
from tests.unit.benchmark.images.folders.written import settings, write_folder


def test_decoding_is_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "mine", {"a": 4, "b": 3})
    monkeypatch.setattr(progress, "LINE_EVERY", 0.1)
    monkeypatch.setattr(pixel_cache, "CHUNK", 1)

    def slow(folder: Path, names: list[str], resolution: int) -> object:
        time.sleep(0.05)
        return read_pictures(folder, names, resolution)

    monkeypatch.setattr(pixel_cache, "read_pictures", slow)
    prepare_images(settings(), tmp_path)
    assert "decoding mine: 0 of 1 done, " in capfd.readouterr().err
    prepare_images(settings(), tmp_path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "asked", [official.settings("digits", 8, 30, 10), settings()], ids=["packaged", "missing"]
)
def test_what_takes_no_time_shows_nothing(
    asked: DataSettings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if asked.dataset == "digits":
        prepare_images(asked, tmp_path)
    else:
        with pytest.raises(InputError, match="no mine in"):
            prepare_images(asked, tmp_path)
    assert capfd.readouterr().err == ""
