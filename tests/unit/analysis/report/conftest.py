"""What the tests of reports share: runs of three methods and two references, with full traces.

The runs score 1,000 candidates of the space, and the table of truth holds all of it. Scores are the
truth and noise, so that gm ranks better than few-shot, and that better than one-shot; the traces
have the form that trees of supernets leave, written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.report import Report, Study, make_report, read_study, write_report
from analysis.report.tables import intervals
from analysis.statistics.ceiling import agreement_of
from analysis.tables.published import published_path, read_published
from benchmark.records import RunRecord, write_record
from benchmark.spaces.base import Codes, Space
from benchmark.spaces.candidates import candidate_codes
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.splits import subspaces_of
from benchmark.truth import (
    AccuracyKey,
    Agreement,
    BySeed,
    Measurements,
    Source,
    TruthTable,
)

KEY = AccuracyKey("cifar10", "test", 200)
NOISE = {"one-shot": 8.0, "few-shot": 5.0, "gm": 1.0, "random": 1e6, "params": 6.0}
REFERENCES = ("random", "params")
SEEDS = range(3)
CANDIDATES = 1_000
LISTED = 1_500  # architectures of the table of a space that cannot be enumerated
MakeRun = Callable[..., RunRecord]


def table_of(space: Space) -> TruthTable:
    """Return a table of a space with validation and test, and another data set."""
    codes = space.all_codes() if space.is_enumerable else candidate_codes(LISTED, space)
    size = len(codes)
    generator = np.random.default_rng(7)
    quality = 94 - generator.gamma(2, 3, size)
    columns = {
        KEY: quality,
        AccuracyKey("cifar10", "valid", 200): quality - 1 + generator.normal(0, 0.3, size),
        AccuracyKey("cifar100", "test", 200): quality - 25 + generator.normal(0, 1, size),
        AccuracyKey("cifar100", "test", 12): quality - 40,
    }
    single = np.clip(quality[:, None] + generator.normal(0, 1, (size, 3)), 0, 100)
    found = agreement_of(single.T)
    measured = Measurements(
        agreement={KEY: Agreement(found.tau, size, rho=found.rho, seeds=3)},
        by_seed={KEY: BySeed((0, 1, 2), single, np.zeros((size, 3)))},
    )
    source = Source("-", "-")
    return TruthTable("made", "made up", source, codes, columns, measurements=measured, space=space)


def run_of(table: TruthTable, method: str, seed: int, **changes: Any) -> RunRecord:
    """Return a run of a method in a table's space; fields of its record can be changed."""
    space, codes = table.space, candidate_codes(CANDIDATES, table.space)
    generator = np.random.default_rng([seed, sorted(NOISE).index(method)])
    truth = table.accuracy(KEY, codes)
    scores = np.round(truth + generator.normal(0, NOISE[method], CANDIDATES), 2)  # some ties
    trained = method not in REFERENCES
    shared = {"one-shot": 6_400, "few-shot": 3_200, "gm": 1_600}.get(method, 0)
    matching = 960 if method == "gm" else 0
    leaves = 6_400 - shared - matching if trained else 0
    trace = _trace(method, space, generator)
    if trained:
        trace |= _trajectory(scores, codes, generator) | _levels(shared, matching, leaves)
    said: dict[str, Any] = {
        "task": {
            "preset": "made",
            "space": space.name,
            "training": {"batch_size": 16, "budget": 6_400},
            "scoring": {"batch_norm": "validation", "images": 16, "candidates": CANDIDATES},
            "options": {"between": 0.25, "min_size": 2} if method == "gm" else {},
        },
        "scores": scores,
        "budget": {
            "budget": 6_400,
            "spent": shared + matching + leaves,
            "parts": {
                "shared training": shared,
                "gradient matching": matching,
                "leaf training": leaves,
            },
            "scored": 151_120 if trained else 0,
        },
        "trace": trace,
        "provenance": {
            "device": "cpu",
            "cpu": "a processor",
            "commit": "0123456789abcdef",
            "dirty": False,
            "seconds": 7.5 + seed,
        },
    }
    return RunRecord(method, seed, **(said | changes))


def _trace(method: str, space: Space, generator: np.random.Generator) -> dict[str, Any]:
    if method in REFERENCES:
        return {}
    if method == "one-shot":
        return _tree([], space, [2.0, 1.0], 400)
    if method == "few-shot":
        first = space.decisions[0]
        split = {"decisions": [first.name], "groups": [[name] for name in first.options]}
        return _tree([{"node": "root", **split}], space, [2.0, 1], 240)
    splits = [
        _matched(space, "root", 3, [], 100, generator),
        _matched(space, "root.0", 0, [3], 16, generator),
        _matched(space, "root.1", len(space) - 1, [3], 8, generator),
    ]
    return _tree(splits, space, [2.0, 1.5, 1], 190)


def _tree(
    splits: list[dict[str, Any]], space: Space, losses: list[float], steps: int
) -> dict[str, Any]:
    """Return the trace of a tree of splits."""
    found = subspaces_of(splits, space)
    inner = {split["node"] for split in splits}
    leaves = [
        {"node": node, "options": one.to_lists(), "architectures": one.size, "steps": steps}
        for node, one in found.items()
        if node not in inner
    ]
    return {"splits": splits, "leaves": leaves, "losses": dict.fromkeys(found, losses)}


def _levels(shared: int, matching: int, leaves: int) -> dict[str, Any]:
    """Return what the levels of a tree were trained on: of gm three, few-shot two, one-shot one."""
    levels = [{"images": shared, "matching": matching // 2}]
    if matching:
        levels.append({"images": leaves // 4, "matching": matching // 2})
        leaves -= leaves // 4
    if leaves:
        levels.append({"images": leaves, "matching": 0})
    return {"levels": levels}


def _trajectory(
    scores: NDArray[np.float64], codes: Codes, generator: np.random.Generator
) -> dict[str, Any]:
    """Return scores of a sample that grow out of noise, at four points of the budget."""
    sample = scores[::7]
    noise = 20 * generator.normal(size=len(sample))
    points = [
        {"spent": 1_600 * (point + 1), "scores": sample + noise * (3 - point)} for point in range(4)
    ]
    return {"trajectory": {"codes": codes[::7], "points": points}}


def _matched(
    space: Space,
    node: str,
    decision: int,
    before: list[int],
    used: int,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Return a split of a decision into its first and last option, and the others if any."""
    distances = {}
    for place, one in enumerate(space.decisions):
        if place not in before:
            upper = np.triu(generator.uniform(0, 1, (len(one.options),) * 2), 1)
            distances[one.name] = (upper + upper.T).tolist()
    first, *others, last = space.decisions[decision].options
    groups = [[first, last], others] if others else [[first], [last]]
    return {
        "node": node,
        "decisions": [space.decisions[decision].name],
        "groups": groups,
        "distances": distances,
        "batches": {"used": used, "planned": 100},
    }


@pytest.fixture(scope="session")
def table() -> TruthTable:
    """Return a table of all of NAS-Bench-201."""
    return table_of(open_space("nb201"))


@pytest.fixture(scope="session")
def make_run(table: TruthTable) -> MakeRun:
    """Return a function that makes a run in NAS-Bench-201, see `run_of`."""
    return partial(run_of, table)


@pytest.fixture(scope="session", params=["macro", "mobilenet", "darts"])
def other_study(request: pytest.FixtureRequest) -> Study:
    """Return a study in a space of 8, 21 or 34 decisions; just the first can be enumerated."""
    table = table_of(open_space(request.param))
    records = tuple(run_of(table, method, seed) for method in NOISE for seed in SEEDS)
    codes = candidate_codes(CANDIDATES, table.space)
    files = {record.unit.stem: "0" * 64 for record in records}
    return Study(records, table.only(codes), KEY, tuple(NOISE), frozenset(REFERENCES), files)


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory, make_run: MakeRun) -> Path:
    """Return a folder of records, with one variant of gm in a folder inside."""
    folder = tmp_path_factory.mktemp("runs")
    for method in NOISE:
        for seed in SEEDS if method != "params" else [0]:
            write_record(make_run(method, seed), folder)
    task = make_run("gm", 0).task
    options = {**task["options"], "min_size": 1}
    for seed in SEEDS:
        write_record(make_run("gm", seed, task={**task, "options": options}), folder / "one-level")
    return folder


@pytest.fixture(scope="session")
def study(runs_folder: Path, table: TruthTable) -> Study:
    path = published_path()
    assert path is not None
    return read_study(
        runs_folder,
        table,
        KEY,
        order=[*NOISE, "not-run"],
        references=REFERENCES,
        published=read_published(path),
    )


@pytest.fixture(scope="session")
def report(study: Study) -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "RESAMPLES", 20)
        return make_report(study)


@pytest.fixture(scope="session")
def brief(report: Report) -> Report:
    """Return the report with three of its figures, as writing all takes long."""
    names = ("overview", "losses", "splits")
    return replace(report, figures={name: report.figures[name] for name in names})


@pytest.fixture(scope="session")
def written(brief: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(brief, folder)
    return folder


@pytest.fixture(scope="session")
def written_whole(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_report(report, folder)
    return folder
