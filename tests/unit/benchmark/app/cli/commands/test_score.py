from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from analysis.metrics.ranking import rank_metrics
from benchmark.app.cli import main
from benchmark.app.cli.commands.score import score
from benchmark.spaces.nb201 import SIZE, all_strings, to_genotype, to_string

ROOT = Path(__file__).resolve().parents[6]
NAMES = [
    "file", "table", "space", "dataset", "split", "epochs", "n_architectures", "n_networks",
    "kendall_tau", "spearman_rho", "precision_at_1pct", "precision_at_5pct", "precision_at_10pct",
    "tau_top_10pct", "top1_accuracy", "top10_best_accuracy", "regret", "kendall_tau_networks",
]  # fmt: skip
GENERATOR = np.random.default_rng(0)
SCORES = GENERATOR.normal(size=SIZE)
TRUTH = np.round(GENERATOR.uniform(10, 95, SIZE), 4)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command and gives back its exit code, stdout and stderr."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nasbench", "score", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    rows = [f"{arch},{truth},50" for arch, truth in zip(all_strings(), TRUTH, strict=True)]
    path.write_text("\n".join(["arch,cifar10_test_200,cifar10_valid_12", *rows]) + "\n")
    return path


def predictions(path: Path, codes: Sequence[int]) -> Path:
    path.write_text("".join(["arch,score\n", *(f"{to_string(c)},{SCORES[c]}\n" for c in codes)]))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return predictions(tmp_path_factory.mktemp("mine") / "whole.csv", range(SIZE))


def test_json_is_one_object_a_file_and_a_line(
    run: Run, table: Path, whole: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    scores = {to_genotype(code): -SCORES[code] for code in range(0, SIZE, 5)}
    other.write_text(json.dumps(scores))
    code, out, err = run(whole, other, "--table", table, "--split", "test", "--json")
    assert code == 0
    one, two = map(json.loads, out.splitlines())
    assert list(one) == list(two) == NAMES
    for found, path, expected in (
        (one, whole, rank_metrics(SCORES, TRUTH)),
        (two, other, rank_metrics(-SCORES[::5], TRUTH[::5])),
    ):
        assert found["file"] == str(path)
        assert [found[name] for name in NAMES[1:6]] == ["truth", "nb201", "cifar10", "test", 200]
        assert [found[name] for name in NAMES[8:-1]] == [
            getattr(expected, name) for name in vars(expected)
        ]
    assert [one["n_architectures"], two["n_architectures"]] == [SIZE, 3_125]
    assert err.startswith("nasbench: warning: the files are scored on different architectures")
    assert err.count("\n") == 1


def test_several_files_give_one_table(run: Run, table: Path, whole: Path, tmp_path: Path) -> None:
    part = predictions(tmp_path / "part.csv", range(1_000, 3_000))
    code, out, _ = run(whole, part, "--table", table, "--epochs", "200")
    assert code == 0
    (row,) = (line.split() for line in out.splitlines() if line.strip().startswith("whole.csv"))
    assert row[1:3] == ["15,625", f"{rank_metrics(SCORES, TRUTH).kendall_tau:.4f}"]
    (row,) = (line.split() for line in out.splitlines() if line.strip().startswith("part.csv"))
    expected = rank_metrics(SCORES[1_000:3_000], TRUTH[1_000:3_000])
    assert row[1:3] == ["2,000", f"{expected.kendall_tau:.4f}"]
    assert row[-1] == f"{expected.regret:.2f}"
    assert "Truth: test accuracy, CIFAR-10, 200 epochs; table truth" in out


def test_a_subset_restricts_and_must_be_predicted(
    run: Run, table: Path, whole: Path, tmp_path: Path
) -> None:
    subset = tmp_path / "some.txt"
    subset.write_text("\n".join(map(to_string, range(2_000))))
    code, out, err = run(whole, "--table", table, "--epochs", 200, "--subset", subset, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["kendall_tau"] == rank_metrics(SCORES[:2_000], TRUTH[:2_000]).kendall_tau
    part = predictions(tmp_path / "part.csv", range(1, 2_000))
    code, out, err = run(part, whole, "--table", table, "--epochs", 200, "--subset", subset)
    assert (code, out) == (2, "")
    assert err == (
        f"nasbench: {part}: no score of 1 of the 2,000 architectures to compare, the first is "
        f"{to_string(0)}; add them, or leave them out of the subset\n"
    )


def test_a_small_sample_is_warned_about(run: Run, table: Path, tmp_path: Path) -> None:
    few = predictions(tmp_path / "few.csv", range(999))
    code, out, err = run(few, "--table", table, "--epochs", 200, "--json")
    assert code == 0
    assert json.loads(out)["n_architectures"] == 999
    assert err == (
        f"nasbench: warning: {few}: only 999 architectures are compared; with fewer than 1,000 "
        "every metric depends on which ones they are\n"
    )


def test_the_default_table_has_one_accuracy(run: Run, whole: Path) -> None:
    code, out, err = run(whole, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [found[name] for name in NAMES[1:6]] == [
        *("analog-nasbench", "nb201", "cifar10", "test", 200)
    ]


def test_undefined_is_null(run: Run, table: Path, tmp_path: Path) -> None:
    tied = tmp_path / "tied.json"
    tied.write_text(json.dumps(dict.fromkeys(all_strings(), 1)))
    code, out, _ = run(tied, "--table", table, "--epochs", 200, "--json")
    assert code == 0
    assert json.loads(out)["kendall_tau"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{whole}", "--table", "{table}"],
         "table 'truth' has cifar10_test_200, cifar10_valid_12: choose one by dataset and split"),
        (["{whole}", "--table", "{table}", "--dataset", "cifar100"],
         "table 'truth' has no accuracy of dataset cifar100: it has cifar10_test_200, cifar10_v"),
        (["{whole}", "--table", "nowhere"], "unknown table 'nowhere'"),
        (["{whole}", "--epochs", "0"], "Invalid value for '--epochs': 0 is not in the range"),
        (["{whole}", "gone.csv"], "cannot read gone.csv: No such file or directory"),
        (["{whole}", "--subset", "gone"], "cannot read gone: No such file or directory"),
        (["{table}"], "{table}, line 1: no column 'score' in 'arch,cifar10_test_200,"),
        ([], "Missing argument 'PREDICTIONS...'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(
    run: Run, table: Path, whole: Path, arguments: list[str], message: str
) -> None:
    names = {"table": table, "whole": whole}
    code, out, err = run(*(argument.format(**names) for argument in arguments))
    assert (code, out) == (2, "")
    assert err.startswith("nasbench: " + message.format(**names))
    assert err.count("\n") == 1


def test_the_published_predictions_rank_as_published(run: Run, shared: Path) -> None:
    folder = shared / "nas-bench-201"
    files = [
        folder / "published-predictions" / f"zhao2021-{name}-shot.csv" for name in ("one", "few")
    ]
    options = ["--dataset", "cifar10", "--split", "test", "--epochs", "200", "--json"]
    code, out, err = run(*files, "--table", folder / "accuracies.csv", *options)
    assert (code, err) == (0, "")
    assert [round(json.loads(line)["kendall_tau"], 4) for line in out.splitlines()] == [
        0.4855,
        0.5503,
    ]


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "JSON"])
def test_a_call_is_quick_and_needs_no_pytorch(table: Path, whole: Path, form: list[str]) -> None:
    arguments = ["score", str(whole), "--table", str(table), "--split", "test", *form]
    program = (
        "import sys\nfrom benchmark.app.cli import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try:\n    main()\n"
        "finally:\n    sys.stderr.write(str('torch' in sys.modules))"
    )
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    after = os.times()
    assert done.stderr == "False"
    # of the processor, which is what a call takes where nothing else runs
    seconds = sum(after[2:4]) - sum(before[2:4])
    assert 0.1 < seconds < 3


def test_the_manual_is_complete() -> None:
    manual = (ROOT / "docs" / "score.md").read_text(encoding="utf-8")
    options = [option for parameter in score.params for option in parameter.opts]
    for name in [*(option for option in options if option.startswith("--")), *NAMES]:
        assert f"`{name}`" in manual or f"`{name} " in manual, name


def test_the_program_in_the_manual_runs(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manual = (ROOT / "docs" / "score.md").read_text(encoding="utf-8")
    (program,) = (block.split("```")[0] for block in manual.split("```python\n")[1:])
    monkeypatch.chdir(whole.parent)
    exec(program.replace("mine.csv", whole.name))
    assert -1 < float(capsys.readouterr().out) < 1
