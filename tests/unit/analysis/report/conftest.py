"""What the tests of reports share: runs of three methods and two references, with full traces.

The runs score 1,000 candidates of the space, and the table of truth holds all of it. Scores are the
truth and noise, so that gm ranks better than few-shot, and that better than one-shot; the traces
have the form that trees of supernets leave, written by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
from benchmark.spaces.nb201 import EDGES, OPERATIONS, SIZE, candidate_codes
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
CODES = candidate_codes(CANDIDATES)
MakeRun = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def table() -> TruthTable:
    """Return a table of the whole space with validation and test, and another data set."""
    generator = np.random.default_rng(7)
    quality = 94 - generator.gamma(2, 3, SIZE)
    columns = {
        KEY: quality,
        AccuracyKey("cifar10", "valid", 200): quality - 1 + generator.normal(0, 0.3, SIZE),
        AccuracyKey("cifar100", "test", 200): quality - 25 + generator.normal(0, 1, SIZE),
        AccuracyKey("cifar100", "test", 12): quality - 40,
    }
    single = np.clip(quality[:, None] + generator.normal(0, 1, (SIZE, 3)), 0, 100)
    found = agreement_of(single.T)
    measured = Measurements(
        agreement={KEY: Agreement(found.tau, SIZE, rho=found.rho, seeds=3)},
        by_seed={KEY: BySeed((0, 1, 2), single, np.zeros((SIZE, 3)))},
    )
    return TruthTable(
        "made", "made up", Source("-", "-"), np.arange(SIZE), columns, measurements=measured
    )


@pytest.fixture(scope="session")
def make_run(table: TruthTable) -> MakeRun:
    """Return a function that makes a run of a method; fields of its record can be changed."""

    def make(method: str, seed: int, **changes: Any) -> RunRecord:
        generator = np.random.default_rng([seed, sorted(NOISE).index(method)])
        truth = table.accuracy(KEY, CODES)
        scores = np.round(truth + generator.normal(0, NOISE[method], CANDIDATES), 2)  # some ties
        trained = method not in REFERENCES
        shared = {"one-shot": 6_400, "few-shot": 3_200, "gm": 1_600}.get(method, 0)
        matching = 960 if method == "gm" else 0
        leaves = 6_400 - shared - matching if trained else 0
        said: dict[str, Any] = {
            "task": {
                "preset": "made",
                "training": {"batch_size": 16, "budget": 6_400},
                "scoring": {"batch_norm": "validation", "images": 16, "candidates": CANDIDATES},
                "options": {"between": 0.25, "levels": 2} if method == "gm" else {},
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
            "trace": _trace(method, generator)
            | (
                _trajectory(scores, generator) | _levels(shared, matching, leaves)
                if trained
                else {}
            ),
            "provenance": {
                "device": "cpu",
                "cpu": "a processor",
                "commit": "0123456789abcdef",
                "dirty": False,
                "seconds": 7.5 + seed,
            },
        }
        return RunRecord(method, seed, **(said | changes))

    return make


def _trace(method: str, generator: np.random.Generator) -> dict[str, Any]:
    if method in REFERENCES:
        return {}
    if method == "one-shot":
        return {"splits": [], "leaves": [_leaf("root", {}, 400)], "losses": {"root": [2.0, 1.0]}}
    if method == "few-shot":
        split = {"node": "root", "edge": "0→1", "groups": [[name] for name in OPERATIONS]}
        leaves = [_leaf(f"root.{i}", {0: [name]}, 240) for i, name in enumerate(OPERATIONS)]
        names = ["root", *(leaf["node"] for leaf in leaves)]
        return {"splits": [split], "leaves": leaves, "losses": {name: [2.0, 1] for name in names}}
    halves = [["none", "avg_pool_3x3"], ["skip_connect", "nor_conv_1x1", "nor_conv_3x3"]]
    splits = [
        _matched("root", 3, halves, range(6), 100, generator),
        _matched("root.0", 0, halves, [0, 1, 2, 4, 5], 16, generator),
        _matched("root.1", 5, halves, [0, 1, 2, 4, 5], 8, generator),
    ]
    leaves = [
        _leaf(f"root.{i}.{j}", {3: halves[i], (0, 5)[i]: halves[j]}, 190)
        for i in (0, 1)
        for j in (0, 1)
    ]
    names = ["root", "root.0", "root.1", *(leaf["node"] for leaf in leaves)]
    return {"splits": splits, "leaves": leaves, "losses": {name: [2.0, 1.5, 1] for name in names}}


def _levels(shared: int, matching: int, leaves: int) -> dict[str, Any]:
    """Return what the levels of a tree were trained on: of gm three, few-shot two, one-shot one."""
    levels = [{"images": shared, "matching": matching // 2}]
    if matching:
        levels.append({"images": leaves // 4, "matching": matching // 2})
        leaves -= leaves // 4
    if leaves:
        levels.append({"images": leaves, "matching": 0})
    return {"levels": levels}


def _trajectory(scores: NDArray[np.float64], generator: np.random.Generator) -> dict[str, Any]:
    """Return scores of a sample that grow out of noise, at four points of the budget."""
    sample = scores[::7]
    noise = 20 * generator.normal(size=len(sample))
    points = [
        {"spent": 1_600 * (point + 1), "scores": sample + noise * (3 - point)} for point in range(4)
    ]
    return {"trajectory": {"codes": CODES[::7], "points": points}}


def _leaf(node: str, edges: dict[int, list[str]], steps: int) -> dict[str, Any]:
    operations = [edges.get(edge, list(OPERATIONS)) for edge in range(len(EDGES))]
    size = int(np.prod([len(names) for names in operations]))
    return {"node": node, "operations": operations, "architectures": size, "steps": steps}


def _matched(
    node: str,
    edge: int,
    groups: list[list[str]],
    edges: Any,
    used: int,
    generator: np.random.Generator,
) -> dict[str, Any]:
    distances = {}
    for one in edges:
        upper = np.triu(generator.uniform(0, 1, (5, 5)), 1)
        distances["{}→{}".format(*EDGES[one])] = (upper + upper.T).tolist()
    return {
        "node": node,
        "edge": "{}→{}".format(*EDGES[edge]),
        "groups": groups,
        "distances": distances,
        "batches": {"used": used, "planned": 100},
    }


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory, make_run: MakeRun) -> Path:
    """Return a folder of records, with one variant of gm in a folder inside."""
    folder = tmp_path_factory.mktemp("runs")
    for method in NOISE:
        for seed in SEEDS if method != "params" else [0]:
            write_record(make_run(method, seed), folder)
    task = make_run("gm", 0).task
    options = {**task["options"], "levels": 1}
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
