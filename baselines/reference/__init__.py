"""Rankings without training, for comparison: size, zero-cost proxies, random scores."""

from baselines.reference.az_nas import AzNas
from baselines.reference.gradients import GradNorm, Snip, Zico
from baselines.reference.jacob_cov import JacobianCovariance
from baselines.reference.naswot import Naswot
from baselines.reference.random_and_size import Flops, Parameters, RandomScores
from baselines.reference.synflow import SynFlow

__all__ = [
    "AzNas",
    "Flops",
    "GradNorm",
    "JacobianCovariance",
    "Naswot",
    "Parameters",
    "RandomScores",
    "Snip",
    "SynFlow",
    "Zico",
]
