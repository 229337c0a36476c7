"""Which one-shot base trains the supernets, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from benchmark.settings import Count, NonNegative

Momentum = Annotated[float, Meta(ge=0, le=0.999999)]
Temperature = Annotated[float, Meta(ge=1e-3)]


@dataclass(frozen=True)
class SearchSettings:
    """How architectures are searched for inside a supernet.

    RSPS has no architecture parameters and uses ``drawn`` alone of these, SNAS alone uses the
    temperatures.

    Attributes:
        base: Name of a registered base.
        alpha_learning_rate: Of Adam on the architecture parameters.
        alpha_beta1: Adam's decay of the gradient's mean.
        alpha_beta2: Adam's decay of the gradient's mean square.
        alpha_weight_decay: Of Adam.
        alpha_images: Which validation images train architecture parameters: those that do not
            score, ``apart`` from them, or ``all``, as in the published programs, where the images
            that score an architecture have been seen by the search.
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


NO_SEARCH = SearchSettings(  # what a record means that names no base: RSPS, or none at all
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
