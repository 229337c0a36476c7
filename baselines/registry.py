"""The methods by name, in the order of tables; a new one is a file and a few lines here.

A method's file is imported when it is loaded, so that listing methods does not wait for PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmark.errors import InputError, unknown_name

if TYPE_CHECKING:
    from baselines.method import Method


@dataclass(frozen=True)
class MethodRecord:
    """A method that can be run by name.

    Attributes:
        name: What the user writes.
        description: One line on what it does.
        load: Imports its class.
        reference: Whether it trains nothing and stands in tables for comparison only.
        expensive: Whether it is compared only where it is asked for by name.
    """

    name: str
    description: str
    load: Callable[[], type[Method]]
    reference: bool = False
    expensive: bool = False


def method_record(name: str) -> MethodRecord:
    """Return the record of a method.

    Raises:
        InputError: No method has this name.

    Example:
        >>> method_record("gm").description
        'a tree of sub-supernets, split where gradients disagree'
    """
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    return METHODS[name]


def method_class(name: str) -> type[Method]:
    """Return the method of a name.

    Raises:
        InputError: No method has it.

    Example:
        >>> method_class("gm").name
        'gm'
    """
    return method_record(name).load()


def _registry(*records: MethodRecord) -> Mapping[str, MethodRecord]:
    named = {record.name: record for record in records}
    if len(named) < len(records):
        raise InputError("two methods share a name: give each its own")
    return MappingProxyType(named)


def _reference(
    name: str, description: str, load: Callable[[], type[Method]], *, expensive: bool = False
) -> MethodRecord:
    return MethodRecord(name, description, load, reference=True, expensive=expensive)


def _proxy(name: str, description: str, load: Callable[[], type[Method]]) -> MethodRecord:
    return _reference(name, f"zero-cost proxy: {description}", load, expensive=True)


METHODS: Mapping[str, MethodRecord] = _registry(
    MethodRecord(
        "one-shot",
        "one supernet for the whole space",
        lambda: import_module("baselines.one_shot").OneShot,
    ),
    MethodRecord(
        "few-shot",
        "one sub-supernet for each operation on an edge or two",
        lambda: import_module("baselines.few_shot").FewShot,
    ),
    MethodRecord(
        "gm",
        "a tree of sub-supernets, split where gradients disagree",
        lambda: import_module("baselines.gm").Gm,
    ),
    MethodRecord(
        "gm-random",
        "GM with groups drawn at random, its control",
        lambda: import_module("baselines.gm_random").GmRandom,
        expensive=True,
    ),
    _reference(
        "random",
        "random numbers",
        lambda: import_module("baselines.reference.chance").Chance,
    ),
    _reference(
        "params",
        "number of parameters of the table's network",
        lambda: import_module("baselines.reference.complexity").Parameters,
    ),
    _reference(
        "flops",
        "multiply-adds of the table's network",
        lambda: import_module("baselines.reference.complexity").Flops,
    ),
    _proxy(
        "synflow",
        "synaptic flow through absolute weights",
        lambda: import_module("baselines.reference.synflow").SynFlow,
    ),
    _proxy(
        "naswot",
        "how differently rectifiers switch on images",
        lambda: import_module("baselines.reference.naswot").Naswot,
    ),
    _proxy(
        "jacob-cov",
        "how little gradients of images correlate",
        lambda: import_module("baselines.reference.jacob_cov").JacobianCovariance,
    ),
    _proxy(
        "snip",
        "how much the loss feels each connection",
        lambda: import_module("baselines.reference.snip").Snip,
    ),
    _proxy(
        "grad-norm",
        "norms of the gradients at the first step",
        lambda: import_module("baselines.reference.grad_norm").GradNorm,
    ),
    _proxy(
        "zico",
        "how steady gradients are between batches",
        lambda: import_module("baselines.reference.zico").Zico,
    ),
    _proxy(
        "az-nas",
        "four traits of a network, ranked together",
        lambda: import_module("baselines.reference.az_nas").AzNas,
    ),
)
