"""A protocol: how architectures are trained one by one to make a truth table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from benchmark.errors import InputError
from benchmark.images import DataSettings, record_of
from benchmark.settings import Count, Fraction, NonNegative
from benchmark.spaces.base import Scale, Space
from benchmark.spaces.registry import open_space
from benchmark.tasks.preset_files import PresetFiles, change
from benchmark.tasks.sections import network_scale


@dataclass(frozen=True)
class StandaloneSettings:
    """How one architecture is trained: SGD with Nesterov momentum."""

    epochs: Count  # passes over the training images
    batch_size: Annotated[int, Meta(ge=2)]  # images in a batch
    learning_rate: NonNegative
    final_learning_rate: NonNegative  # where the schedule ends, one step after the last
    schedule: Literal["cosine", "linear"]  # how the rate falls from highest to last
    warm_up: Fraction  # share of the steps in which the rate rises linearly from zero
    momentum: Fraction  # of SGD
    weight_decay: NonNegative  # of SGD
    gradient_norm: NonNegative  # gradients are clipped to this norm; 0 for never
    label_smoothing: Fraction  # share of a label that is spread over all classes
    # Which weights are evaluated: the last (``none``), their exponential moving average
    # (``exponential``), or their mean over the steps (``mean``). BatchNorm's running statistics are
    # averaged with them.
    average: Literal["none", "exponential", "mean"]
    average_from: Fraction  # share of the steps after which averaging begins
    average_decay: Fraction  # decay of the moving average at a step


@dataclass(frozen=True)
class Regularisation:
    """What a training adds against overfitting, as the evaluation of DARTS does."""

    cutout: Annotated[int, Meta(ge=0)]  # side in pixels of the square cut out of images; 0: none
    drop_path: Annotated[float, Meta(ge=0, lt=1)]  # share of paths dropped at the end, from 0 on
    auxiliary_weight: NonNegative  # of the auxiliary head's loss; 0: no such head


@dataclass(frozen=True)
class EvaluationSettings:
    """How a trained architecture is measured, on images that it was not trained on."""

    valid_images: Count  # the last validation images; the others make the test split
    mirrored: bool  # whether logits are averaged over an image and its mirror image
    # training images from which BatchNorm's statistics are computed after training; 0 keeps the
    # running statistics
    batch_norm_images: Annotated[int, Meta(ge=0)]
    curve_images: Annotated[int, Meta(ge=0)]  # of each split after every epoch; 0: none


@dataclass(frozen=True)
class TrainingProtocol:
    """How architectures are trained one by one."""

    name: str
    description: str
    space: str  # name of the search space
    data: DataSettings
    network: Mapping[str, Any]  # how large networks are, see the space's `Scale`
    training: StandaloneSettings  # how one architecture is trained
    evaluation: EvaluationSettings
    regularisation: Regularisation | None = None

    def __post_init__(self) -> None:
        record_of(self.data).check(self.data)
        if self.evaluation.valid_images >= self.data.validation_images:
            raise InputError(
                f"[evaluation] valid_images is {self.evaluation.valid_images}: it must be below "
                f"[data] validation_images, {self.data.validation_images}, to leave some for the "
                "test"
            )
        _ = self.scale  # checks the network's size

    def __hash__(self) -> int:
        """Leave out the network's settings, a mapping, so that results can be cached."""
        return hash(
            (self.name, self.space, self.data, self.training, self.evaluation, self.regularisation)
        )

    @property
    def search_space(self) -> Space:
        """The space of its architectures."""
        return open_space(self.space)

    @property
    def scale(self) -> Scale:
        """The network's size on this protocol's images."""
        return network_scale(self.search_space, self.network, self.data)

    def indices(self, split: str) -> range:
        """Return the positions of a split's images in the data set's fixed order.

        ``valid`` are the last of the data set's validation images, ``test`` the others.
        """
        held = self.data.split_indices(record_of(self.data).images).valid
        first = held.stop - self.evaluation.valid_images
        return range(held.start, first) if split == "test" else range(first, held.stop)

    def describe(self) -> dict[str, Any]:
        """Return all that decides what a training gives beside its seed, as plain JSON values."""
        whole = asdict(self) | {"data": self.data.describe()}
        del whole["name"], whole["description"]
        if self.regularisation is None:
            del whole["regularisation"]  # as in protocols from before there was any
        return whole

    def changed(self, changes: Mapping[str, Any]) -> TrainingProtocol:
        """Return a protocol with other values of some settings."""
        values = self.describe() | {"data": asdict(self.data)}
        change(values, changes)
        return _FILES.build(self.name, {"description": self.description, **values})


_FILES = PresetFiles("protocol", "protocols", TrainingProtocol)


def protocol_names() -> list[str]:
    """Return the names of the package's protocols, ``<space>-<dataset>``."""
    return _FILES.names()


def load_protocol(name: str) -> TrainingProtocol:
    """Return the protocol of a name or of a TOML file, see `PresetFiles.load`."""
    return _FILES.load(name)


def parse_protocol(name: str, text: str) -> TrainingProtocol:
    """Return the protocol that TOML describes, see `PresetFiles.parse`."""
    return _FILES.parse(name, text)


def described_protocol(name: str, description: Mapping[str, Any]) -> TrainingProtocol:
    """Return the protocol that `TrainingProtocol.describe` described."""
    return _FILES.build(name, {"description": "", **description})
