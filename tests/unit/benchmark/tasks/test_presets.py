from __future__ import annotations

import itertools
import re
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from baselines.registry import METHODS, method_class
from benchmark.errors import InputError
from benchmark.images import data_folder, dataset_record
from benchmark.spaces.registry import open_space
from benchmark.tasks.task import load_preset, preset_names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTIONS = [
    "space",
    "data",
    "network",
    "training",
    "scoring",
    "search",
    "selection",
    "trajectory",
    "truth",
]


def text_of(preset: str) -> str:
    folder = Path(str(resources.files("benchmark.tasks"))) / "presets"
    (file,) = folder.glob(f"**/{preset}.toml")
    return file.read_text("utf-8")


def written(preset: str) -> dict[str, Any]:
    """Return what a preset's file says, and where it says nothing, the one that it extends."""
    values = tomllib.loads(text_of(preset))
    below = written(values.pop("extends")) if "extends" in values else {}
    if "space" in values and "space" in below:
        del below["network"]  # of another space
    for name, value in values.items():
        if name == "methods":
            for method, options in value.items():
                below.setdefault(name, {}).setdefault(method, {}).update(options)
        elif isinstance(value, dict):
            below.setdefault(name, {}).update(value)
        else:
            below[name] = value
    return below


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_holds_what_its_file_says(preset: str) -> None:
    task = load_preset(preset)
    assert task.preset == preset
    assert task.values() == written(preset)
    assert len(task.description.splitlines()) == 1


# From Hu et al., section 4 and appendix, and Zhao et al., section 4: epochs of each supernet by
# level, and the supernets of each level.
PUBLISHED = {
    "paper-rsps": ({"one-shot": [600], "few-shot": [600, 300], "gm": [20, 20, 50]}, 1e-4),
    "paper-darts": ({"one-shot": [60], "few-shot": [30, 30], "gm": [15, 15, 30]}, 5e-4),
    "paper-darts-2nd": ({"one-shot": [60], "few-shot": [30, 30], "gm": [15, 15, 30]}, 5e-4),
    "paper-snas": ({"one-shot": [60], "few-shot": [30, 30], "gm": [15, 15, 30]}, 5e-4),
}
SUPERNETS = {"one-shot": [1], "few-shot": [1, 5], "gm": [1, 2, 4]}
WHOLE = {  # epochs of all supernets together, by hand: 20 + 2·20 + 4·50 = 260, and so on
    ("paper-rsps", "one-shot"): 600,
    ("paper-rsps", "few-shot"): 600 + 5 * 300,
    ("paper-rsps", "gm"): 260,
    **{
        (preset, method): epochs
        for preset in ("paper-darts", "paper-darts-2nd", "paper-snas")
        for method, epochs in (("one-shot", 60), ("few-shot", 180), ("gm", 165))
    },
}


@pytest.mark.parametrize(("preset", "method"), WHOLE)
def test_a_papers_preset_plans_what_the_paper_did(preset: str, method: str) -> None:
    task = load_preset(preset)
    epochs, weight_decay = PUBLISHED[preset]
    plan = method_class(method)(task.methods[method]).plan(task, task.data.epoch_images)
    assert plan is not None
    assert not plan.equal
    assert [level.supernets for level in plan.levels] == SUPERNETS[method]
    assert [level.epochs for level in plan.levels] == pytest.approx(epochs[method], rel=1e-3)
    assert plan.supernet_epochs == pytest.approx(WHOLE[preset, method], rel=1e-3)
    steps = [-(-25_000 * one // 48) for one in epochs[method]]  # the last batch of an epoch is full
    passes = {"rsps": 1, "darts": 2, "darts-2nd": 5, "snas": 2}[preset.removeprefix("paper-")]
    above = 1 if method == "gm" else passes  # α stands still there
    of_a_step = [48 * above] * (len(steps) - 1) + [48 * passes]
    images = [
        number * own * cost
        for number, own, cost in zip(SUPERNETS[method], steps, of_a_step, strict=True)
    ]
    assert [level.images for level in plan.levels] == images
    assert task.training.weight_decay == weight_decay


@pytest.mark.parametrize("preset", PUBLISHED)
def test_a_papers_preset_has_its_settings(preset: str) -> None:
    task = load_preset(preset)
    training, search = task.training, task.search
    assert (training.batch_size, training.momentum, training.gradient_norm) == (48, 0.9, 5)
    assert (training.learning_rate, training.final_learning_rate) == (0.025, 0.001)
    assert (task.network, task.data.crop_padding) == ({"channels": 16, "cells": 5}, 4)
    assert (task.data.training_images, task.data.validation_images) == (25_000, 25_000)
    assert (search.alpha_learning_rate, search.alpha_weight_decay) == (3e-4, 1e-3)
    assert (search.alpha_beta1, search.alpha_beta2) == (0.5, 0.999)
    assert (search.temperature, search.final_temperature, search.drawn) == (1, 0.1, 200)
    gm = task.methods["gm"]
    assert (gm["batches"], gm["groups"], gm["min_size"], gm["restart"]) == (100, [2, 2], 2, "last")
    assert preset == f"paper-{search.base}"


EQUAL = [name.replace("paper", "equal") for name in PUBLISHED]


@pytest.mark.parametrize("preset", EQUAL)
def test_an_equal_preset_differs_in_its_budget_alone(preset: str) -> None:
    task, paper = load_preset(preset), load_preset(preset.replace("equal", "paper"))
    for part in ("space", "data", "network", "scoring", "search", "selection", "trajectory"):
        assert getattr(task, part) == getattr(paper, part)
    assert replace(task.training, budget="schedule") == paper.training
    budgets = set()
    for method in SUPERNETS:
        plan = method_class(method)(task.methods[method]).plan(task, task.data.epoch_images)
        assert plan is not None
        assert plan.equal
        assert plan.levels[-1].steps > 0
        budgets.add(plan.budget)
    assert budgets == {7_000_000}


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_has_the_options_of_every_method(preset: str) -> None:
    options = load_preset(preset).methods
    assert set(options) <= set(METHODS)
    for name, method in METHODS.items():
        read = vars(method.load()(options.get(name, {})).options)
        plain = {key: list(one) if isinstance(one, tuple) else one for key, one in read.items()}
        assert plain == options.get(name, {})


@pytest.mark.parametrize("preset", preset_names())
def test_the_control_differs_from_gm_in_its_groups_alone(preset: str) -> None:
    methods = load_preset(preset).methods
    assert {**methods["gm-random"], "partition": "gradient"} == methods["gm"]


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_scores_no_more_images_than_there_are(preset: str) -> None:
    task = load_preset(preset)
    assert task.scoring.images <= task.data.validation_images


@pytest.mark.parametrize("preset", ["laptop", "ci"])
def test_there_are_as_many_images_as_a_preset_says(preset: str) -> None:
    data = load_preset(preset).data
    images = dataset_record(data.dataset).read(data, data_folder())
    assert len(images.train) == data.epoch_images
    assert len(images.valid) == data.validation_images


def test_a_file_may_extend_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('description = "mine"\nextends = "ci"\n[methods.gm]\ngroups = [3]\n')
    task, ci = load_preset(str(path)), load_preset("ci")
    assert (task.preset, task.description) == ("mine", "mine")
    assert task.methods["gm"] == {**ci.methods["gm"], "groups": [3]}
    assert (task.data, task.methods["few-shot"]) == (ci.data, ci.methods["few-shot"])
    path.write_text('description = "mine"\nextends = "cj"\n')
    with pytest.raises(InputError, match="unknown preset to extend 'cj': did you mean 'ci'"):
        load_preset(str(path))


def test_a_file_that_extends_a_preset_may_search_another_space(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = 'description = "mine"\nextends = "ci"\nspace = "macro"\n'
    path.write_text(
        text + "[network]\nstem = 4\nwidths = [4, 8, 8]\nstrides = [1, 2, 2]\nhead = 16\n"
    )
    task, ci = load_preset(str(path)), load_preset("ci")
    assert task.search_space is open_space("macro")
    assert (task.scale.resolution, task.scale.input_channels) == (8, 1)
    assert len(task.candidates) == 6_561
    assert (task.data, task.training, task.search) == (ci.data, ci.training, ci.search)
    path.write_text(text)
    with pytest.raises(InputError, match=r"^preset mine: network is missing: give it$"):
        load_preset(str(path))
    path.write_text(text + "[network]\nchannels = 8\n")
    with pytest.raises(InputError, match=r"unknown setting of \[network\] for space macro 'channe"):
        load_preset(str(path))
    path.write_text('description = "mine"\nextends = "ci"\nspace = "nb102"\n')
    with pytest.raises(InputError, match="unknown space 'nb102': did you mean 'nb201'"):
        load_preset(str(path))


def test_changes_are_applied() -> None:
    task = load_preset("ci")
    changed = task.changed({"training.budget": 64_000, "methods.few-shot.decisions": ["0→1", 5]})
    assert re.fullmatch("ci-[0-9a-f]{6}", changed.preset)
    assert changed.training.budget == 64_000
    assert changed.methods["few-shot"]["decisions"] == ["0→1", 5]
    assert task.methods["few-shot"]["decisions"] == ["0→1"]  # its own
    assert task.changed({}) == task
    assert changed.describe("gm") != task.describe("gm")


def test_a_changed_task_is_named_by_what_it_changes() -> None:
    task = load_preset("ci")
    changes: list[dict[str, Any]] = [
        {"training.budget": 64_000},
        {"training.budget": 32_000},
        {"methods.few-shot.decisions": ["0→1", 5]},
        {"methods.few-shot.decisions": ["0→1", 5], "training.budget": 64_000},
        {"scoring.candidates": 300},
        {"search.base": "darts"},
    ]
    names = [task.changed(change).preset for change in changes]
    assert len({task.preset, *names}) == 1 + len(changes)
    assert names == [task.changed(change).preset for change in changes]
    backwards = dict(reversed(changes[3].items()))
    assert task.changed(backwards).preset == names[3]
    # what changes no score changes no name
    same = {"training.budget": task.training.budget, "truth.table": "mine"}
    assert task.changed(same).preset == "ci"
    assert task.changed(same).truth.table == "mine"
    assert task.changed({**changes[0], **{"truth.table": "mine"}}).preset == names[0]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"trainin.budget": 1}, "unknown section of settings 'trainin': did you mean 'training'"),
        ({"training.buget": 1}, r"unknown setting of \[training\] 'buget': did you mean 'budget'"),
        ({"budget": 1}, "unknown section of settings ''"),
        ({"methods.gm.grups": 1}, r"setting of \[methods.gm\] 'grups': did you mean 'groups'"),
        ({"methods.mg.groups": [2]}, "unknown section of settings 'methods.mg'"),
        ({"training.batch_size": 0}, r"\[training\] batch_size is 0: it must be 1 or more"),
        ({"training.momentum": "x"}, r"\[training\] momentum is 'x': it must be a number"),
        ({"network.cells": 0}, r"^\[network\] cells is 0: it must be an integer of 1 or more"),
        ({"network.cell": 1}, r"unknown setting of \[network\] 'cell': did you mean 'cells'"),
        ({"data.flip": 1}, r"\[data\] flip is 1: it must be true or false"),
    ],
)
def test_a_change_that_does_not_fit(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        load_preset("ci").changed(change)


def test_presets_differ_in_more_than_their_names() -> None:
    tasks = [load_preset(preset) for preset in preset_names()]
    for one, other in itertools.combinations(tasks, 2):
        parts = [*SECTIONS, "methods"]
        assert any(getattr(one, part) != getattr(other, part) for part in parts)


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


def test_a_file_can_be_a_preset(tmp_path: Path) -> None:
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
        ("old.toml", b'description = "x"', "preset old: space is missing: give it"),
    ],
)
def test_a_file_that_is_no_preset_is_refused(
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
