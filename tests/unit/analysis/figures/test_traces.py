"""Figures of what happened inside a run, from traces written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.figures.distance_grid import distance_figure
from analysis.figures.distances import distance_data
from analysis.figures.losses import loss_data
from analysis.figures.progress import Progress, draw_progress, mean_progress, progress_data
from analysis.figures.signs import signs_of
from analysis.figures.tree import draw_tree, tree_data
from benchmark.errors import InputError, MissingError
from benchmark.records import RunRecord
from benchmark.spaces.registry import open_space
from benchmark.truth import AccuracyKey, Source, TruthTable

SPACE = open_space("nb201")
OPTIONS = SPACE.decisions[0].options
SIGNS = signs_of(SPACE)
KEY = AccuracyKey("cifar10", "test", 200)
MATRIX = np.arange(25.0).reshape(5, 5)
GROUPS = [["none", "avg_pool_3x3"], ["skip_connect", "nor_conv_1x1", "nor_conv_3x3"]]
LEVEL = {"supernets": 1, "images": 160, "matching": 0}
SPLIT = {"node": "root", "decisions": ["0→3"], "groups": GROUPS}


def run(trace: dict[str, Any]) -> RunRecord:
    task = {"preset": "x", "space": "nb201", "training": {"batch_size": 10, "budget": 640}}
    return RunRecord("gm", 0, task, np.zeros(SPACE.size), {}, trace, {})


def test_a_cut_decision_is_shown_with_its_groups_together() -> None:
    distances = {"0→1": MATRIX.tolist(), "0→3": MATRIX.tolist()}
    other, cut = distance_data(run({"splits": [{**SPLIT, "distances": distances}]}))
    assert (other.decision, other.cuts, other.options) == ("0→1", (), OPTIONS)
    np.testing.assert_array_equal(other.distances, MATRIX)
    assert (cut.decision, cut.cuts) == ("0→3", (2, 3))
    assert list(cut.options) == [*GROUPS[0], *GROUPS[1]]
    for row, one in enumerate(cut.options):
        for column, two in enumerate(cut.options):
            assert cut.distances[row, column] == MATRIX[OPTIONS.index(one), OPTIONS.index(two)]


def test_frames_stand_around_the_groups() -> None:
    data = distance_data(run({"splits": [{**SPLIT, "distances": {"0→3": MATRIX.tolist()}}]}))
    figure = distance_figure(data, SIGNS)
    (framed,) = [ax for ax in figure.axes if ax.patches and ax.get_title()]
    assert framed.get_title() == "0→3, cut"
    assert [frame.get_bbox().bounds for frame in framed.findobj(Rectangle)[:2]] == [
        (-0.5, -0.5, 2, 2),
        (1.5, 1.5, 3, 3),
    ]


@pytest.mark.parametrize("data", [distance_data, tree_data, loss_data])
def test_a_run_that_holds_nothing_of_it_is_missing(data: Any) -> None:
    with pytest.raises(MissingError, match="no run recorded"):
        data(run({}))
    with pytest.raises(MissingError, match="no run recorded"):
        data(run({"losses": {"root": [1.0]}}))  # of a method of one's own


LEAVES = [{"node": f"root.{place}", "architectures": 7, "steps": 9} for place in (0, 1)]
TOGETHER: dict[str, Any] = {"splits": [SPLIT], "leaves": LEAVES}


@pytest.mark.parametrize(
    "change",
    [
        {"leaves": LEAVES[:1]},
        {"leaves": []},
        {"leaves": [*LEAVES, {"node": "root.2", "architectures": 7, "steps": 9}]},
        {"splits": [{**SPLIT, "groups": []}]},
        {"splits": [{**SPLIT, "node": "root.0"}]},
        {"splits": [SPLIT, {**SPLIT, "node": "root.1"}]},
    ],
)
def test_a_tree_that_does_not_fit_together(change: dict[str, Any]) -> None:
    assert tree_data(run(TOGETHER))
    with pytest.raises(InputError, match=r"^the trace of gm, seed 0, is inconsistent"):
        tree_data(run(TOGETHER | change))


@pytest.mark.parametrize(
    "matrix", [[], [[0.0, 1.0], [1.0]], [[1.0] * 5] * 4, [[1.0] * 6] * 6, [[1.0]] * 5]
)
def test_distances_that_are_no_matrix_of_options(matrix: list[list[float]]) -> None:
    for decision in ("0→1", "0→3"):
        split = {**SPLIT, "distances": {decision: matrix}}
        with pytest.raises(InputError, match=r"^the trace of gm, seed 0, is inconsistent"):
            distance_data(run({"splits": [split]}))


@pytest.mark.parametrize(
    "trace",
    [
        {"losses": {"root": [1.0], "root.0.0": [1.0]}, "levels": [LEVEL, LEVEL]},
        {"losses": {"root": [1.0]}, "levels": [{**LEVEL, "images": 0}]},
        {"losses": {"root": [1.0]}, "levels": []},
        {"losses": {"root": [1.0], "root.0": [1.0]}, "levels": [LEVEL]},
    ],
)
def test_losses_that_do_not_fit_the_budget(trace: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^the trace of gm, seed 0, is inconsistent"):
        loss_data(run(trace))


def test_a_tree_is_laid_out_from_its_leaves() -> None:
    leaves = [
        {"node": name, "architectures": 7, "steps": 9}
        for name in ("root.0.0", "root.0.1", "root.1")
    ]
    inner = {"node": "root.0", "decisions": ["0→1"], "groups": GROUPS}
    nodes = {
        node.name: node
        for node in tree_data(run({"splits": [SPLIT, inner], "leaves": leaves, "losses": {}}))
    }
    assert {name: node.height for name, node in nodes.items()} == {
        "root": 1.25, "root.0": 0.5, "root.1": 2, "root.0.0": 0, "root.0.1": 1,
    }  # fmt: skip
    assert (nodes["root.0"].splits, nodes["root.1"].splits) == ("0→1", None)
    assert nodes["root.1"].group == tuple(GROUPS[1])
    ax = draw_tree(tuple(nodes.values()), Figure().subplots(), SIGNS)
    texts = [text.get_text() for text in ax.texts]
    assert "splits\n0→3" in texts
    assert texts.count("7 architectures\n9 steps") == 3


def test_leaves_stand_in_the_order_of_their_numbers() -> None:
    """The eleventh child stands after the third, and not before it as its name would."""
    pairs = [f"{one} & {two}" for one in OPTIONS for two in OPTIONS]
    split = {"node": "root", "decisions": ["0→1", "2→3"], "groups": [[pair] for pair in pairs]}
    leaves = [{"node": f"root.{place}", "architectures": 7, "steps": 9} for place in range(25)]
    nodes = tree_data(run({"splits": [split], "leaves": leaves[::-1]}))
    root, *below = nodes
    assert (root.splits, root.height) == ("0→1 & 2→3", 12)
    assert [node.height for node in below] == list(range(25))
    assert [node.group for node in below] == [(pair,) for pair in pairs]


def test_losses_stand_where_they_were_in_the_budget() -> None:
    names = ["root", "root.0", "root.1", "root.0.0", "root.0.1", "root.1.0", "root.1.1"]
    # the root, matching, two supernets, matching, four leaves
    levels = [
        {"images": images, "matching": matching}
        for images, matching in [(160, 40), (160, 40), (240, 0)]
    ]
    curves = loss_data(
        run({"losses": {name: [2.0, 1.0] for name in names[::-1]}, "levels": levels})
    )
    found = {curve.node: curve.spent.tolist() for curve in curves}
    assert found == {
        "root": [40, 120],
        "root.0": [220, 260],
        "root.1": [300, 340],
        "root.0.0": [415, 445],
        "root.0.1": [475, 505],
        "root.1.0": [535, 565],
        "root.1.1": [595, 625],
    }


def test_long_losses_are_thinned_to_means() -> None:
    (curve,) = loss_data(run({"losses": {"root": list(range(600))}, "levels": [LEVEL]}))
    assert len(curve.losses) == 60
    assert curve.losses[0] == pytest.approx(4.5)
    assert curve.spent[0] == pytest.approx(160 / 600 * 5)


def test_progress_is_that_of_the_sample() -> None:
    truth = np.linspace(10, 90, SPACE.size)
    table = TruthTable("x", "-", Source("-", "-"), SPACE.all_codes(), {KEY: truth}, space=SPACE)
    codes = [5, 700, 9_000, 15_000]
    points = [
        {"spent": 100, "scores": [4, 3, 2, 1]},
        {"spent": 200, "scores": [1, 2, 3, 4]},
    ]
    kept = run({"trajectory": {"codes": codes, "points": points}})
    (one,) = progress_data([run({}), kept], table, KEY, ["gm"])
    assert one.spent.tolist() == [100, 200]
    assert one.tau.tolist() == pytest.approx([-1, 1])
    assert one.found.tolist() == pytest.approx([truth[5], truth[15_000]])
    for what, label in [("tau", "τ-b"), ("found", "accuracy")]:
        ax = draw_progress([one], Figure().subplots(), what=what)
        assert label in ax.get_ylabel()
    with pytest.raises(MissingError, match="no run recorded scores during training"):
        progress_data([run({})], table, KEY, ["gm"])


def test_a_mean_reads_runs_between_their_points() -> None:
    """The second run has no point at 200: it is half-way between 0 and 1 there."""
    first = progress("gm", [100, 200, 300], [0, 0.2, 0.4])
    second = progress("gm", [100, 300], [0, 1])
    spent, mean = mean_progress([first, second], "tau")
    assert spent.tolist() == [100, 200, 300]
    assert mean.tolist() == pytest.approx([0, 0.35, 0.7])


def test_progress_has_a_thick_line_a_method_and_a_thin_one_a_run() -> None:
    data = [progress("gm", [1, 2], [0, 1]), progress("gm", [1, 2], [0, 2])]
    ax = draw_progress([*data, progress("params", [1, 2], [0, 1])], Figure().subplots(), what="tau")
    named = [line.get_label() for line in ax.get_lines() if line.get_marker() != "None"]
    assert named == ["gm", "params"]
    assert len(ax.get_lines()) == 2 + 2


def progress(name: str, spent: list[int], tau: list[float]) -> Progress:
    values = np.array(tau, np.float64)
    return Progress(name, 0, 0, 10, np.array(spent, np.float64), values, values)
