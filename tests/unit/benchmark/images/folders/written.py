"""Writes folders of pictures, each with levels of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.images import DataSettings


def levels(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return random levels [height, width, 3] that change slowly, as photographs' do."""
    coarse = np.random.default_rng(seed).integers(256, size=(3, 4, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


def write(path: Path, picture: Image.Image | None = None, seed: int = 0) -> Path:
    """Write a picture, by default a small one; the ending says in which format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = picture or Image.fromarray(levels(11 + seed % 3, 9, seed))
    picture.save(path)
    return path


def write_folder(place: Path, counts: dict[str, int], part: str = "train") -> Path:
    """Write a number of pictures into the folder of each class."""
    for number, (name, count) in enumerate(counts.items()):
        for one in range(count):
            write(place / part / name / f"{one}.JPEG", seed=100 * number + one)
    return place


def settings(resolution: int = 8, **changes: object) -> DataSettings:
    """Return the settings of a folder ``mine`` of two classes with seven pictures."""
    given = {
        "dataset": "mine",
        "resolution": resolution,
        "training_images": 4,
        "validation_images": 2,
        "noise": 0.0,
        "noise_draws": 1,
        "crop_padding": 0,
        "flip": False,
        "classes": 2,
        "images": 7,
    }
    return DataSettings(**given | changes)  # type: ignore[arg-type]
