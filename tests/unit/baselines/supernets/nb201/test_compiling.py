"""Lower precision and compiled edges: near to the plain way, and off unless asked for."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.supernets.nb201.compiling import compiled_unit
from baselines.supernets.nb201.network import CellSupernet
from baselines.supernets.nb201.operations import conv_norm
from baselines.supernets.scoring import score_codes
from baselines.training.weights import StepRange, path_training
from benchmark.errors import InputError
from benchmark.images import Batches
from benchmark.tasks.task import load_preset, preset_names
from tests.command_line import finish, start_nasbench, tiny_preset
from tests.unit.baselines.tiny import SPACE, tiny_images, tiny_scale, tiny_scoring, tiny_training

# PyTorch's compiler warns of PyTorch's own functions, and hides it unless warnings are errors.
COMPILER_WARNS = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore:The .grad attribute of a Tensor"
)
PATHS = np.array([[3, 1, 2, 4, 1, 3], [2, 3, 1, 3, 0, 4], [3, 3, 3, 3, 3, 3]], np.int8)


def trained(**changes: object) -> tuple[CellSupernet, list[float]]:
    settings = tiny_training(batch_size=8, **changes)
    network = CellSupernet(tiny_scale(), torch.Generator().manual_seed(0))
    draws = torch.Generator().manual_seed(1)
    batches = Batches(tiny_images().train, 8, len(PATHS), crop_padding=1, generator=draws)
    span = StepRange(0, len(PATHS), len(PATHS))
    network.accelerate(settings)
    training = path_training(network, batches, PATHS, span, settings)
    for _ in PATHS:
        training.step()
    return network, training.losses()


def scores(network: CellSupernet) -> bytes:
    codes = np.unique(SPACE.canonical(SPACE.all_codes()))[::500]
    found = score_codes(network, codes, tiny_images(), tiny_scoring(8), lambda images: None)
    return found.tobytes()


def apart(network: CellSupernet, other: CellSupernet) -> float:
    pairs = zip(network.parameters(), other.parameters(), strict=True)
    return max(float((one - two).detach().abs().max()) for one, two in pairs)


def test_lower_precision_trains_nearly_the_same() -> None:
    (plain, expected), (lower, losses) = trained(), trained(precision="bfloat16")
    assert losses == pytest.approx(expected, rel=0.02)
    assert losses != expected
    assert 0 < apart(plain, lower) < 0.02
    assert {weight.dtype for weight in lower.parameters()} == {torch.float32}


def test_scoring_is_in_full_precision() -> None:
    lower, _ = trained(precision="bfloat16")
    full = copy.deepcopy(lower)
    full.autocast = None
    assert scores(lower) == scores(full)


def test_logits_are_in_full_precision() -> None:
    lower, _ = trained(precision="bfloat16")
    assert lower(torch.zeros(2, 1, 8, 8), PATHS[0].tolist()).dtype == torch.float32


@pytest.mark.nightly
@COMPILER_WARNS
def test_compiled_edges_compute_the_same() -> None:
    (plain, expected), (compiled, losses) = trained(), trained(compile=True)
    assert losses == pytest.approx(expected, rel=1e-5)
    assert apart(plain, compiled) < 1e-5
    as_usual = copy.deepcopy(compiled)
    for cell in as_usual.cells():
        for edge in cell.all_edges():
            edge.unit = conv_norm
    assert scores(compiled) == scores(as_usual)  # scoring is not compiled


@pytest.mark.nightly
@COMPILER_WARNS
def test_copies_are_as_fast() -> None:
    settings = tiny_training(compile=True, precision="bfloat16")
    plain = CellSupernet(tiny_scale(), torch.Generator().manual_seed(0))
    network = copy.deepcopy(plain)
    network.accelerate(settings)
    twin = copy.deepcopy(network)
    assert twin.autocast == torch.bfloat16
    assert next(twin.cells()).edge(0).unit is next(network.cells()).edge(0).unit
    assert next(twin.cells()).edge(0).unit is not next(plain.cells()).edge(0).unit


def test_a_failing_compiler_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._dynamo.exc import TorchDynamoException

    def fail(*arguments: object) -> None:
        raise TorchDynamoException("no C++ compiler\nat line 3")

    monkeypatch.setattr(torch, "compile", lambda *_, **__: fail)
    compiled_unit.cache_clear()
    with pytest.raises(InputError, match=r"cannot compile for cpu: .*let it be false$"):
        trained(compile=True)


@pytest.mark.nightly
def test_no_compiler_is_one_line(tmp_path: Path) -> None:
    called = finish(
        start_nasbench(
            "run", "--method", "one-shot", "--seeds", "1", "--preset", tiny_preset(tmp_path),
            "--set", "training.compile=true", "--out", tmp_path / "out",
            CXX="no-such-compiler", TORCHINDUCTOR_CACHE_DIR=str(tmp_path / "cache"),
        )
    )  # fmt: skip
    assert called.code == 1
    (line,) = called.err.splitlines()
    assert "[training] compile is true, but this machine cannot compile for cpu" in line
    assert line.endswith("let it be false")
    assert not list((tmp_path / "out").glob("*.json"))


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_has_both_off(name: str) -> None:
    training = load_preset(name).training
    assert (training.precision, training.compile) == ("float32", False)
