"""Rankings without training, for comparison: size, zero-cost proxies, random scores."""

from baselines.reference.az_nas import AzNas
from baselines.reference.chance import Chance
from baselines.reference.complexity import Flops, Parameters
from baselines.reference.grad_norm import GradNorm
from baselines.reference.jacob_cov import JacobianCovariance
from baselines.reference.naswot import Naswot
from baselines.reference.snip import Snip
from baselines.reference.synflow import SynFlow
from baselines.reference.zico import Zico

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
