"""SNIP: how sensitive the loss is to the connections of a network.

[SNIP] Lee et al., *SNIP: single-shot network pruning based on connection sensitivity*, ICLR 2019,
arXiv 1810.02340, section 4.1: the sensitivity of a connection with weight w is |w ∂L/∂w|, here
summed over all convolutions and the classifier [Abdelfattah et al., ICLR 2021, arXiv 2101.08134,
section 3.2].
"""

from __future__ import annotations

from typing import ClassVar

from baselines.experiment import Experiment
from baselines.method import Method, Outcome
from baselines.reference.gradients import loss_gradients
from baselines.reference.network import Network
from baselines.reference.probes import ProbeOptions
from baselines.reference.scorer import score_by_batch
from benchmark.images import Images


def snip(network: Network, images: Images) -> float:
    """Return the summed connection sensitivity of a network on a batch."""
    pairs = zip(network.weights(), loss_gradients(network, images), strict=True)
    return float(sum((weight.detach() * gradient).abs().sum() for weight, gradient in pairs))


class Snip(Method):
    """Scores a candidate by its connection sensitivity [SNIP]."""

    name: ClassVar[str] = "snip"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        return score_by_batch(experiment, self.options, snip)
