from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.images import DATASETS
from benchmark.spaces.registry import open_space
from benchmark.tasks.protocol import (
    described_protocol,
    load_protocol,
    parse_protocol,
    protocol_names,
)


def text(name: str = "nb201-digits") -> str:
    return (
        resources.files("benchmark.tasks").joinpath("protocols", f"{name}.toml").read_text("utf-8")
    )


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_is_that_of_its_space_and_data_set(name: str) -> None:
    protocol = load_protocol(name)
    assert name == f"{protocol.space}-{protocol.data.dataset}"
    assert protocol.data.dataset in DATASETS
    assert protocol.search_space is open_space(protocol.space)
    assert described_protocol(name, protocol.describe()).describe() == protocol.describe()


def test_a_file_may_extend_a_protocol() -> None:
    found = parse_protocol(
        "mine", 'description = "d"\nextends = "nb201-digits"\n[training]\nepochs = 7'
    )
    assert (found.name, found.description, found.training.epochs) == ("mine", "d", 7)
    assert found == replace(
        load_protocol("nb201-digits").changed({"training.epochs": 7}), name="mine", description="d"
    )


def test_a_file_can_be_a_protocol(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text().replace("epochs = 4", "epochs = 7"))
    assert load_protocol(str(path)).training.epochs == 7
    assert load_protocol(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("epochs = 4", "", r"\[training\] lacks epochs"),
        ("epochs = 4", "epochs = 0", r"\[training\] epochs is 0: it must be 1 or more"),
        ("epochs = 4", "epoch = 4", r"unknown setting of \[training\] 'epoch'"),
        ("batch_size = 64", "batch_size = 1", r"batch_size is 1: it must be 2 or more"),
        ('"cosine"', '"steps"', "schedule is 'steps': choose from cosine, linear"),
        ("valid_images = 169", "valid_images = 469", "it must be below .* to leave some for the"),
        ("crop_padding = 1", "crop_padding = 8", "crop_padding is 8: it must be below the"),
        ("[evaluation]", "[evaluating]", "unknown section 'evaluating'"),
        (
            "description = ",
            "describes = ",
            "unknown section 'describes': did you mean 'description'",
        ),
        ("channels = 8", "channels = [", "protocol mine: "),
        ("channels = 8", "channels = 8.5", r"\[network\] channels is 8.5: it must be a whole num"),
        ("channels = 8", "", r"\[network\] lacks channels: give it"),
        ("channels = 8", "chanels = 8", "unknown setting of .* 'chanels': did you mean 'channels'"),
        ('space = "nb201"', "", "space is missing: give it"),
        ('space = "nb201"', 'space = "nb102"', "unknown space 'nb102': did you mean 'nb201'"),
        ('space = "nb201"', 'space = "macro"', "unknown setting of .* for space macro 'channels'"),
        ("training_images = 1_200", "training_images = 1_400", "ask for fewer"),
    ],
)
def test_a_protocol_with_a_fault(old: str, new: str, message: str) -> None:
    assert old in text()
    with pytest.raises(InputError, match=message):
        parse_protocol("mine", text().replace(old, new))


def test_a_protocol_of_another_space() -> None:
    network = "[network]\nstem = 4\nwidths = [4, 8, 8]\nstrides = [1, 2, 2]\nhead = 16"
    extended = 'description = "d"\nextends = "nb201-digits"\nspace = "macro"\n' + network
    found = parse_protocol("mine", extended)
    assert found.search_space is open_space("macro")
    assert found.scale.resolution == load_protocol("nb201-digits").scale.resolution
    assert described_protocol("mine", found.describe()).describe() == found.describe()
    again = parse_protocol("mine", extended)
    assert hash(again) == hash(found)
    assert again == found
    assert found.changed({"network.head": 8}) != found


def test_a_protocol_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown protocol 'digit': did you mean 'nb201-digits'"):
        load_protocol("digit")
    with pytest.raises(InputError, match=r"cannot read protocol .*: No such file"):
        load_protocol(str(tmp_path / "mine.toml"))


def test_a_setting_that_is_none() -> None:
    with pytest.raises(InputError, match=r"unknown setting of \[training\] 'epoch': did you mean"):
        load_protocol("nb201-digits").changed({"training.epoch": 3})
