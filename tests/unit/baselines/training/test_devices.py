"""Training on another device than the CPU, by a stand-in that refuses to mix devices.

The work runs in a process of its own: PyTorch must know a device before its first backward pass.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.few_shot import FewShot
from baselines.method import Outcome
from baselines.supernets.parts.normalisation import ByGroup
from baselines.training import BASES, SupernetState, WeightTraining, base_class
from baselines.training.weights import StepRange
from benchmark.records.checkpoint_file import read_checkpoint, write_checkpoint
from benchmark.records.checkpoints import CheckpointInterval, Checkpoints
from tests.stand_in_device import stand_in, waits_of
from tests.unit.baselines.supernets.parts.test_normalisation import maps_of_large_means
from tests.unit.baselines.tiny import (
    BATCH,
    CANDIDATES,
    FULL,
    OPTIONS,
    tiny_experiment,
    tiny_search,
)

STEPS = StepRange(1, 5, 6)


class KilledError(BaseException):
    """Stands for the end of a process."""


@pytest.fixture(scope="module")
def other_process() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield pool


def started(base: str, device: torch.device | str) -> tuple[SupernetState, WeightTraining]:
    made = base_class(base)(tiny_experiment(search=tiny_search(base), device=device))
    state = made.start(FULL)
    return state, made.training(state, STEPS, "x")


def finished(state: SupernetState, training: WeightTraining) -> tuple[list[float], list[bytes]]:
    """Train what is left and return the losses and all bits of the weights."""
    while training.position < STEPS.steps:
        training.step()
    weights = [weight.detach().cpu().numpy().tobytes() for weight in state.network.parameters()]
    return training.losses(), weights


def resumed_training(base: str, path: Path) -> tuple[str, list[float], list[bytes]]:
    device = stand_in()
    _, first = started(base, device)
    for _ in range(3):
        first.step()
    write_checkpoint(first.state_dict(), path)
    state, later = started(base, device)
    later.load_state_dict(read_checkpoint(path))
    return next(state.network.parameters()).device.type, *finished(state, later)


@pytest.mark.parametrize("base", BASES)
def test_resumed_training_continues_with_the_same_bits(
    base: str, other_process: ProcessPoolExecutor, tmp_path: Path
) -> None:
    found = other_process.submit(resumed_training, base, tmp_path / "a").result()
    assert found == ("standin", *finished(*started(base, "cpu")))


def normalised(x: torch.Tensor) -> torch.Tensor:
    return ByGroup(8)(x.to(stand_in())).cpu()


def test_a_mean_of_a_thousand_deviations_does_not_cancel_the_variance(
    other_process: ProcessPoolExecutor,
) -> None:
    x, exact = maps_of_large_means()
    found = other_process.submit(normalised, x).result()
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=5e-4)


def waits_of_steps() -> list[list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("baselines.training.weights.CHECK_EVERY", 2)
        _, training = started("rsps", stand_in())
        return [*(waits_of(training.step) for _ in range(5)), waits_of(training.losses)]


def test_the_host_waits_for_the_device_once_in_many_steps(
    other_process: ProcessPoolExecutor,
) -> None:
    found = other_process.submit(waits_of_steps).result()
    assert found == [[], ["tolist"], [], ["tolist"], [], ["tolist"]]


def few_shot(
    device: torch.device | str, checkpoints: Checkpoints, killed_at: int | None = None
) -> Outcome:
    ticks = count(1)

    def tick() -> None:
        if next(ticks) == killed_at:
            raise KilledError

    experiment = tiny_experiment(
        device=device,
        tick=tick,
        checkpoints=checkpoints,
        candidates=CANDIDATES[::10],
        budget=20 * BATCH,
    )
    return FewShot(OPTIONS["few-shot"]).run(experiment)


def whole_and_resumed(path: Path) -> list[Outcome]:
    device = stand_in()
    whole = few_shot(device, Checkpoints())
    with pytest.raises(KilledError):
        few_shot(device, Checkpoints(path, {}, CheckpointInterval(steps=1)), killed_at=14)
    return [whole, few_shot(device, Checkpoints(path, {}, CheckpointInterval(steps=1)))]


def test_a_killed_run_ends_with_the_same_bits(
    other_process: ProcessPoolExecutor, tmp_path: Path
) -> None:
    whole, resumed = other_process.submit(whole_and_resumed, tmp_path / "a").result()
    assert resumed.scores.tobytes() == whole.scores.tobytes()
    assert resumed.trace == whole.trace

    on_cpu = few_shot("cpu", Checkpoints())
    np.testing.assert_allclose(whole.scores, on_cpu.scores, rtol=1e-4)
    assert whole.trace["losses"] == on_cpu.trace["losses"]
