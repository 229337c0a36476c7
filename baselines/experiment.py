"""What a method is given: images, a network's size, a budget, and random streams. No truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from benchmark.budget import Ledger
from benchmark.images import Batches, Images, ImageSet
from benchmark.records.checkpoints import Checkpoints
from benchmark.seeds import Streams
from benchmark.spaces.nb201 import Codes
from benchmark.spaces.nb201.complexity import NetworkScale
from benchmark.tasks.sections import (
    ScoringSettings,
    SearchSettings,
    TrainingSettings,
    TrajectorySettings,
)


def _nothing() -> None:
    """Report progress to nobody."""


def _no_note(text: str) -> None:
    """Tell nobody."""


def _no_share(share: float) -> None:
    """Report a share to nobody."""


NO_TRAJECTORY = TrajectorySettings(points=0, architectures=1)


@dataclass(frozen=True, eq=False)
class Experiment:
    """One seed of one task, for one method to work on.

    Attributes:
        images: Training and validation images, on the device.
        crop_padding: Border in pixels around a training image before it is cropped.
        flip: Whether training images are mirrored at random.
        scale: The network's size.
        training: How weights are trained.
        scoring: How architectures are scored.
        search: Which one-shot base trains supernets, and its settings.
        streams: The seed's random streams.
        ledger: Where everything spent is charged.
        device: Where networks live.
        candidates: Which architectures to score, codes [n], ascending.
        tick: Called after each step of work that is charged to the ledger.
        progress: Called with the share of the work that is done, from 0 to 1, by a method that
            charges nothing.
        checkpoints: What the run can go on from when it is killed.
        note: Called with what the user should know of the run.
        trajectory: At how many points of the budget how many architectures are scored.
    """

    images: ImageSet
    crop_padding: int
    flip: bool
    scale: NetworkScale
    training: TrainingSettings
    scoring: ScoringSettings
    search: SearchSettings
    streams: Streams
    ledger: Ledger
    device: torch.device
    candidates: Codes
    tick: Callable[[], None] = _nothing
    progress: Callable[[float], None] = _no_share
    note: Callable[[str], None] = _no_note
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    trajectory: TrajectorySettings = NO_TRAJECTORY

    def batches(self, images: Images, count: int, stream: str) -> Batches:
        """Return batches of images as the task's training takes them.

        Args:
            images: What to draw from.
            count: Number of batches.
            stream: Name of the random stream that draws them.
        """
        return Batches(
            images,
            size=self.training.batch_size,
            count=count,
            crop_padding=self.crop_padding,
            generator=self.streams.torch(stream),
            flip=self.flip,
        )
