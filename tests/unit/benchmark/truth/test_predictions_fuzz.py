"""Damaged files: each is refused in one line, or says what a naive reader finds in it too."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.nb201 import all_strings, to_genotype, to_string
from benchmark.spaces.registry import open_space
from benchmark.spaces.texts.lists import read_subset
from benchmark.truth.predictions import read_predictions
from tests.fuzzing import bounded, cases, timed

NB201 = open_space("nb201")

FEW, MANY = 100, cases(2_500)
Contents = dict[str, float]

NAMES = {to_string(code): to_string(code) for code in range(len(all_strings()))} | {
    to_genotype(code): to_string(code) for code in range(len(all_strings()))
}
NAMES |= {f"({name[1:-1]})": string for name, string in NAMES.items() if name[0] == "["}
CODES = [0, 5, 31, 4_000, 9_000, 15_624]
SCORES = {code: code / 7 - 300 for code in CODES}

SPLINTERS = [
    b"NaN", b"nan", b"-Infinity", b"inf", b"1e999", b"1_0", b"null", b"true", b"[", b"]", b"{",
    b"}", b'"', b"'", b",", b":", b"\\", b"\\u00e9", b"\\ud800", b"\n", b"\r", b"\r\n", b"\x00",
    b"\x0b", b"\xff", b"\xef\xbb\xbf", b"\xc3", "１".encode(), b"-", b"+", b"e", b".", b"0",
    b"9" * 400, b" ", b"\t", b"arch", b"score", b"arch,score\n", b"[" * 5_000, b'{"a": ' * 300,
    to_string(5).encode(), to_genotype(31).encode(), f'"{to_string(5)}": 1,'.encode(),
    f"{to_string(31)},2\n".encode(),
]  # fmt: skip


def valid_csv() -> bytes:
    lines = ["arch,score", *(f"{to_string(code)},{score}" for code, score in SCORES.items())]
    return ("\n".join(lines) + "\n").encode()


def valid_json() -> bytes:
    return json.dumps({to_string(code): score for code, score in SCORES.items()}, indent=1).encode()


def valid_genotypes() -> bytes:
    return json.dumps({to_genotype(code): score for code, score in SCORES.items()}).encode()


def valid_list() -> bytes:
    return "".join(f"{to_string(code)}\n" for code in CODES).encode()


def damaged(contents: bytes, generator: np.random.Generator) -> Iterator[bytes]:
    """Yield the contents, then cut off, or changed in one or two places, all at random."""
    yield contents
    while True:
        yield contents[: generator.integers(len(contents))]
        changed = contents
        for _ in range(generator.integers(1, 3)):
            start = int(generator.integers(len(changed) + 1))
            stop = start + int(generator.choice([1, 2, 20, 300]))
            match generator.integers(5):
                case 0 if start < len(changed):
                    flipped = changed[start] ^ (1 << int(generator.integers(8)))
                    changed = changed[:start] + bytes([flipped]) + changed[start + 1 :]
                case 1:
                    splinter = SPLINTERS[generator.integers(len(SPLINTERS))]
                    changed = changed[:start] + splinter + changed[start:]
                case 2:
                    changed = changed[:start] + changed[stop:]
                case 3:
                    changed = changed[:start] + b"0 \n"[start % 3 :][:1] + changed[start:]
                case _:
                    changed = changed[:stop] + changed[start:stop] + changed[stop:]
        yield changed


class RefusalError(Exception):
    """A naive reader's."""


def collected(pairs: list[tuple[str, Any]]) -> Contents:
    found: Contents = {}
    for name, score in pairs:
        if name not in NAMES or NAMES[name] in found:
            raise RefusalError
        if isinstance(score, bool) or not isinstance(score, (int, float)):
            raise RefusalError
        if not math.isfinite(score):
            raise RefusalError
        found[NAMES[name]] = float(score)
    return found


def naive_json(text: str) -> Contents:
    def outermost(pairs: list[tuple[str, Any]]) -> Any:
        return pairs

    try:
        pairs = json.loads(text, object_pairs_hook=outermost, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise RefusalError from error
    return collected(pairs)


def naive_csv(text: str) -> Contents:
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
        header, *rows = rows
        arch, score = header.index("arch"), header.index("score")
        if {len(row) for row in rows} - {len(header)} or len({*header}) < len(header):
            raise RefusalError
        if any("_" in row[score] for row in rows):
            raise RefusalError
        return collected([(row[arch], float(row[score])) for row in rows])
    except (ValueError, csv.Error) as error:
        raise RefusalError from error


def naive(text: str) -> Contents:
    return naive_json(text) if text.lstrip()[:1] in ("{", "[") else naive_csv(text)


def naive_list(text: str) -> Contents:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if lines and "arch" in lines[0]:
        raise RefusalError  # CSV has tests of its own
    return collected([(line, 0.0) for line in lines])


def found_predictions(path: Path) -> Contents:
    predictions = read_predictions(path, NB201)
    codes = map(to_string, predictions.codes.tolist())
    return dict(zip(codes, predictions.scores.tolist(), strict=True))


def found_list(path: Path) -> Contents:
    return dict.fromkeys(map(to_string, read_subset(path, NB201).tolist()), 0.0)


@pytest.fixture(autouse=True)
def _bounds() -> Iterator[None]:
    with bounded():
        yield


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(
    ("contents", "read", "expected"),
    [
        pytest.param(valid_csv(), found_predictions, naive, id="CSV"),
        pytest.param(valid_json(), found_predictions, naive, id="JSON"),
        pytest.param(valid_genotypes(), found_predictions, naive, id="genotypes"),
        pytest.param(valid_list(), found_list, naive_list, id="list"),
    ],
)
def test_damage_is_refused_or_harmless(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: bytes,
    read: Callable[[Path], Contents],
    expected: Callable[[str], Contents],
    count: int,
) -> None:
    for form in ("strings", "genotypes"):  # the nearest takes its time, and has tests of its own
        monkeypatch.setattr(f"benchmark.spaces.nb201.{form}.nearest_code", lambda text: 0)
    path = tmp_path / "damaged"
    refused = read_well = 0
    for case in islice(damaged(contents, np.random.default_rng(0)), count):
        path.write_bytes(case)
        try:
            right = expected(case.decode("utf-8-sig"))
        except (UnicodeDecodeError, RefusalError):
            right = {}
        if right:
            assert read(path) == right, case
            read_well += 1
            continue
        with timed(), pytest.raises(InputError) as caught:
            pytest.fail(f"{read(path)} in {case!r}")
        message = str(caught.value)
        assert message.startswith(str(path)), case
        assert "\n" not in message, case
        assert len(message) < len(str(path)) + 800, case
        refused += 1
    assert refused + read_well == count
    assert refused > count / 2
    assert read_well > count / 100
