"""The sections of a task's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from benchmark.images import DataSettings, record_of
from benchmark.settings import Count, Fraction, NonNegative
from benchmark.spaces.base import Scale, Space

Code = Annotated[int, Meta(ge=0)]
Momentum = Annotated[float, Meta(ge=0, le=0.999999)]
Temperature = Annotated[float, Meta(ge=1e-3)]


def network_scale(space: Space, network: Mapping[str, Any], data: DataSettings) -> Scale:
    """Return the size that ``[network]`` gives a space's networks on images of a data set."""
    record = record_of(data)
    return space.scale(
        network,
        resolution=data.resolution,
        classes=record.classes,
        input_channels=record.channels,
    )


@dataclass(frozen=True)
class TrainingSettings:
    """How weights are trained: SGD with Nesterov momentum and a cosine schedule."""

    # images that one run may pass forward and backward; or ``schedule`` for what each method's own
    # epochs cost, so that budgets are *unequal*
    budget: Count | Literal["schedule"]
    batch_size: Count  # images in a batch
    learning_rate: NonNegative  # at the first step
    final_learning_rate: NonNegative  # where the cosine ends, one step after the last
    momentum: Annotated[float, Meta(ge=0, le=1)]  # of SGD
    weight_decay: NonNegative  # of SGD
    gradient_norm: NonNegative  # gradients are clipped to this norm; 0 for never
    label_smoothing: Fraction  # share of a label that is spread over all classes
    # Of convolutions during training: ``float32``, or ``bfloat16`` by autocast. Weights,
    # BatchNorm's sums, the loss and scoring stay in float32.
    precision: Literal["float32", "bfloat16"]
    # whether `torch.compile` fuses adjacent operations, which changes last bits and takes
    # half a minute at the start
    compile: bool


@dataclass(frozen=True)
class ScoringSettings:
    """How an architecture gets its score from a trained supernet."""

    images: Count  # how many validation images are passed
    score: Literal["accuracy", "loss"]  # in percent, or the negative cross-entropy in nats
    # whether BatchNorm uses the statistics of the ``validation`` images themselves, or of as many
    # ``training`` images passed with them
    batch_norm: Literal["validation", "training"]
    # MB that feature maps may take. It decides how many architectures are scored together, and with
    # that the last bits of scores.
    memory: Count
    # Which architectures are scored: ``all``, a number of them drawn once for all methods and
    # seeds, or codes. A preset may also give the path of a list.
    candidates: Literal["all"] | Count | tuple[Code, ...]


@dataclass(frozen=True)
class TrajectorySettings:
    """Whether a sample of architectures is scored during training too, outside the budget."""

    points: Annotated[int, Meta(ge=0)]  # evenly spaced over the budget; 0 is off
    architectures: Count  # how many, the same in all runs


@dataclass(frozen=True)
class TruthSettings:
    """Which accuracies runs are judged by, unless the user names others; it changes no score."""

    table: str
    accuracy: str  # which of its accuracies, ``<dataset>_<split>_<epochs>``


@dataclass(frozen=True)
class SearchSettings:
    """How a supernet selects architectures.

    RSPS has no architecture parameters and uses ``drawn`` only; only SNAS uses the temperatures.
    """

    base: str
    alpha_learning_rate: NonNegative  # of Adam on the architecture parameters
    alpha_beta1: Momentum  # Adam's decay of the gradient's mean
    alpha_beta2: Momentum  # Adam's decay of the gradient's mean square
    alpha_weight_decay: NonNegative  # of Adam
    # which validation images train architecture parameters: ``apart`` for those that are not used
    # for scoring, or ``all``, as in the published programs
    alpha_images: Literal["apart", "all"]
    temperature: Temperature  # of the Gumbel-softmax at the first step
    final_temperature: Temperature  # where it ends, linearly, one step after the last
    drawn: Count  # architectures that RSPS draws to select the best of


@dataclass(frozen=True)
class SelectionSettings:
    """Which architecture a leaf selects; it changes no score.

    Where candidates are few of a space, the best architecture is seldom one of them, so the leaf's
    subspace can be searched by the supernet's scores. What that passes is counted as scoring.
    """

    # the base's rule among the ``candidates`` that the leaf scores; the ``strongest`` of its
    # subspace by architecture parameters; or a search of its subspace by ``random`` draws,
    # regularised ``evolution``, or ``local`` search
    by: Literal["candidates", "strongest", "random", "evolution", "local"]
    evaluations: Count  # architectures that a search scores in each leaf
    population: Count  # of evolution
    sample: Count  # members of the population of which the best becomes a parent

    @property
    def scored(self) -> int:
        """Architectures that a leaf scores at most, beside the candidates, to select one."""
        return {"candidates": 0, "strongest": 1}.get(self.by, self.evaluations)


NO_SELECTION = SelectionSettings(by="candidates", evaluations=1, population=1, sample=1)

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
