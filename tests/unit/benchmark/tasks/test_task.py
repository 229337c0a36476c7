from __future__ import annotations

import json
import pickle
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.budget import Budget
from benchmark.errors import InputError
from benchmark.settings import read_settings
from benchmark.spaces.nb201 import SIZE, live_codes, to_string
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import open_space
from benchmark.tasks import task as module
from benchmark.tasks.task import Task, described_task, load_preset, parse_task

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TEXT = """\
description = "for tests"
space = "nb201"

[data]
dataset = "digits"
resolution = 8
training_images = 1_200
validation_images = 597
noise = 0.5
noise_draws = 2
crop_padding = 1
flip = false

[network]
channels = 4
cells = 2

[training]
budget = 640
batch_size = 64
learning_rate = 0.025
final_learning_rate = 0.001
momentum = 0.9
weight_decay = 5e-4
gradient_norm = 5
label_smoothing = 0.1
precision = "float32"
compile = false

[scoring]
images = 32
score = "loss"
batch_norm = "training"
memory = 512
candidates = 300

[search]
base = "rsps"
alpha_learning_rate = 3e-4
alpha_beta1 = 0.5
alpha_beta2 = 0.999
alpha_weight_decay = 1e-3
alpha_images = "apart"
temperature = 1.0
final_temperature = 0.1
drawn = 200

[selection]
by = "evolution"
evaluations = 60
population = 20
sample = 5

[trajectory]
points = 2
architectures = 100

[truth]
table = "analog-nasbench"
accuracy = "cifar10_test_200"

[methods.gm]
groups = [2, 2]

[methods.few-shot]
decisions = [3]
"""
SECTIONS = [
    "data",
    "network",
    "training",
    "scoring",
    "search",
    "selection",
    "trajectory",
    "truth",
]
FIELDS = [
    (section, name)
    for section, values in tomllib.loads(TEXT).items()
    if section in SECTIONS
    for name in values
]
OTHERS = {
    "loss": "accuracy",
    "training": "validation",
    "rsps": "snas",
    "apart": "all",
    "evolution": "random",
    "float32": "bfloat16",
    "analog-nasbench": "nas-bench-201",
    "cifar10_test_200": "cifar10_valid_200",
}


def changed(old: str, new: str) -> str:
    """Return the text with a part of it replaced, which must be there once."""
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def without_line(start: str) -> str:
    (line,) = (line for line in TEXT.splitlines(keepends=True) if line.startswith(start))
    return changed(line, "")


def without_section(header: str) -> str:
    (block,) = (block for block in TEXT.split("\n\n") if block.startswith(header))
    return changed(block, "")


def fault(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_task("mine", text)
    message = str(caught.value)
    assert message.startswith("preset mine: ")
    assert len(message.splitlines()) == 1
    return message.removeprefix("preset mine: ")


@pytest.fixture
def task() -> Task:
    return parse_task("mine", TEXT)


def test_a_task_holds_what_the_text_says(task: Task) -> None:
    assert task.preset == "mine"
    assert task.values() == tomllib.loads(TEXT)
    assert type(task.training.gradient_norm) is float


def test_scale_and_budget_follow_from_it(task: Task) -> None:
    assert task.scale == NetworkScale(
        channels=4, cells=2, resolution=8, classes=10, input_channels=1
    )
    assert task.budget == Budget(640)


@pytest.mark.parametrize(("section", "name"), FIELDS)
def test_nothing_hides_in_a_default(section: str, name: str) -> None:
    assert fault(without_line(f"{name} = ")) == f"[{section}] lacks {name}: give it"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_must_be_there(section: str) -> None:
    assert fault(without_section(f"[{section}]")) == f"{section} is missing: give it"


def test_description_space_and_methods_must_be_there() -> None:
    assert fault(without_line("description")) == "description is missing: give it"
    assert fault(without_line("space")) == "space is missing: give it"
    listed = changed("candidates = 300", 'candidates = "some.txt"')
    assert fault(listed.replace('space = "nb201"\n', "")) == "space is missing: give it"
    assert fault(TEXT[: TEXT.index("[methods")]) == "methods is missing: give it"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("noise = 0.5", "noise = ", "Invalid value (at line 9, column 9)"),
        ("[scoring]", "[data]", "Cannot declare ('data',) twice"),
        ("= 640", "= " + "9" * 5000, "Exceeds the limit (4300 digits)"),
        ("= 640", "= 2020-02-30", "Invalid date"),
        (
            "[scoring]",
            "[scorring]",
            "unknown section 'scorring': did you mean 'scoring'? choose from description, "
            "space, data, network, training, scoring, search, selection, trajectory, truth, method",
        ),
        (
            "noise =",
            "noize =",
            "unknown setting of [data] 'noize': did you mean 'noise'? choose from dataset, "
            "resolution, training_images, validation_images, noise, noise_draws, crop_padding, "
            "flip",
        ),
        ('"for tests"', "3", "description is 3: it must be a text in quotes"),
        (
            "[methods.gm]\ngroups",
            "[methods]\ngm",
            "methods is {'gm': [2, 2], 'few-shot': {'decisions': [3]}}: it must be a section of ",
        ),
        ("noise = 0.5", 'noise = "0.5"', "[data] noise is '0.5': it must be a number"),
        ("noise = 0.5", "noise = nan", "[data] noise is nan: it must be finite"),
        ("noise = 0.5", "noise = 11", "[data] noise is 11: it must be from 0 to 10"),
        ("cells = 2", "cells = true", "[network] cells is True: it must be a whole number"),
        ("cells = 2", "cells = 2020-02-20", "[network] cells is datetime.date(2020, 2, 20): "),
        ("cells = 2", "cells = [2]", "[network] cells is [2]: it must be a whole number"),
        ("cells = 2", "cells.x = 2", "[network] cells is {'x': 2}: it must be a whole number"),
        ("cells = 2", "cells = 0", "[network] cells is 0: it must be an integer of 1 or more"),
        ("cells = 2", "", "[network] lacks cells: give it"),
        (
            "cells = 2",
            "cels = 2",
            "unknown setting of [network] for space nb201 'cels': did you mean 'cells'? choose "
            "from channels, cells",
        ),
        (
            "cells = 2",
            "cells = 2\nresolution = 8",
            "unknown setting of [network] for space nb201 'resolution': choose from channels, cel",
        ),
        ('"nb201"', "201", "space is 201: it must be a text in quotes"),
        (
            '"nb201"',
            '"nb-201"',
            "unknown space 'nb-201': did you mean 'nb201'? choose from nb201, ",
        ),
        (
            '"nb201"',
            '"macro"',
            "unknown setting of [network] for space macro 'channels': ",
        ),
        ("momentum = 0.9", "momentum = 1.1", "[training] momentum is 1.1: it must be from 0 to 1"),
        ("= 0.025", "= inf", "[training] learning_rate is inf: it must be finite"),
        ('"loss"', '"los"', "[scoring] score is 'los': choose from accuracy, loss"),
        (
            "budget = 640",
            "budget = 63",
            "[training] budget is 63: it must allow one batch of 64 images at least",
        ),
        ('"digits"', '"digit"', "unknown data set 'digit': did you mean 'digits'?"),
        ("resolution = 8", "resolution = 10", "resolution is 10: it is halved twice, so use a"),
        (
            "crop_padding = 1",
            "crop_padding = 8",
            "[data] crop_padding is 8: it must be below the resolution, 8, or some crops show",
        ),
    ],
)
def test_an_error_is_one_line(old: str, new: str, message: str) -> None:
    assert fault(changed(old, new)).startswith(message)


def test_a_section_that_is_a_number_is_refused() -> None:
    text = "data = 3\n" + without_section("[data]")
    assert fault(text) == "data is 3: it must be a section"
    text = "network = 3\n" + without_section("[network]")
    assert fault(text) == "network is 3: it must be a section"


@given(text=st.text())
def test_any_other_text_is_one_line(text: str) -> None:
    fault(text)


@given(number=st.integers(0, len(TEXT) - 1), text=st.text(max_size=3))
def test_a_slip_gives_a_task_or_one_line(number: int, text: str) -> None:
    slipped = TEXT[:number] + text + TEXT[number + 1 :]
    try:
        parse_task("mine", slipped)
    except InputError:
        fault(slipped)


def test_a_budget_of_one_batch_is_enough() -> None:
    assert parse_task("mine", changed("budget = 640", "budget = 64")).training.budget == 64


def test_a_task_built_by_hand_is_checked_too(task: Task) -> None:
    with pytest.raises(InputError, match="it must allow one batch"):
        replace(task, training=replace(task.training, batch_size=641))
    with pytest.raises(InputError, match="unknown data set"):
        replace(task, data=replace(task.data, dataset="none"))


@pytest.mark.parametrize("method", ["gm", "few-shot", "one-shot"])
def test_a_description_is_plain_json(task: Task, method: str) -> None:
    told = task.describe(method)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert {name: told[name] for name in [*SECTIONS, "space"]} == {
        name: task.values()[name] for name in [*SECTIONS, "space"]
    }


def test_a_description_has_a_trajectory_only_where_it_is_on(task: Task) -> None:
    """So a record without one is that of its task whatever the size of the sample."""
    off = parse_task("mine", changed("points = 2", "points = 0"))
    told = task.describe("gm")
    del told["trajectory"]
    assert off.describe("gm") == told


def test_a_description_has_a_selection_only_where_leaves_are_searched(task: Task) -> None:
    """So a record without one is that of its task whatever a search would do."""
    off = parse_task("mine", changed('by = "evolution"', 'by = "candidates"'))
    told = task.describe("gm")
    del told["selection"]
    assert off.describe("gm") == told
    assert "selection" not in task.describe("random", searches=False)


def test_a_description_has_the_options_of_its_method_alone(task: Task) -> None:
    assert task.describe("gm")["options"] == {"groups": [2, 2]}
    assert task.describe("few-shot")["options"] == {"decisions": [3]}
    assert task.describe("one-shot")["options"] == {}
    other = parse_task("mine", changed("groups = [2, 2]", "groups = [3]"))
    assert other.describe("gm") != task.describe("gm")
    assert other.describe("few-shot") == task.describe("few-shot")


@pytest.mark.parametrize(("section", "name"), [one for one in FIELDS if one[1] != "dataset"])
def test_every_setting_changes_the_description(task: Task, section: str, name: str) -> None:
    settings = task.values()[section]
    value: Any = settings[name]
    other = OTHERS[value] if isinstance(value, str) else 2 * value
    if isinstance(value, bool):
        other = not value
    elif name in ("momentum", "training_images", "validation_images", "alpha_beta1", "alpha_beta2"):
        other = type(value)(value / 2)
    changed_task = read_settings(Task, {**asdict(task), section: {**settings, name: other}})
    assert changed_task.describe("gm") != task.describe("gm")


def test_a_description_names_the_preset_but_not_what_it_is_for(task: Task) -> None:
    assert parse_task("yours", TEXT).describe("gm") != task.describe("gm")
    assert replace(task, description="for fun").describe("gm") == task.describe("gm")


def test_sections_are_converted_once(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    first = task.describe("gm")
    first["options"]["groups"] = first["more"] = 9  # a description's own
    monkeypatch.setattr(module, "asdict", None)
    assert task.describe("gm")["data"] is first["data"]
    assert task.describe("gm")["options"] == {"groups": [2, 2]}
    assert "more" not in task.describe("gm")


def test_a_worker_is_sent_the_settings_alone(task: Task) -> None:
    assert len(task.functions) <= len(task.candidates) == 300
    sent = pickle.dumps(task)
    assert len(sent) < 5_000
    again = pickle.loads(sent)
    assert again == task
    assert np.array_equal(again.candidates, task.candidates)


@pytest.mark.parametrize(
    ("space", "network", "candidates", "count"),
    [
        ("macro", "stem = 4\nwidths = [4, 8, 8]\nstrides = [1, 2, 2]\nhead = 16", '"all"', 6_561),
        ("macro", "stem = 4\nwidths = [4, 8, 8]\nstrides = [1, 2, 2]\nhead = 16", "300", 300),
        ("darts", "channels = 4\ncells = 3", "300", 300),
    ],
)
def test_a_task_of_another_space(space: str, network: str, candidates: str, count: int) -> None:
    text = changed("channels = 4\ncells = 2", network).replace("nb201", space)
    text = text.replace("candidates = 300", f"candidates = {candidates}")
    task = parse_task("mine", text)
    assert task.search_space is open_space(space)
    assert len(task.candidates) == count
    canonical = task.search_space.canonical(task.candidates)
    assert task.functions.tolist() == sorted(set(canonical.tolist()))
    assert pickle.loads(pickle.dumps(task)) == task
    described = json.loads(json.dumps(task.describe("gm")))
    assert described_task("gm", described).describe("gm") == described


def test_a_space_too_large_to_list_needs_other_candidates() -> None:
    text = changed("channels = 4\ncells = 2", "channels = 4\ncells = 3").replace("nb201", "darts")
    assert fault(text.replace("candidates = 300", 'candidates = "all"')) == (
        "[scoring] candidates: DARTS has 1.1e+18 architectures, too many to list: give a number of "
        "candidates, or a list of them"
    )


CODES = [15_624, 7, 300]


@pytest.mark.parametrize(
    ("written", "count"), [('"all"', SIZE), ("300", 300), (str(CODES), 3), ('"some.txt"', 3)]
)
def test_candidates_are_all_a_sample_a_list_or_a_file(
    tmp_path: Path, written: str, count: int
) -> None:
    (tmp_path / "some.txt").write_text("\n".join(map(to_string, CODES)))
    path = tmp_path / "mine.toml"
    path.write_text(changed("candidates = 300", f"candidates = {written}"))
    task = load_preset(str(path))
    codes = task.candidates
    assert len(codes) == count
    assert (np.diff(codes) > 0).all()
    assert task.functions.tolist() == sorted(set(live_codes(codes).tolist()))
    assert not codes.flags.writeable
    again = described_task("gm", json.loads(json.dumps(task.describe("gm"))))
    assert np.array_equal(again.candidates, codes)
    if count == 3:  # whichever way they are given
        assert codes.tolist() == sorted(CODES)
    if "txt" in written:  # the record does not depend on the file
        assert again.scoring.candidates == (7, 300, 15_624)


def test_candidates_from_a_file_can_be_set(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.csv").write_text(f"arch,x\n{to_string(9)},1\n{to_string(4)},2\n")
    monkeypatch.chdir(tmp_path)
    assert task.changed({"scoring.candidates": "some.csv"}).candidates.tolist() == [4, 9]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            "every",
            r"^\[scoring\] candidates is 'every': write all, a number, a list of codes, or t",
        ),
        ("gone.txt", "there is no file gone.txt$"),
        (".", "there is no file .$"),
        ("bad.txt", "^bad.txt, line 2: not an architecture: 'x'"),
        ("empty.txt", "^empty.txt lists no architecture"),
        (0, r"^\[scoring\] candidates is 0: it must be 1 or more, or a list, or choose from all$"),
        (SIZE + 1, r"^\[scoring\] candidates: cannot sample 15626 arch.* from 1 to 15,625$"),
        (True, r"candidates is True: it must be a whole number, or a list, or choose from all$"),
        ([], "give at least one code"),
        ([3, 3], "list code 3 twice"),
        (
            [3, SIZE],
            r"^\[scoring\] candidates: code 15625 is out of bounds: choose from 0 to 15624$",
        ),
        (
            [2**63],
            r"^\[scoring\] candidates: code 9223372036854775808 is out of bounds: choose from",
        ),
        ([2**70], r"^\[scoring\] candidates: a code is an integer from 0 to 15624, not object"),
        ([-1], r"^\[scoring\] candidates\[0\] is -1: it must be 0 or more$"),
    ],
)
def test_candidates_with_a_fault(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: Any, message: str
) -> None:
    (tmp_path / "bad.txt").write_text(f"{to_string(9)}\nx\n")
    (tmp_path / "empty.txt").write_text("\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        task.changed({"scoring.candidates": named})


def test_a_recorded_task_reads_no_file(task: Task, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text(to_string(9))
    described = task.describe("gm")
    scoring = {**described["scoring"], "candidates": str(tmp_path / "some.txt")}
    with pytest.raises(InputError, match="choose from all"):
        described_task("gm", {**described, "scoring": scoring})


@pytest.mark.parametrize("method", ["gm", "few-shot", "random"])
def test_a_described_task_is_the_task_again(method: str) -> None:
    described = json.loads(json.dumps(parse_task("mine", TEXT).describe(method)))
    task = described_task(method, described)
    assert task.describe(method) == described
    assert (task.scale, task.budget) == (parse_task("mine", TEXT).scale, Budget(640))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"preset": None}, "preset is None: it must be a text in quotes$"),
        (
            {"data": 3},
            "^the task cannot be run by this version: data is 3: it must be a section$",
        ),
        ({"more": {}}, "^the task cannot be run by this version: unknown section 'more': "),
        (
            {"options": [1]},
            "^the task cannot be run by this version: methods is .*: it must be a section",
        ),
    ],
)
def test_what_describes_no_task_is_refused(change: dict[str, Any], message: str) -> None:
    described = parse_task("mine", TEXT).describe("gm")
    with pytest.raises(InputError, match=message):
        described_task("gm", described | change)
