"""Rankings without training, for comparison: size, zero-cost proxies, random scores."""

from baselines.reference.az_nas import AzNas
from baselines.reference.chance_and_size import Chance, Flops, Parameters
from baselines.reference.gradients import GradNorm, Snip, Zico
from baselines.reference.jacob_cov import JacobianCovariance
from baselines.reference.naswot import Naswot
from baselines.reference.synflow import SynFlow

__all__ = [
    "AzNas",
    "Chance",
    "Flops",
    "GradNorm",
    "JacobianCovariance",
    "Naswot",
    "Parameters",
    "Snip",
    "SynFlow",
    "Zico",
]
