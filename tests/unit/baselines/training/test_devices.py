"""Training on another device than the CPU, by a stand-in that refuses to mix devices."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.few_shot import FewShot
from baselines.method import Outcome
from baselines.splitting import FULL
from baselines.training import SupernetState, SupernetTraining, base_class
from baselines.training.weights import StepRange
from benchmark.records.checkpoint_file import read_checkpoint, write_checkpoint
from benchmark.records.checkpoints import Checkpoints, Every
from tests.stand_in_device import stand_in, waits_of
from tests.unit.baselines.tiny import BATCH, CANDIDATES, OPTIONS, tiny_experiment, tiny_search

STEPS = StepRange(1, 5, 6)


@pytest.fixture(scope="module")
def device() -> torch.device:
    return stand_in()


def started(base: str, device: torch.device | str) -> tuple[SupernetState, SupernetTraining]:
    made = base_class(base)(tiny_experiment(search=tiny_search(base), device=device))
    state = made.start(FULL)
    return state, made.training(state, STEPS, "x")


def weights(state: SupernetState) -> list[bytes]:
    return [weight.detach().cpu().numpy().tobytes() for weight in state.network.parameters()]


@pytest.mark.parametrize("base", ["rsps", "darts", "snas"])
def test_resumed_training_continues_with_the_same_bits(
    base: str, device: torch.device, tmp_path: Path
) -> None:
    whole, training = started(base, "cpu")
    for _ in range(STEPS.steps):
        training.step()

    _, first = started(base, device)
    for _ in range(3):
        first.step()
    write_checkpoint(first.state_dict(), tmp_path / "a")
    state, later = started(base, device)
    later.load_state_dict(read_checkpoint(tmp_path / "a"))
    while later.position < STEPS.steps:
        later.step()

    assert next(state.network.parameters()).device == device
    assert later.losses() == training.losses()
    assert weights(state) == weights(whole)


def test_the_host_waits_for_the_device_once_in_many_steps(
    device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baselines.training.weights.CHECK_EVERY", 2)
    _, training = started("rsps", device)
    assert [waits_of(training.step) for _ in range(5)] == [[], ["tolist"], [], ["tolist"], []]
    assert waits_of(training.losses) == ["tolist"]


class KilledError(BaseException):
    """Stands for the end of a process."""


def test_a_killed_run_ends_with_the_same_bits(device: torch.device, tmp_path: Path) -> None:
    def run(checkpoints: Checkpoints, killed_at: int | None = None) -> Outcome:
        ticks = count(1)

        def tick() -> None:
            if next(ticks) == killed_at:
                raise KilledError

        return FewShot(OPTIONS["few-shot"]).run(
            tiny_experiment(
                device=device,
                tick=tick,
                checkpoints=checkpoints,
                candidates=CANDIDATES[::10],
                budget=20 * BATCH,
            )
        )

    whole = run(Checkpoints())
    with pytest.raises(KilledError):
        run(Checkpoints(tmp_path / "a", {}, Every(steps=1)), killed_at=14)
    resumed = run(Checkpoints(tmp_path / "a", {}, Every(steps=1)))
    assert resumed.scores.tobytes() == whole.scores.tobytes()
    assert resumed.trace == whole.trace

    on_cpu = tiny_experiment(candidates=CANDIDATES[::10], budget=20 * BATCH)
    expected = FewShot(OPTIONS["few-shot"]).run(on_cpu)
    np.testing.assert_allclose(whole.scores, expected.scores, rtol=1e-4)
    assert whole.trace["losses"] == expected.trace["losses"]
