"""Experiments so small that a method runs in a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch

from baselines.experiment import NO_TRAJECTORY, Experiment
from baselines.supernets.nb201.network import CellSupernet
from benchmark.budget import Budget, Ledger
from benchmark.images import Images, ImageSet
from benchmark.records.checkpoints import Checkpoints
from benchmark.seeds import Streams
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.spaces.registry import open_space
from benchmark.spaces.subspaces.subspace import Subspace
from benchmark.tasks.sections import (
    ScoringSettings,
    SearchSettings,
    TrainingSettings,
    TrajectorySettings,
)

BATCH = 4
BUDGET = 150 * BATCH + 1  # the last image is less than a batch, so it stays unspent
SPACE = open_space("nb201")
FULL = Subspace.whole(SPACE)
CANDIDATES = np.arange(0, SPACE.size, 53)  # 295 architectures; 53 shares no factor with 5
FEW = CANDIDATES[::13]  # 23, the first of them disconnected

PROXY: Mapping[str, Any] = {"scale": "task", "images": "task", "batch_size": BATCH}

SPLITTING: Mapping[str, Any] = {
    "warm_up": 0.2,
    "between": 0.1,
    "epochs": [],
    "groups": [2, 2],
    "min_size": 2,
    "batches": 1,
    "restart": "never",
    "among": ["*"],
    "decision": "best",
    "decisions": [],
    "weight": "hard",
    "cut": "exact",
    "stop_error": 0.0,
}

# Options with which each method fits the budget.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "one-shot": {"epochs": []},
    "few-shot": {"warm_up": 0.5, "epochs": [], "decisions": [0]},
    "gm": {**SPLITTING, "partition": "gradient"},
    "gm-random": SPLITTING,
    "synflow": {"scale": "task"},
    "naswot": PROXY,
    "jacob-cov": PROXY,
    "snip": PROXY,
    "grad-norm": PROXY,
    "zico": {**PROXY, "batches": 2},
    "az-nas": PROXY,
}


def tiny_scale(channels: int = 4, cells: int = 1) -> NetworkScale:
    return NetworkScale(channels, cells, resolution=8, classes=10, input_channels=1)


def tiny_network(scale: NetworkScale, seed: int = 0) -> CellSupernet:
    """Return a network in double precision whose BatchNorms scale and shift, as trained ones do."""
    generator = torch.Generator().manual_seed(seed)
    network = CellSupernet(scale, generator).double()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm" in name:
                weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return network


def tiny_images(dtype: torch.dtype = torch.float32) -> ImageSet:
    """Return 24 training and 16 validation images of noise, the same at every call."""
    generator = torch.Generator().manual_seed(7)

    def noise(count: int) -> Images:
        pixels = torch.randn(count, 1, 8, 8, generator=generator, dtype=dtype)
        return Images(pixels, torch.randint(10, (count,), generator=generator))

    return ImageSet(noise(24), noise(16), classes=10)


def tiny_training(**changes: Any) -> TrainingSettings:
    usual: dict[str, Any] = {
        "budget": BUDGET,
        "batch_size": BATCH,
        "learning_rate": 0.025,
        "final_learning_rate": 0.001,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "gradient_norm": 5.0,
        "label_smoothing": 0.0,
        "precision": "float32",
        "compile": False,
    }
    return TrainingSettings(**usual | changes)


def tiny_experiment(
    seed: int = 0,
    *,
    images: ImageSet | None = None,
    space: Space = SPACE,
    scale: Scale | None = None,
    scoring: ScoringSettings | None = None,
    search: SearchSettings | None = None,
    tick: Callable[[], None] = lambda: None,
    progress: Callable[[float], None] = lambda share: None,
    trajectory: TrajectorySettings = NO_TRAJECTORY,
    checkpoints: Checkpoints | None = None,
    candidates: Codes = CANDIDATES,
    device: torch.device | str = "cpu",
    **training: Any,
) -> Experiment:
    """Return an experiment with its own ledger; ``training`` changes what `tiny_training` gives."""
    settings = tiny_training(**training)
    budget = settings.budget
    assert budget != "schedule"
    device = torch.device(device)
    return Experiment(
        images=_moved(images or tiny_images(), device),
        crop_padding=1,
        flip=False,
        space=space,
        scale=scale or tiny_scale(channels=2),
        training=settings,
        scoring=scoring or tiny_scoring(),
        search=search or tiny_search(),
        streams=Streams(seed),
        ledger=Ledger(Budget(budget)),
        device=device,
        candidates=candidates,
        tick=tick,
        progress=progress,
        trajectory=trajectory,
        checkpoints=checkpoints or Checkpoints(),
    )


def _moved(images: ImageSet, device: torch.device) -> ImageSet:
    def moved(part: Images) -> Images:
        return replace(part, pixels=part.pixels.to(device), labels=part.labels.to(device))

    return replace(images, train=moved(images.train), valid=moved(images.valid))


def tiny_scoring(
    images: int = 4,
    score: Literal["accuracy", "loss"] = "loss",
    batch_norm: Literal["validation", "training"] = "validation",
) -> ScoringSettings:
    return ScoringSettings(images, score, batch_norm, memory=256, candidates="all")


def tiny_search(base: str = "rsps", **changes: Any) -> SearchSettings:
    usual: dict[str, Any] = {
        "base": base,
        "alpha_learning_rate": 3e-4,
        "alpha_beta1": 0.5,
        "alpha_beta2": 0.999,
        "alpha_weight_decay": 1e-3,
        "alpha_images": "apart",
        "temperature": 1.0,
        "final_temperature": 0.1,
        "drawn": 200,
    }
    return SearchSettings(**usual | changes)
