"""The sections of a task's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from benchmark.images import DataSettings, dataset_record
from benchmark.settings import Count, NonNegative
from benchmark.spaces.nb201 import SIZE
from benchmark.spaces.nb201.complexity import NetworkScale

Code = Annotated[int, Meta(ge=0, le=SIZE - 1)]
Momentum = Annotated[float, Meta(ge=0, le=0.999999)]
Temperature = Annotated[float, Meta(ge=1e-3)]


@dataclass(frozen=True)
class NetworkSettings:
    """How large the network is.

    Attributes:
        channels: Channels C of the first stage.
        cells: Cells N in each stage.
    """

    channels: Count
    cells: Count

    def scale_for(self, data: DataSettings) -> NetworkScale:
        """Return the network's size on images of a data set."""
        record = dataset_record(data.dataset)
        return NetworkScale(
            channels=self.channels,
            cells=self.cells,
            resolution=data.resolution,
            classes=record.classes,
            input_channels=record.channels,
        )


@dataclass(frozen=True)
class TrainingSettings:
    """How weights are trained: SGD with Nesterov momentum and a cosine schedule.

    Attributes:
        budget: Images that one run may pass forward and backward; or ``schedule`` for what each
            method's own epochs cost, so that budgets are *unequal*.
        batch_size: Images in a batch.
        learning_rate: At the first step.
        final_learning_rate: Where the cosine ends, one step after the last.
        momentum: Of SGD.
        weight_decay: Of SGD.
        gradient_norm: Gradients are clipped to this norm.
        precision: Of convolutions during training: ``float32``, or ``bfloat16`` by autocast.
            Weights, BatchNorm's sums, the loss and scoring stay in float32.
        compile: Whether `torch.compile` fuses the operations of an edge, which changes last bits
            and takes half a minute at the start.
    """

    budget: Count | Literal["schedule"]
    batch_size: Count
    learning_rate: NonNegative
    final_learning_rate: NonNegative
    momentum: Annotated[float, Meta(ge=0, le=1)]
    weight_decay: NonNegative
    gradient_norm: NonNegative
    precision: Literal["float32", "bfloat16"]
    compile: bool


@dataclass(frozen=True)
class ScoringSettings:
    """How an architecture gets its score from a trained supernet.

    Attributes:
        images: How many validation images are passed.
        score: ``accuracy`` in percent, or ``loss``, the negative mean cross-entropy.
        batch_norm: Whether BatchNorm uses the statistics of the ``validation`` images themselves,
            or of as many ``training`` images passed with them.
        memory: MB that feature maps may take. It decides how many architectures are scored
            together, and with that the last bits of scores.
        candidates: Which architectures are scored: ``all``, a number of them drawn once for all
            methods and seeds, or codes. A preset may also give the path of a list.
    """

    images: Count
    score: Literal["accuracy", "loss"]
    batch_norm: Literal["validation", "training"]
    memory: Count
    candidates: Literal["all"] | Count | tuple[Code, ...]


@dataclass(frozen=True)
class TrajectorySettings:
    """Whether a sample of architectures is scored during training as well; the budget is not used.

    Attributes:
        points: At how many evenly spaced points of the budget, the last at its end; 0 is off.
        architectures: How many, drawn once for all methods and seeds.
    """

    points: Annotated[int, Meta(ge=0)]
    architectures: Annotated[int, Meta(ge=1, le=SIZE)]


@dataclass(frozen=True)
class TruthSettings:
    """Which accuracies runs are judged by, unless the user names others; it changes no score.

    Attributes:
        accuracy: Which of its accuracies, ``<dataset>_<split>_<epochs>``.
    """

    table: str
    accuracy: str


@dataclass(frozen=True)
class SearchSettings:
    """How a supernet selects architectures.

    RSPS has no architecture parameters and uses ``drawn`` only; only SNAS uses the temperatures.

    Attributes:
        alpha_learning_rate: Of Adam on the architecture parameters.
        alpha_beta1: Adam's decay of the gradient's mean.
        alpha_beta2: Adam's decay of the gradient's mean square.
        alpha_weight_decay: Of Adam.
        alpha_images: Which validation images train architecture parameters: ``apart`` for those
            that are not used for scoring, or ``all``, as in the published programs.
        temperature: Of the Gumbel-softmax at the first step.
        final_temperature: Where it ends, linearly, one step after the last.
        drawn: Architectures that RSPS draws to select the best of.
    """

    base: str
    alpha_learning_rate: NonNegative
    alpha_beta1: Momentum
    alpha_beta2: Momentum
    alpha_weight_decay: NonNegative
    alpha_images: Literal["apart", "all"]
    temperature: Temperature
    final_temperature: Temperature
    drawn: Count


NO_SEARCH = SearchSettings(  # of a task whose method trains no supernets
    base="rsps",
    alpha_learning_rate=3e-4,
    alpha_beta1=0.5,
    alpha_beta2=0.999,
    alpha_weight_decay=1e-3,
    alpha_images="apart",
    temperature=1.0,
    final_temperature=0.1,
    drawn=200,
)
