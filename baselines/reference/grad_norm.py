"""Grad-norm: how long the gradients of a network's layers are.

[GN] Abdelfattah et al., *Zero-cost proxies for lightweight NAS*, ICLR 2021, arXiv 2101.08134,
section 3.2: the Euclidean norm of the loss's gradient in the weights of one batch, summed over
layers as in the published program, convolutions and the classifier.
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


def grad_norm(network: Network, images: Images) -> float:
    """Return the summed norms of the gradients of a network's layers on a batch, 0 or more."""
    return float(sum(gradient.norm() for gradient in loss_gradients(network, images)))


class GradNorm(Method):
    """Scores an architecture by the norms of its gradients [GN]."""

    name: ClassVar[str] = "grad-norm"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every architecture."""
        return score_by_batch(experiment, self.options, grad_norm)
