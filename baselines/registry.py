"""The methods by name, in the order of tables; a new one is a file and an entry here.

A method's file is imported when it is loaded, so that listing methods does not import PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from benchmark.errors import InputError, unknown_name

if TYPE_CHECKING:
    from baselines.method import Method


@dataclass(frozen=True)
class MethodRecord:
    """A method that can be run by name."""

    name: str
    description: str
    path: str  # module below ``baselines`` and class, like ``gm:Gm``
    reference: bool = False  # whether it trains nothing and is in tables for comparison only
    expensive: bool = False  # whether it is compared only if it is named

    def load(self) -> type[Method]:
        """Import the method's class."""
        module, _, name = self.path.partition(":")
        found: type[Method] = getattr(import_module(f"baselines.{module}"), name)
        return found


def method_record(name: str) -> MethodRecord:
    """Return the record of a method."""
    if name not in METHODS:
        raise unknown_name("method", name, METHODS)
    return METHODS[name]


def method_class(name: str) -> type[Method]:
    """Return the class of a method; an unknown name raises an InputError."""
    return method_record(name).load()


def _registry(*records: MethodRecord) -> Mapping[str, MethodRecord]:
    named = {record.name: record for record in records}
    if len(named) < len(records):
        raise InputError("two methods have the same name: rename one")
    return MappingProxyType(named)


def _reference(name: str, description: str, path: str) -> MethodRecord:
    return MethodRecord(name, description, f"reference.{path}", reference=True)


def _proxy(name: str, description: str, path: str) -> MethodRecord:
    text = f"zero-cost proxy: {description}"
    return MethodRecord(name, text, f"reference.{path}", reference=True, expensive=True)


METHODS: Mapping[str, MethodRecord] = _registry(
    MethodRecord("one-shot", "one supernet for the whole space", "one_shot:OneShot"),
    MethodRecord(
        "few-shot",
        "one sub-supernet for each option of one decision, or of two",
        "few_shot:FewShot",
    ),
    MethodRecord("gm", "a tree of sub-supernets, split where gradients disagree", "gm:Gm"),
    MethodRecord(
        "gm-random",
        "GM with groups drawn at random, its control",
        "gm_random:GmRandom",
        expensive=True,
    ),
    _reference("random", "random numbers", "random_and_size:RandomScores"),
    _reference(
        "params", "number of parameters of the table's network", "random_and_size:Parameters"
    ),
    _reference("flops", "multiply-adds of the table's network", "random_and_size:Flops"),
    _proxy("synflow", "synaptic flow through absolute weights", "synflow:SynFlow"),
    _proxy("naswot", "how differently rectifiers switch on images", "naswot:Naswot"),
    _proxy("jacob-cov", "how little gradients of images correlate", "jacob_cov:JacobianCovariance"),
    _proxy("snip", "how much the loss feels each connection", "gradients:Snip"),
    _proxy("grad-norm", "norms of the gradients at the first step", "gradients:GradNorm"),
    _proxy("zico", "how steady gradients are between batches", "gradients:Zico"),
    _proxy("az-nas", "four traits of a network, ranked together", "az_nas:AzNas"),
)
