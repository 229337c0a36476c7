"""The methods by name, in the order of tables; a new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from baselines.few_shot import FewShot
from baselines.gm import Gm
from baselines.method import Method
from baselines.one_shot import OneShot
from baselines.reference import (
    AzNas,
    Chance,
    Flops,
    GradNorm,
    JacobianCovariance,
    Naswot,
    Parameters,
    Snip,
    SynFlow,
    Zico,
)
from benchmark.errors import InputError, unknown_name


def method_class(name: str) -> type[Method]:
    """Return the method of a name.

    Raises:
        InputError: No method has it.

    Example:
        >>> method_class("gm").description
        'a tree of sub-supernets, split where gradients disagree'
    """
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    return METHODS[name]


def _registry(*methods: type[Method]) -> Mapping[str, type[Method]]:
    named = {method.name: method for method in methods}
    if len(named) < len(methods):
        raise InputError("two methods share a name: give each its own")
    return MappingProxyType(named)


METHODS: Mapping[str, type[Method]] = _registry(
    OneShot,
    FewShot,
    Gm,
    Chance,
    Parameters,
    Flops,
    SynFlow,
    Naswot,
    JacobianCovariance,
    Snip,
    GradNorm,
    Zico,
    AzNas,
)
