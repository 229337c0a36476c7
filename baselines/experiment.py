"""What a method gets: images, a network's size, a budget, and random streams. No truth."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from baselines.supernets.base import Family
from baselines.supernets.registry import family_of
from benchmark.budget import Ledger
from benchmark.images import Batches, Images, ImageSet
from benchmark.records.checkpoints import Checkpoints
from benchmark.seeds import Streams
from benchmark.spaces.base import Codes, Scale, Space
from benchmark.tasks.sections import (
    NO_SELECTION,
    ScoringSettings,
    SearchSettings,
    SelectionSettings,
    TrainingSettings,
    TrajectorySettings,
)


def _ignore(*_: object) -> None:
    """Do nothing."""


NO_TRAJECTORY = TrajectorySettings(points=0, architectures=1)


@dataclass(frozen=True, eq=False)
class Experiment:
    """One seed of one task, for one method to work on."""

    images: ImageSet  # training and validation images, on the device
    crop_padding: int  # border in pixels around a training image before it is cropped
    flip: bool  # whether training images are mirrored at random
    space: Space
    scale: Scale
    training: TrainingSettings  # how weights are trained
    scoring: ScoringSettings  # how architectures are scored
    search: SearchSettings  # which base trains supernets, and its settings
    streams: Streams
    ledger: Ledger  # where all that is spent is charged
    device: torch.device
    candidates: Codes  # which architectures to score, codes [n], ascending
    tick: Callable[[], None] = _ignore  # called after each step of work that is charged
    progress: Callable[[float], None] = _ignore  # called with the share done, if nothing is charged
    note: Callable[[str], None] = _ignore  # called with messages for the user
    checkpoints: Checkpoints = field(default_factory=Checkpoints)  # saves the run's state
    selection: SelectionSettings = NO_SELECTION  # which architecture a leaf selects
    trajectory: TrajectorySettings = NO_TRAJECTORY  # when how many architectures are scored
    crop_area: float = 1.0  # least share of a training image that crops show; 1 for no such crops

    @property
    def family(self) -> Family:
        """The networks of the space."""
        return family_of(self.space)

    def batches(self, images: Images, count: int, stream: str) -> Batches:
        """Return a number of the task's training batches, drawn from images by a named stream."""
        return Batches(
            images,
            size=self.training.batch_size,
            count=count,
            crop_padding=self.crop_padding,
            generator=self.streams.torch(stream),
            flip=self.flip,
            crop_area=self.crop_area,
        )
