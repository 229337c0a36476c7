"""Images of both are counted by looking at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.statistics.overlap import Overlap, image_overlap
from baselines.standalone.images import read_parts
from benchmark.images import DataSettings, Images, dataset_record
from benchmark.images.labelled_images import LabelledImages, image_set
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import TrainingProtocol, load_protocol
from benchmark.tasks.task import Task, load_preset
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")

COUNT = 1_797  # digits


def numbered(data: DataSettings) -> tuple[list[int], list[int]]:
    """Return which images a data set's two parts hold, by two pixels that say their number."""
    pixels = np.zeros((COUNT, 1, 8, 8), np.uint8)
    pixels[:, 0, 0, 0], pixels[:, 0, 0, 1] = np.arange(COUNT) % 256, np.arange(COUNT) // 256
    found = image_set(LabelledImages(pixels, np.zeros(COUNT, np.int64)), data, 10)

    def numbers(part: Images) -> list[int]:
        shown = part.pixels.numpy().astype(np.int64)
        return [int(number) for number in shown[:, 0, 0, 0] + 256 * shown[:, 0, 0, 1]]

    return numbers(found.train), numbers(found.valid)


def record_of(task: Task, method: str = "one-shot", scored: int = 7) -> RunRecord:
    searches = method not in ("params", "random")
    return RunRecord(
        method, 0, task.describe(method, searches=searches), np.zeros(SPACE.size),
        {"scored": scored}, {}, {},
    )  # fmt: skip


def table_of(protocol: TrainingProtocol) -> TruthTable:
    columns = {
        AccuracyKey(protocol.data.dataset, split, 4): np.array([10.0, 20.0])
        for split in ("valid", "test")
    }
    described = {"protocol": protocol.describe()}
    return TruthTable(
        "built", "-", Source("-", "-"), np.array([3, 4]), columns, protocol=described, space=SPACE
    )


def counts(
    task: Task, protocol: TrainingProtocol, split: str = "test", **record: Any
) -> tuple[int, int]:
    key = AccuracyKey(protocol.data.dataset, split, 4)
    found = image_overlap([record_of(task, **record)], table_of(protocol), key)
    assert found is not None
    return found.scoring, found.training


CASES = st.fixed_dictionaries(
    {
        "train": st.integers(64, 1_200),
        "valid": st.integers(2, 597),
        "scoring": st.integers(1, 597),
        "truth train": st.integers(64, 1_200),
        "truth held": st.integers(3, 597),
        "truth valid": st.integers(1, 596),
        "split": st.sampled_from(["valid", "test"]),
        "base": st.sampled_from(["rsps", "darts", "snas"]),
        "alpha": st.sampled_from(["apart", "all"]),
    }
)


@settings(max_examples=40)
@given(case=CASES)
def test_images_are_counted_as_they_are_dealt(case: dict[str, Any]) -> None:
    scoring = min(case["scoring"], case["valid"])
    task = load_preset("laptop").changed(
        {
            "data.training_images": case["train"],
            "data.validation_images": case["valid"],
            "scoring.images": scoring,
            "search.base": case["base"],
            "search.alpha_images": case["alpha"],
        }
    )
    held = min(case["truth valid"], case["truth held"] - 1)
    protocol = load_protocol("nb201-digits").changed(
        {
            "data.training_images": case["truth train"],
            "data.validation_images": case["truth held"],
            "evaluation.valid_images": held,
        }
    )
    train, valid = numbered(task.data)
    _, truth = numbered(protocol.data)
    measured = set(truth[:-held] if case["split"] == "test" else truth[-held:])
    trained = set(train)
    if case["base"] != "rsps":
        trained |= set(valid if case["alpha"] == "all" else valid[scoring:])
    expected = len(measured & set(valid[:scoring])), len(measured & trained)
    assert counts(task, protocol, case["split"]) == expected


def test_digits_are_dealt_likewise() -> None:
    """The pixels themselves, without noise, from where both sides read them."""
    task = load_preset("laptop").changed({"data.noise": 0.0})
    for change in ({}, {"data.validation_images": 597}):
        protocol = load_protocol("nb201-digits").changed({"data.noise": 0.0, **change})
        truth = {one.numpy().tobytes() for one in read_parts(protocol, Path(), "cpu").test.pixels}
        scoring = dataset_record("digits").read(task.data, Path()).valid.first(128)
        seen = {one.numpy().tobytes() for one in scoring.pixels}
        assert counts(task, protocol) == (len(truth & seen), 0)
        assert bool(truth & seen) is bool(change)


@pytest.mark.parametrize("preset", ["laptop", "ci", "fashion", "fashion-verdict"])
def test_presets_do_not_score_by_the_test_images_of_their_protocols(preset: str) -> None:
    task = load_preset(preset)
    assert counts(task, load_protocol(f"{task.space}-{task.data.dataset}")) == (0, 0)


def test_bases_that_train_by_validation_images_see_more() -> None:
    fashion = load_preset("fashion")
    assert counts(fashion.with_base("darts"), load_protocol("nb201-fashion-mnist")) == (0, 10_000)


def test_a_run_that_scores_by_no_image_has_seen_none() -> None:
    protocol = load_protocol("nb201-digits").changed({"data.validation_images": 597})
    assert counts(load_preset("laptop"), protocol, method="params", scored=0) == (0, 0)
    assert counts(load_preset("laptop"), protocol) == (128, 0)


def test_other_images_have_none_in_common() -> None:
    key = AccuracyKey("fashion-mnist", "test", 4)
    table = table_of(load_protocol("nb201-fashion-mnist"))
    found = image_overlap([record_of(load_preset("laptop"))], table, key)
    assert found == Overlap("digits", "fashion-mnist", "test")
    assert found.text == ""


def test_what_is_not_told_is_not_judged() -> None:
    key, record = AccuracyKey("digits", "test", 4), record_of(load_preset("laptop"))
    table = table_of(load_protocol("nb201-digits"))
    silent = TruthTable("-", "-", table.source, table.codes, table.accuracies, space=SPACE)
    assert image_overlap([record], silent, key) is None
    torn = TruthTable(
        "-",
        "-",
        table.source,
        table.codes,
        table.accuracies,
        protocol={"protocol": {"data": 3}},
        space=SPACE,
    )
    assert image_overlap([record], torn, key) is None
    older = RunRecord(
        "gm", 0, {"preset": "ci", "space": "nb201"}, np.zeros(SPACE.size), {"scored": 7}, {}, {}
    )
    assert image_overlap([older], table, key) is None
    assert image_overlap([older, record], table, key) is not None


@pytest.mark.parametrize(
    ("overlap", "text"),
    [
        (
            Overlap("digits", "digits", "test", scoring=1_280, training=20),
            "1,280 of the images that score and 20 of those that train are among the truth's "
            "test images",
        ),
        (
            Overlap("digits", "digits", "valid", training=20),
            "20 of the images that train are among the truth's validation images",
        ),
        (Overlap("digits", "digits", "test"), ""),
    ],
)
def test_the_words(overlap: Overlap, text: str) -> None:
    assert overlap.text == text
