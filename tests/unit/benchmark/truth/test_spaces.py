"""Tables of other search spaces than NAS-Bench-201."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.metrics.scoring import score_predictions
from analysis.statistics.references import table_references
from benchmark.errors import InputError, MissingError
from benchmark.spaces.base import Space
from benchmark.spaces.registry import SPACES, open_space
from benchmark.truth import AccuracyKey, Source, TruthTable, open_table
from benchmark.truth.curves import LearningCurves, read_curves, write_curves
from benchmark.truth.files import nbtable
from benchmark.truth.files.arrow import read_columns, write_columns
from benchmark.truth.files.exporting import export_table
from benchmark.truth.files.nbtable import read_table, write_table
from benchmark.truth.importing import import_table
from benchmark.truth.measurements import group_means
from benchmark.truth.predictions import read_predictions
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.options import ImportOptions
from benchmark.truth.space_choice import recognised_space, spaces_of

KEY = AccuracyKey("cifar10", "test", 50)
MACRO, DARTS, NB201 = (open_space(name) for name in ("macro", "darts", "nb201"))
HEAD = "arch,cifar10_test_50"


def drawn_table(space: Space, count: int = 40) -> TruthTable:
    """Return a table of architectures drawn from a space."""
    codes = np.sort(space.sample(count))
    percent = np.random.default_rng(0).uniform(10, 95, count)
    return TruthTable("some", "made up", Source("-", "-"), codes, {KEY: percent}, space=space)


def write_rows(path: Path, rows: Sequence[tuple[object, ...]], head: str = HEAD) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])
    return path


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("suffix", [".nbtable", ".csv", ".parquet"])
def test_what_is_exported_can_be_imported(
    name: str, suffix: str, tmp_path: Path, cache: Path
) -> None:
    table = drawn_table(open_space(name))
    export_table(table, tmp_path / f"a{suffix}")
    found = import_table(tmp_path / f"a{suffix}", ImportOptions(name="b", allow_subset=True)).table
    again = open_table("b", allow_subset=True, space=open_space(name))
    for one in (found, again):
        assert one.space is open_space(name)
        np.testing.assert_array_equal(one.codes, table.codes)
        np.testing.assert_array_equal(one.accuracy(KEY), table.accuracy(KEY))


@pytest.mark.parametrize("name", SPACES)
def test_rows_are_those_of_a_plain_search(name: str) -> None:
    space = open_space(name)
    table = drawn_table(space)
    row_of = {code: row for row, code in enumerate(table.codes.tolist())}
    asked = np.random.default_rng(1).permutation(table.codes)[:25]
    assert table.rows(asked).tolist() == [row_of[code] for code in asked.tolist()]
    assert table.accuracy(KEY, space.format(int(asked[0]))) == table.accuracy(KEY, int(asked[0]))
    for absent in (set(space.sample(60).tolist()) - set(row_of), {0, space.size - 1} - set(row_of)):
        for code in absent:
            with pytest.raises(MissingError, match=r"table 'some' has no .*: it holds 40 of "):
                table.rows(np.array([code]))


@pytest.mark.parametrize("name", SPACES)
def test_curves_and_predictions_are_of_a_space(name: str, tmp_path: Path) -> None:
    table = drawn_table(open_space(name), 5)
    columns = {"cifar10_test_50": np.full((5, 3), 20, np.float32)}
    curves = LearningCurves("x", table.source, table.codes, columns, space=table.space)
    write_curves(curves, tmp_path / "a.nbcurves")
    read = read_curves(tmp_path / "a.nbcurves")
    text = table.space.format(int(table.codes[3]))
    assert read.space is table.space
    assert read.curve("cifar10_test_50", text).tolist() == [20] * 3
    rows = [(table.space.format(code), code % 7) for code in table.codes.tolist()]
    found = read_predictions(write_rows(tmp_path / "a.csv", rows, "arch,score"), table.space)
    assert found.space is table.space
    assert found.scores_of(table.codes).tolist() == [code % 7 for code in table.codes.tolist()]


def test_only_spaces_that_can_be_listed_can_be_lacking(tmp_path: Path) -> None:
    for space in (MACRO, DARTS):
        write_table(drawn_table(space), tmp_path / f"{space.name}.nbtable")
        export_table(drawn_table(space), tmp_path / f"{space.name}.csv")
    with pytest.raises(InputError, match=r"holds 40 of 6,561 architectures: give a complete one"):
        open_table(tmp_path / "macro.nbtable")
    with pytest.raises(InputError, match=r"6,521 of 6,561 architectures are missing"):
        open_table(tmp_path / "macro.csv")
    for suffix in (".nbtable", ".csv"):
        assert open_table(tmp_path / f"darts{suffix}").share == "40 of 1.1e+18 architectures"
    whole = replace(
        drawn_table(MACRO), codes=MACRO.all_codes(), accuracies={KEY: np.ones(MACRO.size)}
    )
    assert (whole.is_complete, whole.share, whole.networks) == (True, "6,561 architectures", 3_969)


def test_a_table_of_another_space_is_refused(tmp_path: Path, cache: Path) -> None:
    write_table(drawn_table(MACRO), tmp_path / "a.nbtable")
    with pytest.raises(InputError, match=r"^table 'some' is of space macro, not of nb201$"):
        open_table(tmp_path / "a.nbtable", allow_subset=True, space=NB201)
    with pytest.raises(InputError, match=r"a\.nbtable is a table of space macro, not of darts$"):
        import_table(tmp_path / "a.nbtable", ImportOptions(space=DARTS))
    rows = [("22212220", 93), ("0000000", 90)]
    path = write_rows(tmp_path / "a.csv", rows)
    with pytest.raises(InputError) as caught:
        read_csv(path, ImportOptions(space=NB201))
    assert str(caught.value) == (
        f"{path}, line 2: '22212220' is an architecture of NAS-Bench-Macro (space macro), not of "
        "NAS-Bench-201 (space nb201)"
    )
    with pytest.raises(InputError, match="line 3: not an architecture: '0000000'; the nearest is"):
        read_csv(path)
    with pytest.raises(InputError, match=r"a.csv, line 2: .* \(space macro\), not of NAS-Bench-20"):
        read_predictions(write_rows(tmp_path / "a.csv", rows, "arch,score"), NB201)
    predictions = read_predictions(write_rows(tmp_path / "x.csv", rows[:1], "arch,score"), MACRO)
    with pytest.raises(
        InputError, match=r"x\.csv holds architectures of space macro, not of nb201"
    ):
        score_predictions(predictions, drawn_table(NB201), KEY)


@pytest.mark.parametrize("code", [-1, 6_561])
def test_a_code_out_of_range_is_refused(code: int, tmp_path: Path) -> None:
    table = drawn_table(MACRO, 1)
    with pytest.raises(InputError, match=f"table 'some' of space macro: code {code} is out of b"):
        replace(table, codes=np.array([code]))
    write_table(table, tmp_path / "a.nbtable")
    about, columns = read_columns(tmp_path / "a.nbtable", nbtable.VERSION)
    write_columns(
        tmp_path / "a.nbtable", nbtable.VERSION, about, columns | {"code": np.array([code])}
    )
    with pytest.raises(InputError, match=f"table 'some' of space macro: code {code} is out of b"):
        read_table(tmp_path / "a.nbtable")


def test_a_file_of_an_unknown_space_is_refused(tmp_path: Path) -> None:
    write_table(drawn_table(MACRO), tmp_path / "a.nbtable")
    about, columns = read_columns(tmp_path / "a.nbtable", nbtable.VERSION)
    about["space"] = "atlantis"
    write_columns(tmp_path / "a.nbtable", nbtable.VERSION, about, columns)
    with pytest.raises(InputError, match=r"a\.nbtable: unknown space 'atlantis': choose from nb20"):
        read_table(tmp_path / "a.nbtable")


def test_a_space_is_recognised_by_the_first_architecture_that_has_one() -> None:
    macro, nb201 = "22212220", NB201.format(5)
    assert spaces_of(macro) == [MACRO]
    assert spaces_of("resnet") == []
    assert recognised_space([macro, nb201]) is MACRO
    assert recognised_space(["misspelt", nb201, macro]) is NB201
    with pytest.raises(InputError, match=r"'resnet' is an architecture of no space: .* --space nb"):
        recognised_space(["resnet", "vgg"])


def test_a_text_of_several_spaces_needs_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.truth.space_choice.SPACES", ["macro", "other"])
    monkeypatch.setattr("benchmark.truth.space_choice.open_space", lambda name: MACRO)
    with pytest.raises(InputError, match=r"'00000000' is an architecture of several spaces: name"):
        recognised_space(["00000000"])


def test_rows_of_no_architecture_are_left_out_where_asked(tmp_path: Path, cache: Path) -> None:
    rows = [("00000000", 50), ("3", 60), ("11111111", 70), ("x" * 9, 80)]
    path = write_rows(tmp_path / "a.csv", rows)
    with pytest.raises(InputError, match="line 3: not an architecture: '3'"):
        import_table(path, ImportOptions(allow_subset=True))
    done = import_table(path, ImportOptions(allow_subset=True, skip_invalid=True))
    (note,) = done.notes
    assert note.startswith("left out: 2 of 4 rows, as space macro lacks their architectures; the ")
    assert "the first is line 3: not an architecture: '3'" in note
    assert open_table("a", allow_subset=True).protocol == {"notes": [note]}
    assert done.table.accuracy(KEY, ["11111111", "00000000"]).tolist() == [70, 50]
    assert not import_table(
        write_rows(tmp_path / "b.csv", rows[::2]),
        ImportOptions(allow_subset=True, skip_invalid=True, average_repeats=True),
    ).notes
    with pytest.raises(InputError, match=r"line 2: not an .*; no other row is valid either"):
        read_csv(write_rows(tmp_path / "c.csv", [("x", 1)]), ImportOptions(
            space=MACRO, skip_invalid=True))  # fmt: skip


def test_rows_of_one_architecture_are_averaged_where_asked(tmp_path: Path) -> None:
    rows = [("11111111", 70.5), ("00000000", 50), ("11111111", 71), ("11111111", 72)]
    path = write_rows(tmp_path / "a.csv", rows)
    with pytest.raises(InputError, match="line 4: arch 11111111 is already on line 2; keep one of"):
        read_csv(path, ImportOptions(allow_subset=True))
    found = read_csv(path, ImportOptions(allow_subset=True, average_repeats=True))
    assert found.notes == ("averaged: 4 rows are 2 architectures, of which 1 have several rows",)
    np.testing.assert_allclose(found.table.accuracy(KEY), [50, (70.5 + 71 + 72) / 3])
    assert found.table.seeds[KEY].tolist() == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 100, width=32)), min_size=1, max_size=30))
def test_means_of_groups_are_those_of_a_dictionary(rows: list[tuple[int, float]]) -> None:
    by_group: dict[int, list[float]] = {}
    for group, value in rows:
        by_group.setdefault(group, []).append(value)
    groups, values = map(np.array, zip(*rows, strict=True))
    (means,) = group_means(groups, values)
    expected = [np.mean(by_group[group]) for group in sorted(by_group)]
    np.testing.assert_allclose(means, expected, rtol=1e-12)
    for mean, group in zip(means, sorted(by_group), strict=True):
        if len(set(by_group[group])) == 1:
            assert mean == by_group[group][0]  # to the bit: ties stay ties


def darts_rows(shared: Path) -> list[tuple[str, float, float]]:
    path = shared / "darts-space" / "darts-bench-545.csv"
    with path.open(newline="") as file:
        return [
            (row["architecture"], float(row["valid_acc10"]), float(row["valid_acc50"]))
            for row in csv.DictReader(file)
        ]


def test_the_genotypes_of_darts_bench(shared: Path, tmp_path: Path, cache: Path) -> None:
    rows = darts_rows(shared)
    path = tmp_path / "darts.csv"
    write_rows(path, rows, "arch,cifar10_valid_10,cifar10_valid_50")
    with pytest.raises(InputError, match=r"^[^\n]*, line 4: .* node 4 of reduce has operation no"):
        import_table(path)
    with pytest.raises(InputError, match=r"110: arch .* already on line 108; .*--average-repeats"):
        import_table(path, ImportOptions(skip_invalid=True))
    done = import_table(path, ImportOptions(skip_invalid=True, average_repeats=True))
    assert done.notes[0].startswith("left out: 359 of 545 rows, as space darts lacks")
    assert done.notes[1].startswith("averaged: 186 rows are 167 architectures, of which 11 have")
    assert done.table.space is DARTS
    # as published of the 186 rows, of which some are one genotype in another order
    valid = np.array([row[1:] for row in rows if "'none'" not in row[0]])
    assert stats.kendalltau(*valid.T).statistic == pytest.approx(0.611, abs=5e-4)
    export_table(done.table, tmp_path / "again.csv")
    text = (tmp_path / "again.csv").read_text().replace("cifar10_valid_10", "score", 1)
    (tmp_path / "scores.csv").write_text(text)
    score = score_predictions(
        read_predictions(tmp_path / "scores.csv", DARTS),
        open_table("darts"),
        AccuracyKey("cifar10", "valid", 50),
    )
    means: dict[int, list[tuple[float, float]]] = {}
    for text, *values in rows:
        if "'none'" not in text:
            means.setdefault(DARTS.parse(text), []).append((values[0], values[1]))
    pairs = np.array([np.mean(group, axis=0) for group in means.values()])
    assert score.metrics.kendall_tau == pytest.approx(stats.kendalltau(*pairs.T).statistic)
    assert (score.n_networks, score.to_dict()["space"]) == (167, "darts")


def test_published_files_are_known_by_their_first_bytes(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_text(
        "id,e,k,l,se,val_top1,val_top5,macs_M,params_M,train_time_s\n"
        "0,6466611,3535533,1233222,0000000,59.368,82.636,415.361072,2.50116,2660.4\n"
        "1,6466611,3535533,1233222,0000000,59.248,82.5,415.361072,2.50116,2660.4\n"
    )
    done = import_table(path)
    assert (done.table.name, done.table.space.name, len(done.table)) == (
        "accel-nasbench", "accel", 1,
    )  # fmt: skip
    assert done.table.source.kind == "accel-nasbench"
    assert open_table("accel-nasbench").protocol["notes"] == [*done.notes]
    with pytest.raises(InputError, match=r"any\.csv is a table of space accel, not of macro"):
        import_table(path, ImportOptions(space=MACRO))


def test_sizes_say_what_they_say_of_nas_bench_macro(
    shared: Path, tmp_path: Path, cache: Path
) -> None:
    table = import_table(shared / "nas-bench-macro" / "nas-bench-macro_cifar10.json").table
    (found,) = table_references(table)
    assert found.params == pytest.approx(0.215, abs=5e-4)
    assert found.flops == pytest.approx(0.546, abs=5e-4)
    assert found.seeds == pytest.approx(0.879, abs=5e-4)
    sizes = MACRO.parameters(table.codes, MACRO.table_scale).tolist()
    rows = [(MACRO.format(code), size) for code, size in enumerate(sizes)]
    predictions = read_predictions(write_rows(tmp_path / "a.csv", rows, "arch,score"), MACRO)
    score = score_predictions(predictions, table, KEY).to_dict()
    assert [score[name] for name in ("space", "n_architectures", "n_networks")] == [
        "macro", 6_561, 3_969,
    ]  # fmt: skip
    assert score["kendall_tau_networks"] == pytest.approx(0.215, abs=5e-4)
    assert score["kendall_tau"] != score["kendall_tau_networks"]


def test_numbers_are_no_architectures(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"arch": [22212220], "cifar10_test_50": [93.1]}), path)
    for space in (None, MACRO):  # pandas takes the digits for a number, and drops leading zeros
        with pytest.raises(InputError, match="row 1: the architecture is a int, not a text"):
            import_table(path, ImportOptions(space=space, skip_invalid=True))
