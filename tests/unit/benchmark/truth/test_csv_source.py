from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.spaces.nb201 import SIZE, all_strings, to_string
from benchmark.truth.keys import AccuracyKey
from benchmark.truth.sources.csv_file import read_csv
from benchmark.truth.sources.options import ImportOptions

TEST = AccuracyKey("cifar10", "test", 200)
ONE, TWO = to_string(5), to_string(25)
HEAD = "arch,cifar10_test_200"

COLUMNS = st.lists(
    st.sampled_from(["cifar10_test_200", "cifar100_valid_12", "imagenet16_test_12"]),
    min_size=1,
    unique=True,
)
ROWS = st.dictionaries(
    st.integers(0, SIZE - 1),
    st.lists(st.floats(1.5, 100), min_size=3, max_size=3),
    min_size=1,
    max_size=20,
)


@given(columns=COLUMNS, rows=ROWS, ending=st.sampled_from(["\n", "\r\n"]), bom=st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    columns: list[str],
    rows: dict[int, list[float]],
    ending: str,
    bom: bool,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "mine.csv"
    with path.open("w", newline="", encoding="utf-8-sig" if bom else "utf-8") as file:
        writer = csv.writer(file, lineterminator=ending)
        writer.writerow([*columns, "arch", "index"])
        for code, values in rows.items():
            writer.writerow([*values[: len(columns)], to_string(code), SIZE - 1 - code])
    table = read_csv(path, ImportOptions(allow_subset=True)).table
    assert sorted(map(str, table.keys)) == sorted(columns)
    np.testing.assert_array_equal(table.codes, sorted(rows))
    for place, column in enumerate(columns):
        expected = [rows[code][place] for code in sorted(rows)]
        np.testing.assert_array_equal(table.accuracy(AccuracyKey.parse(column)), expected)
    assert table.official_index is not None
    np.testing.assert_array_equal(table.official_index, SIZE - 1 - np.array(sorted(rows)))
    assert table.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not table.seeds


def test_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEAD}\n{ONE},10\n")
    assert read_csv(path, ImportOptions(allow_subset=True)).table.name == "mine"
    assert read_csv(path, ImportOptions(allow_subset=True, name="ours")).table.name == "ours"
    assert read_csv(path, ImportOptions(allow_subset=True)).table.source.file == "mine.csv"
    assert read_csv(path, ImportOptions(allow_subset=True)).table.official_index is None


def test_empty_lines_do_not_matter_and_do_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEAD}\n\n{ONE},10\n\n")
    assert read_csv(path, ImportOptions(allow_subset=True)).table.accuracy(TEST, 5) == 10
    path.write_text(f"{HEAD}\n\n{ONE},x\n\n")
    with pytest.raises(InputError, match=r"line 3: cifar10_test_200 is 'x'"):
        read_csv(path, ImportOptions(allow_subset=True))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; the first line must name the columns"),
        ("\n\n", "the file is empty"),
        ("cifar10_test_200\n", "no column 'arch' among cifar10_test_200"),
        (
            "arch,cifar10-test\n",
            "not an accuracy: 'cifar10-test'; write <dataset>_<split>_<epochs>",
        ),
        ("arch,CIFAR10_test_12\n", "'CIFAR10' cannot name a data set"),
        ("arch,\n", "no accuracy; name a column such as cifar10_test_200"),
        ("arch\n", "no accuracy; name a column such as cifar10_test_200"),
        (f"{HEAD},cifar10_test_200\n", "there are two columns 'cifar10_test_200'; drop one"),
        ("arch,imagenet16_test_12,imagenet16-120_test_12\n", "two columns are the same accuracy"),
        (f"{HEAD}\n", "it holds no architecture; add one line for each"),
        (f"{HEAD}\n{ONE},10\n{TWO[:-1]},10\n", "line 3: not an architecture: .* nearest is '|none"),
        (
            f"{HEAD}\n{ONE},10\n{TWO},10\n{ONE},11\n",
            "line 4: arch .* is already on line 2; keep one",
        ),
        (f"{HEAD}\n{ONE},10\n{TWO},\n", "line 3: cifar10_test_200 is '': it must be a percentage"),
        (f"{HEAD}\n{ONE},n/a\n", "line 2: cifar10_test_200 is 'n/a'"),
        (f"{HEAD}\n{ONE},nan\n", "line 2: cifar10_test_200 is 'nan'"),
        (f"{HEAD}\n{ONE},inf\n", "line 2: cifar10_test_200 is 'inf'"),
        (f"{HEAD}\n{ONE},-1\n", "line 2: cifar10_test_200 is '-1'"),
        (f"{HEAD}\n{ONE},100.5\n", "line 2: .* is '100.5': it must be a percentage from 0 to 100"),
        (f"{HEAD}\n{ONE},9_1\n", "line 2: cifar10_test_200 is '9_1'"),
        (f"{HEAD}\n{ONE},10\n{TWO},10,\n", "line 3: the header has 2 fields, this line 3"),
        (
            f"{HEAD}\n{ONE},10\n{TWO[:30]}",
            "line 3: .* this line 1; .* or the file was cut off there",
        ),
        (f'{HEAD}\n{ONE},10\n"{TWO}', "line 3: not CSV"),
        (f"{HEAD},index\n{ONE},10,0\n{TWO},11,0\n", "line 3: index 0 is already on line 2"),
        (f"{HEAD},index\n{ONE},10,15625\n", "line 2: index is '15625'"),
        (f"{HEAD},index\n{ONE},10,1.0\n", "line 2: index is '1.0'"),
        (f"{HEAD}\n{ONE},10\n\udcff,10\n", "line 3: not UTF-8"),
        (f"{HEAD}\n{ONE},0.9\n{TWO},0.1\n", "between 0 and 1, not in percent; multiply it by 100"),
    ],
)
@pytest.mark.parametrize("allow_subset", [True, False])
def test_a_fault_names_file_and_line(
    tmp_path: Path, text: str, message: str, allow_subset: bool
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=message.replace("|", r"\|")) as caught:
        read_csv(path, ImportOptions(allow_subset=allow_subset))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone.csv: No such file or directory$"):
        read_csv(tmp_path / "gone.csv")
    with pytest.raises(InputError, match=r"^cannot read .*: Is a directory$"):
        read_csv(tmp_path)


def test_missing_architectures_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    kept = [text for code, text in enumerate(all_strings()) if code not in (3, 700)]
    path.write_text("\n".join([HEAD, *(f"{text},50" for text in kept)]))
    with pytest.raises(InputError) as caught:
        read_csv(path)
    assert str(caught.value) == (
        f"{path}: 2 of 15,625 architectures are missing, the first is {to_string(3)}; "
        "add them, or allow a subset (--allow-subset)"
    )
    assert len(read_csv(path, ImportOptions(allow_subset=True)).table) == SIZE - 2


def test_the_official_accuracies(shared: Path) -> None:
    path = shared / "nas-bench-201" / "accuracies.csv"
    table = read_csv(path).table
    assert table.is_complete
    assert table.official_index is not None
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for column in ("cifar10_test_200", "imagenet16_valid_12"):
        found = table.accuracy(AccuracyKey.parse(column), [row["arch"] for row in rows])
        np.testing.assert_array_equal(found, [float(row[column]) for row in rows])
    order = np.argsort(table.official_index)
    assert [to_string(code) for code in table.codes[order]] == [row["arch"] for row in rows]
