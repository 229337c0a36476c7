from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError
from benchmark.spaces.nb201 import all_strings, to_genotype, to_string
from benchmark.spaces.registry import open_space
from benchmark.spaces.texts.lists import read_subset

SPACE = open_space("nb201")
ONE, TWO = to_string(5), to_string(25)


@pytest.mark.parametrize(
    "text",
    [
        f"{TWO}\n{ONE}\n",
        f"\n  {TWO}\r\n\r\n{ONE}",
        f"\ufeff{TWO}\n{to_genotype(5)}\n",
        f"arch\n{TWO}\n{ONE}\n",
        f"arch,score\n{TWO},1\n{ONE},nan\n",
        f'"score","arch"\r\n1,{TWO}\r\n\r\n,{ONE}\r\n',
        f'\narch\n"{to_genotype(25)}"\n{ONE}\n',
    ],
)
def test_a_list_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "some").write_text(text, newline="")
    codes = read_subset(tmp_path / "some", SPACE)
    assert codes.tolist() == [5, 25]
    assert codes.dtype == np.int64


def test_the_whole_space_is_read(tmp_path: Path) -> None:
    (tmp_path / "all").write_text("\n".join(reversed(all_strings())))
    np.testing.assert_array_equal(read_subset(tmp_path / "all", SPACE), SPACE.all_codes())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{ONE}\n\n{TWO[:-1]}\n", f", line 3: not an architecture: .* nearest is '{TWO}'"),
        (f"{ONE}\n{ONE}\n", f", line 2: {ONE} repeats line 1"),
        (f"arch\n{ONE}\n{TWO}\n{ONE}\n", f", line 4: {ONE} repeats line 2"),
        (f"{ONE},{TWO}\n", ", line 1: not an architecture"),
        (f"arch,score\n{ONE}\n", ", line 2: the header has 2 fields, this line 1"),
        (f'arch\n"{ONE}', ", line 2: not CSV"),
        (f"arch,arch\n{ONE},{ONE}\n", ", line 1: more than one column 'arch'"),
        (f"{ONE}\n\udcff\n", ", line 2: not UTF-8"),
        ("arch\n", " lists no architecture; write one per line"),
        (" \n\n", " lists no architecture; write one per line"),
        ("", " lists no architecture"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(text.encode(errors="surrogateescape"))
    pattern = f"^{path}{message}".replace("|", r"\|").replace("+", r"\+")
    with pytest.raises(InputError, match=pattern) as caught:
        read_subset(path, SPACE)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^cannot read .*gone: No such file or directory$"):
        read_subset(tmp_path / "gone", SPACE)


def test_a_list_of_another_space_is_read_by_its_notation(tmp_path: Path) -> None:
    macro = open_space("macro")
    (tmp_path / "some").write_text("22212220\n00000001\n")
    assert read_subset(tmp_path / "some", macro).tolist() == [1, int("22212220", 3)]
    (tmp_path / "some").write_text(f"22212220\n{ONE}\n")
    with pytest.raises(InputError, match=r"some, line 2: not an architecture"):
        read_subset(tmp_path / "some", macro)
