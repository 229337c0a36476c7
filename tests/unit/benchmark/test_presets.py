from __future__ import annotations

import itertools
import sys
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path

import pytest

from baselines.registry import METHODS
from benchmark.datasets import data_folder, dataset_record
from benchmark.errors import InputError
from benchmark.task import load_preset, preset_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTIONS = ["data", "network", "training", "scoring", "search", "trajectory"]


def text_of(preset: str) -> str:
    return (resources.files("benchmark") / "presets" / f"{preset}.toml").read_text("utf-8")


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_holds_what_its_file_says(preset: str) -> None:
    task = load_preset(preset)
    assert asdict(task) == {"preset": preset, **tomllib.loads(text_of(preset))}
    assert len(task.description.splitlines()) == 1


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_has_the_options_of_every_method(preset: str) -> None:
    options = load_preset(preset).methods
    assert set(options) <= set(METHODS)
    for name, method in METHODS.items():
        read = vars(method.load()(options.get(name, {})).options)
        plain = {key: list(one) if isinstance(one, tuple) else one for key, one in read.items()}
        assert plain == options.get(name, {})


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_scores_no_more_images_than_there_are(preset: str) -> None:
    task = load_preset(preset)
    data = task.data
    images = dataset_record(data.dataset).read(data, data_folder())
    assert len(images.valid.first(task.scoring.images)) == task.scoring.images


def test_presets_differ_in_more_than_their_names() -> None:
    tasks = [load_preset(preset) for preset in preset_names()]
    for one, other in itertools.combinations(tasks, 2):
        assert any(getattr(one, part) != getattr(other, part) for part in SECTIONS)


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        load_preset("labtop")
    assert str(caught.value) == (
        "unknown preset 'labtop': did you mean 'laptop'? choose from "
        + ", ".join([*preset_names(), "<path>.toml"])
    )


@pytest.mark.parametrize("name", ["../presets/laptop", "mine.json", ""])
def test_other_paths_are_no_presets(name: str) -> None:
    with pytest.raises(InputError, match=r"^unknown preset"):
        load_preset(name)


def test_a_file_of_ones_own_is_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text_of("laptop").replace("minutes on", "τ on"), encoding="utf-8")
    task = load_preset(str(path))
    assert task.description.startswith("τ on")
    laptop = load_preset("laptop")
    assert task == replace(laptop, preset="mine", description=task.description)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.toml", None, "cannot read preset {}: No such file or directory"),
        ("latin.toml", b'description = "\xfc"', "cannot read preset {}: it is not UTF-8"),
        ("empty.toml", b"", "preset empty: description is missing: give it"),
    ],
)
def test_a_file_that_is_no_preset_is_told(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_preset(str(path))
    assert str(caught.value) == message.format(path)


def test_the_preset_for_ci_is_the_smaller() -> None:
    ci, laptop = load_preset("ci"), load_preset("laptop")
    assert ci.budget is not None
    assert laptop.budget is not None
    assert ci.budget.images < laptop.budget.images
    assert ci.scoring.images <= laptop.scoring.images
