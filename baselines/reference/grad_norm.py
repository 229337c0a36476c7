"""Grad-norm: the norm of the gradients of a network's layers.

[GN] Abdelfattah et al., *Zero-cost proxies for lightweight NAS*, ICLR 2021, arXiv 2101.08134,
section 3.2: the Euclidean norm of the gradient of one batch's loss, summed over convolutions and
the classifier as in the published program.
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
    """Return the sum of the norms of the layers' gradients on a batch."""
    return float(sum(gradient.norm() for gradient in loss_gradients(network, images)))


class GradNorm(Method):
    """Scores a candidate by the norms of its gradients [GN]."""

    name: ClassVar[str] = "grad-norm"
    reference: ClassVar[bool] = True
    Options: ClassVar[type[ProbeOptions]] = ProbeOptions

    def run(self, experiment: Experiment) -> Outcome:
        """Score every candidate."""
        return score_by_batch(experiment, self.options, grad_norm)
