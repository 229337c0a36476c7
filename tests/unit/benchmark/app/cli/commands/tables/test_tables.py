from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmark.app.cli import main
from benchmark.app.cli.root import cli
from benchmark.errors import CheckError, InputError, MissingError
from benchmark.spaces.nb201 import SIZE, to_string
from benchmark.spaces.registry import open_space
from benchmark.truth.files.nbtable import write_table
from benchmark.truth.keys import AccuracyKey, CostKey
from benchmark.truth.measurements import Agreement, Measurements
from benchmark.truth.table import Source, TruthTable

NB201 = open_space("nb201")

VALID, TEST = AccuracyKey("cifar10", "valid", 200), AccuracyKey("cifar10", "test", 200)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NASBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NASBENCH_TABLE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """Return a table file of the whole space, made as if from the official file."""
    percent = np.linspace(10, 94, SIZE)
    deviations = np.full(SIZE, 0.25)
    deviations[0] = np.nan
    table = TruthTable(
        name="official",
        description="as if",
        source=Source("a.pth", "0" * 64, "nas-bench-201", "2020-03-16", "2026-01-01"),
        codes=np.arange(SIZE),
        accuracies={VALID: percent[::-1], TEST: percent},
        seeds={TEST: np.repeat([1, 3], [1, SIZE - 1])},
        official_index=np.arange(SIZE, dtype=np.int32)[::-1],
        measurements=Measurements(
            {TEST: deviations},
            {TEST: percent / 100},
            {CostKey("latency", "cifar10", 200): np.full(SIZE, np.nan)},
            {TEST: Agreement(0.75, SIZE - 1, rho=0.9)},
        ),
        space=NB201,
    )
    write_table(table, tmp_path / "official.nbtable")
    return tmp_path / "official.nbtable"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["tables", *map(str, arguments)], catch_exceptions=False)


def test_an_import_is_listed_and_is_no_default(official: Path) -> None:
    done = run("import", official, "--name", "nas-bench-201")
    assert done.exit_code == 0
    assert "nas-bench-201: 15,625 architectures" in done.output
    assert "Use it with --table nas-bench-201" in done.output
    assert [line.split()[:3] for line in run("list").stdout.splitlines()] == [
        ["analog-nasbench", "nb201", "15,625"],
        ["nas-bench-201", "nb201", "15,625"],
    ]
    printed = json.loads(run("list", "--json").stdout)
    assert [it["name"] for it in printed] == ["analog-nasbench", "nas-bench-201"]
    assert json.loads(run("info", "--json").stdout)["name"] == "analog-nasbench"


def test_the_variable_names_the_default(official: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASBENCH_TABLE", str(official))
    done = run("info", "--json")
    assert json.loads(done.stdout)["name"] == "official"
    assert done.stderr == f"note: table {official}, which NASBENCH_TABLE names\n"
    assert run("query", "5").stdout.startswith(to_string(SIZE - 6))
    assert "official: 15,625 architectures, every check holds" in run("verify").stdout
    done = run("info", "analog-nasbench", "--json")
    assert (json.loads(done.stdout)["name"], done.stderr) == ("analog-nasbench", "")


def test_info_tells_the_noise_ceiling(official: Path) -> None:
    printed = json.loads(run("info", official, "--json").stdout)
    assert printed["noise_ceiling"] == [
        {"what": "cifar10_test_200, one seed with another", "tau": 0.75, "architectures": 15624},
        {"what": "cifar10_valid_200 with cifar10_test_200", "tau": -1.0, "architectures": 15625},
    ]
    assert printed["accuracies"]["cifar10_test_200"]["architectures_by_seeds"] == {
        "1": 1,
        "3": 15624,
    }
    assert printed["accuracies"]["cifar10_test_200"]["mean_deviation"] == 0.25
    assert printed["accuracies"]["cifar10_test_200"]["best"] == to_string(SIZE - 1)
    shown = run("info", official).stdout
    assert "   0.750  cifar10_test_200, one seed with another (15,624 architectures)" in shown
    assert "SHA-256 " + 64 * "0" in shown
    assert "unknown: with one accuracy" in run("info", "analog-nasbench").stdout


def test_accuracies_that_are_all_equal_have_no_ceiling(tmp_path: Path) -> None:
    equal = TruthTable(
        name="equal",
        description="all tied",
        source=Source("a.csv", "0" * 64, "csv", "", "2026-01-01"),
        codes=np.array([25, 30]),
        accuracies={VALID: np.full(2, 50.0), TEST: np.array([40.0, 60.0])},
        space=NB201,
    )
    write_table(equal, tmp_path / "equal.nbtable")
    shown = run("info", tmp_path / "equal.nbtable")
    assert shown.exit_code == 0, shown.output
    assert "       –  " in shown.output


def test_query_takes_a_string_or_the_official_number(official: Path) -> None:
    by_index = json.loads(run("query", "0", "--table", official, "--json").stdout)
    by_string = json.loads(run("query", to_string(SIZE - 1), "--table", official, "--json").stdout)
    assert by_index == by_string
    assert by_index["accuracies"]["cifar10_test_200"] == {
        "mean": 94.0,
        "seeds": 3,
        "deviation": 0.25,
        "loss": 0.94,
    }
    assert by_index["costs"] == {"cifar10_200": {"latency": None}}
    last = json.loads(run("query", "15624", "--table", official, "--json").stdout)
    assert last["accuracies"]["cifar10_test_200"]["deviation"] is None
    with pytest.raises(MissingError, match="has no architecture 15625"):
        run("query", "15625", "--table", official)
    with pytest.raises(InputError, match="has no official numbers: give the architecture's string"):
        run("query", "3", "--table", "analog-nasbench")
    with pytest.raises(InputError, match="not an architecture"):
        run("query", "resnet", "--table", official)


def test_tables_of_other_spaces(official: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("arch,cifar10_test_50\n22212220,93.1\n00002000,60\n00000200,61\nx,1\n")
    done = run("import", path, "--allow-subset", "--space", "macro", "--skip-invalid")
    assert done.stderr.startswith("note: left out: 1 of 4 rows, as space macro lacks their arch")
    assert "mine: 3 of 6,561 architectures" in done.stdout
    assert run("list").stdout.splitlines()[1].split()[:3] == ["mine", "macro", "3"]
    printed = json.loads(run("info", "mine", "--json").stdout)
    assert [printed[name] for name in ("space", "architectures", "of", "networks")] == [
        "macro", 3, 6_561, 3,
    ]  # fmt: skip
    assert printed["references"]["cifar10_test_50"]["params"] == pytest.approx(1)
    shown = run("info", "mine").stdout
    assert "note          left out: 1 of 4 rows" in shown
    assert "architectures 3 of 6,561, 3 different networks, without the official index" in shown
    assert "  cifar10_test_50      parameters 1.000, multiply-adds " in shown
    assert run("query", "22212220", "--table", "mine").stdout.startswith("22212220, in mine\n")
    with pytest.raises(MissingError, match="table 'mine' has no 00000000: it holds 3 of 6,561"):
        run("query", "00000000", "--table", "mine")
    assert "mine: 3 of 6,561 architectures, every check holds" in run("verify", "mine").stdout
    run("export", "mine", tmp_path / "again.csv")
    assert "22212220,93.1" in (tmp_path / "again.csv").read_text()
    with pytest.raises(InputError, match="table 'official' is of space nb201, not of macro"):
        run("info", official, "--space", "macro")
    with pytest.raises(InputError, match="unknown space 'marco': did you mean 'macro'"):
        run("info", official, "--space", "marco")
    path.write_text("arch,cifar10_test_50\n22212220,93.1\n22212220,93.2\n")
    done = run("import", path, "--allow-subset", "--average-repeats", "--replace")
    assert "averaged: 2 rows are 1 architectures" in done.stderr


def test_verify(official: Path, tmp_path: Path) -> None:
    assert "every check holds" in run("verify", official).stdout
    with pytest.raises(CheckError, match="was not made from"):
        run("verify", official, "--source", official)
    csv = tmp_path / "mine.csv"
    csv.write_text(f"arch,cifar10_test_200\n{to_string(3)},50\n")
    run("import", csv, "--allow-subset")
    assert "every check holds" in run("verify", "mine", "--source", csv).stdout


def test_export(official: Path, tmp_path: Path) -> None:
    run("export", official, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == f"15624,{to_string(0)},10.0,94.0"
    assert json.loads(run("info", tmp_path / "a.csv", "--json").stdout)["architectures"] == SIZE


@pytest.mark.parametrize("command", ["import", "list", "info", "query", "verify", "export"])
def test_every_command_has_help(command: str) -> None:
    done = run(command, "--help")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4


def test_errors_are_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["nasbench", "tables", "import", str(tmp_path / "gone.pth")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("gone.pth: No such file or directory\n")
