from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from baselines.method import Method
from baselines.registry import METHODS, _registry, method_class
from benchmark.errors import InputError
from benchmark.tasks.task import load_preset, preset_names
from tests.unit.baselines.tiny import OPTIONS


def subclasses(kind: type) -> Iterator[type]:
    one: type
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_method_has_its_name() -> None:
    usual = ["one-shot", "few-shot", "gm", "gm-random", "random", "params", "flops"]
    proxies = ["synflow", "naswot", "jacob-cov", "snip", "grad-norm", "zico", "az-nas"]
    assert list(METHODS) == usual + proxies
    assert [name for name, method in METHODS.items() if method.expensive] == ["gm-random", *proxies]
    for name, method in METHODS.items():
        assert method_class(name) is method.load()
        assert method.load().name == method.name == name
        assert method.load().reference == method.reference  # known before it is loaded, too
        assert method.description
    shipped = {one for one in subclasses(Method) if one.__module__.startswith("baselines.")}
    assert {method.load() for method in METHODS.values()} == shipped


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(InputError, match=r"'few-shoot': did you mean 'few-shot'.*one-shot, few-"):
        method_class("few-shoot")


def test_a_name_belongs_to_one_method() -> None:
    with pytest.raises(InputError, match="two methods have the same name"):
        _registry(METHODS["gm"], METHODS["gm"])


@pytest.mark.parametrize("preset", preset_names())
def test_presets_give_every_method_what_it_asks_for(preset: str) -> None:
    options = load_preset(preset).methods
    assert set(options) <= set(METHODS)
    for name, method in METHODS.items():
        method.load()(options.get(name, {}))


def test_tests_know_every_method() -> None:
    """Each has its options in OPTIONS, and a test file that holds it to the rules."""
    kinds = {name: method.load() for name, method in METHODS.items()}
    assert set(OPTIONS) == {name for name, kind in kinds.items() if fields(kind.Options)}
    here = Path(__file__).parent
    for name, kind in kinds.items():
        _, *folders, module = kind.__module__.split(".")
        text = here.joinpath(*folders, f"test_{module}.py").read_text(encoding="utf-8")
        rules = "Reference" if METHODS[name].reference else "Trained"
        assert f"({rules}Conformance):\n    method = {kind.__name__}\n" in text
