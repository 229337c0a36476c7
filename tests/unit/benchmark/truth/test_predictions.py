from __future__ import annotations

import csv
import gzip
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError, MissingError
from benchmark.spaces.nb201 import SIZE, all_strings, to_genotype, to_string
from benchmark.spaces.registry import open_space
from benchmark.text_files import MAX_MIB
from benchmark.truth.predictions import Predictions, read_predictions

NB201 = open_space("nb201")

ONE, TWO = to_string(5), to_string(25)
GENE = to_genotype(5)
HEAD = "arch,score"
SCORES = st.dictionaries(
    st.integers(0, SIZE - 1),
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6),
    min_size=1,
    max_size=20,
)


def check(predictions: Predictions, path: Path, expected: dict[int, float]) -> None:
    assert predictions.file == str(path)
    assert dict(zip(predictions.codes.tolist(), predictions.scores.tolist(), strict=True)) == (
        expected
    )
    assert predictions.codes.tolist() == sorted(expected)
    assert len(predictions) == len(expected)
    assert predictions.codes.dtype == np.int64
    assert predictions.scores.dtype == np.float64


@given(
    scores=SCORES,
    columns=st.permutations(["arch", "score", "", "seed, or so"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_csv_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    scores: dict[int, float],
    columns: list[str],
    ending: str,
    bom: bool,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "mine"
    with path.open("w", newline="", encoding="utf-8-sig" if bom else "utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="x", lineterminator=ending)
        writer.writeheader()
        for code, score in scores.items():
            writer.writerow({"arch": to_string(code), "score": score})
    check(read_predictions(path, NB201), path, scores)


@given(
    scores=SCORES,
    indent=st.sampled_from([None, 0, 2, "\t"]),
    as_genotype=st.booleans(),
    bom=st.booleans(),
)
def test_json_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    scores: dict[int, float],
    indent: int | str | None,
    as_genotype: bool,
    bom: bool,
) -> None:
    path = tmp_path_factory.mktemp("json") / "few-shot-supernet"
    name = to_genotype if as_genotype else to_string
    text = json.dumps({name(code): score for code, score in scores.items()}, indent=indent)
    path.write_text(text, encoding="utf-8-sig" if bom else "utf-8")
    check(read_predictions(path, NB201), path, scores)


def test_csv_may_write_genotypes_and_json_may_escape(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f'{HEAD}\n"{GENE}",1\n{TWO},2\n')
    check(read_predictions(path, NB201), path, {5: 1, 25: 2})
    path.write_text(json.dumps({ONE: 0.5}).replace("|", "\\u007c"))
    check(read_predictions(path, NB201), path, {5: 0.5})


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 1, "the file is empty; name the columns arch and score"),
        ("\n\n", 1, "the file is empty"),
        (f"{ONE},1\n", 1, f"no column 'arch' in '{ONE},1'; the first line must name the columns"),
        ("arch,accuracy\n", 1, "no column 'score' in 'arch,accuracy'"),
        ("score,arch,score\n", 1, "more than one column 'score'"),
        (f"{HEAD}\n\n{ONE},1\n{TWO[:-1]},1\n", 4, f"not an architecture: .* nearest is '{TWO}'"),
        (f"{HEAD}\n{ONE},1\n7,1\n", 3, "not an architecture: '7'"),
        (f'{HEAD}\n"{GENE.replace("none", "nome", 1)}",1\n', 2, f'nearest is "{re.escape(GENE)}"'),
        (f"{HEAD}\n{ONE},1\n{TWO},1\n{ONE},1\n", 4, f"{ONE} repeats line 2; keep one"),
        (f'{HEAD}\n{ONE},1\n"{GENE}",2\n', 3, f"{ONE} repeats line 2"),
        (f"{HEAD}\n{ONE},nan\n", 2, "the score is 'nan': it must be a finite number; leave out"),
        (f"{HEAD}\n{ONE},-inf\n", 2, "the score is '-inf'"),
        (f"{HEAD}\n{ONE},1e999\n", 2, "the score is '1e999'"),
        (f"{HEAD}\n{ONE},\n", 2, "the score is ''"),
        (f"{HEAD}\n{ONE},0x10\n", 2, "the score is '0x10'"),
        (f"{HEAD}\n{ONE},9_1\n", 2, "the score is '9_1'"),
        (f"{HEAD}\n{ONE},{'9' * 5_000}\n", 2, f"the score is '{'9' * 120}'...: it must be"),
        (f"{HEAD}\n{ONE},1,2\n", 2, "the header has 2 fields, this line 3; it is damaged"),
        (f"{HEAD}\n{ONE},1\n{TWO[:30]}", 3, "has 2 fields, this line 1; .* the file was cut off"),
        (f'{HEAD}\n{ONE},1\n"{TWO}', 3, "not CSV .*the file was cut off there"),
        (f"{HEAD}\n{ONE},1\n\udcff,1\n", 3, "not UTF-8; save the file as UTF-8"),
        ("\udcff\udcfea\0r\0", 1, "not UTF-8"),
        (f"{HEAD}\n{'a' * 200_000},1\n", 2, "not CSV .*field larger than field limit"),
    ],
)
def test_a_fault_in_csv_names_file_and_line(
    tmp_path: Path, text: str, place: int, message: str
) -> None:
    refused(tmp_path / "bad.csv", text, f"line {place}: .*{message}")


ENTRY = 'an entry such as "<architecture>": 91.5 must follow; found'


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[1, 2]", 1, r"the file must be one object .*; found '\[1, 2\]'"),
        ("[" * 100_000, 1, "the file must be one object"),
        ("{", 1, "the file ends within its object: it is cut off"),
        (f'{{"{ONE}": 1,', 1, "the file ends within its object"),
        ("{1: 2}", 1, f"{ENTRY} '1: 2}}'"),
        (f'{{"{ONE}": 1,}}', 1, f"{ENTRY} '}}'"),
        (f'{{"{ONE}"', 1, f"{ENTRY} '\"{ONE}"),
        (f'{{"{ONE}" 1', 1, ENTRY),
        (f'{{"{ONE}": 1', 1, ENTRY),
        (f'{{"{ONE}": 1]', 1, ENTRY),
        (f'{{"{ONE}": 01}}', 1, ENTRY),
        (f'{{"{ONE}": 1.}}', 1, ENTRY),
        (f'{{"{ONE}": -}}', 1, ENTRY),
        (f'{{"{ONE[:9]}', 1, ENTRY),
        ('{"\\x": 1}', 1, ENTRY),
        ('{"a\n": 1}', 1, ENTRY),
        (f'{{"{ONE}": 1,\n"{TWO}":\n "1"}}', 2, f"{ENTRY} '\"{TWO}"),
        (f'{{"{ONE}": [1]}}', 1, ENTRY),
        (f'{{"{ONE}": ' + "[" * 100_000, 1, ENTRY),
        (f'{{"{ONE}": 1}} {{}}', 1, r"must end after the closing brace; found '\{\}'"),
        (f'{{"{ONE}": None}}', 1, "the score is 'None': it must be a finite number"),
        (f'{{"{ONE}": true}}', 1, "the score is 'true': it must be a finite number"),
        (f'{{\n"{TWO}": 1,\n\n"{ONE}": NaN}}', 4, "the score is 'NaN': it must be a finite number"),
        (f'{{"{ONE}": -Infinity}}', 1, "the score is '-Infinity'"),
        (f'{{"{ONE}": 1e999}}', 1, "the score is '1e999'"),
        (f'{{"{ONE}": {"9" * 5_000}}}', 1, f"the score is '{'9' * 120}'..."),
        (f'{{"{ONE}": 1,\n "{ONE}": 1}}', 2, f"{ONE} repeats line 1; keep one"),
        (f'{{"{ONE}": 1,\n "{GENE}": 1}}', 2, f"{ONE} repeats line 1"),
        (f'{{\n"{ONE[1:]}": 1}}', 2, f"not an architecture: .* the nearest is '{ONE}'"),
        (f'{{\n"{GENE[1:]}": 1}}', 2, "not an architecture: "),
        ('{\n"\\ud800": 1}', 2, r"not an architecture: '\\ud800'"),
        ('{\n"preset": 1}', 2, "not an architecture: 'preset'"),
        ('{\n"(4, 0, 3, 1, 4, 3)": 1}', 2, r"the operations as NASLib numbers them; write a str"),
        ('{"a": 1,\n"\udcff": 1}', 2, "not UTF-8"),
    ],
)
def test_a_fault_in_json_names_file_and_line(
    tmp_path: Path, text: str, place: int, message: str
) -> None:
    refused(tmp_path / "bad.json", text, f"line {place}: .*{message}")


def refused(path: Path, text: str, message: str) -> None:
    path.write_bytes(text.encode(errors="surrogateescape"))
    pattern = message.replace("|", r"\|").replace("+", r"\+")
    with pytest.raises(InputError, match=pattern) as caught:
        read_predictions(path, NB201)
    found = str(caught.value)
    assert found.startswith(f"{path}, line ")
    assert "\n" not in found
    assert len(found) < len(str(path)) + 700


def test_a_long_line_is_given_with_the_column(tmp_path: Path) -> None:
    path = tmp_path / "published"
    scores: dict[str, Any] = {to_string(code): 1 for code in range(9)}
    text = json.dumps(scores | {ONE: None})
    path.write_text(text)
    column = text.index(f'"{ONE}') + 1
    with pytest.raises(InputError, match=f"published, line 1, column {column}: the score is"):
        read_predictions(path, NB201)
    again = f'{json.dumps(scores)[:-1]}, "{GENE}": 1}}'
    path.write_text(again)
    first, second = again.index(f'"{ONE}') + 1, again.index(f'"{GENE}') + 1
    with pytest.raises(InputError, match=f"column {second}: .* repeats line 1, column {first}"):
        read_predictions(path, NB201)


@pytest.mark.parametrize("text", [f"{HEAD}\n", "{}", " {\n} "])
def test_nothing_is_no_prediction(tmp_path: Path, text: str) -> None:
    (tmp_path / "none").write_text(text)
    with pytest.raises(InputError, match=r"none: it holds no architecture; add an entry"):
        read_predictions(tmp_path / "none", NB201)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone: No such file or directory$"):
        read_predictions(tmp_path / "gone", NB201)
    with pytest.raises(InputError, match=r"^cannot read .*: Is a directory$"):
        read_predictions(tmp_path, NB201)


def test_a_compressed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.csv.gz").write_bytes(gzip.compress(f"{HEAD}\n{ONE},1\n".encode()))
    with pytest.raises(InputError, match=r"gz is compressed with gzip; decompress it first$"):
        read_predictions(tmp_path / "mine.csv.gz", NB201)


def test_a_file_of_any_size_is_read_up_to_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(f"{HEAD}\n".encode())
        file.truncate(50 * 2**30)  # a hole: it takes no space
    with pytest.raises(InputError, match=f"huge.csv is larger than {MAX_MIB} MiB; give a file"):
        read_predictions(path, NB201)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(f"{HEAD}\n{ONE},1\n",))
    writer.start()
    check(read_predictions(path, NB201), path, {5: 1})
    writer.join()


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        (f"{HEAD}\n{ONE},1.25\n", False),
        (f"{HEAD}\r\n{ONE},1.25\r\n", False),
        (f"{HEAD}\n{ONE},1.25", True),
        ("\n".join([HEAD, *(f"{arch},1.25" for arch in all_strings())]), False),
        (f'{{"{ONE}": 1.25}}', False),
    ],
    ids=["ended", "ended as on Windows", "open", "open and complete", "JSON"],
)
def test_a_file_that_may_have_been_cut_off(tmp_path: Path, text: str, doubtful: bool) -> None:
    (tmp_path / "mine").write_bytes(text.encode())
    assert read_predictions(tmp_path / "mine", NB201).maybe_cut_off == doubtful


def test_scores_of_some_architectures() -> None:
    predictions = Predictions("mine", np.array([3, 7, 9]), np.array([0.3, 0.7, 0.9]), space=NB201)
    np.testing.assert_array_equal(predictions.scores_of(np.array([9, 3])), [0.9, 0.3])
    with pytest.raises(MissingError) as caught:
        predictions.scores_of(np.array([3, 8, 9, 10]))
    assert str(caught.value) == (
        f"mine: no score of 2 of the 4 architectures to compare, the first is {to_string(8)}; "
        "add them, or leave them out of the subset"
    )


def test_the_published_files(shared: Path, tmp_path: Path) -> None:
    path = shared / "nas-bench-201" / "published-predictions" / "zhao2021-few-shot.csv"
    from_csv = read_predictions(path, NB201)
    with path.open(newline="") as file:
        rows = [(row["arch"], float(row["score"])) for row in csv.DictReader(file)]
    assert [score for _, score in rows] == from_csv.scores_of(
        NB201.to_codes([arch for arch, _ in rows])
    ).tolist()
    as_published = tmp_path / "few-shot-supernet"
    pairs = zip(from_csv.codes.tolist(), from_csv.scores.tolist(), strict=True)
    as_published.write_text(json.dumps({to_genotype(code): score for code, score in pairs}))
    assert as_published.stat().st_size == 2_097_691  # as in the repository aoiang/few-shot-NAS
    np.testing.assert_array_equal(read_predictions(as_published, NB201).scores, from_csv.scores)
