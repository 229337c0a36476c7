"""Imports point downward, and some packages are imported by a few others only.

Read from the syntax trees, so an import inside a function, under ``TYPE_CHECKING`` or by
``import_module("…")`` counts like any other; but under ``TYPE_CHECKING`` it closes no circle.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("benchmark", "baselines", "analysis")
EMPTY = {*PACKAGES, "benchmark.app"}  # packages that import nothing

# From the bottom up. A name means a module and all inside it; the longest match decides.
# Modules in one layer may import each other, as long as there is no circle.
LAYERS = (
    ("benchmark.errors",),
    ("benchmark.files", "benchmark.settings", "benchmark.seeds", "benchmark.pickles"),
    ("benchmark.text_files",),
    ("benchmark.spaces",),
    ("benchmark.budget",),
    ("benchmark.truth",),
    ("benchmark.images",),
    ("benchmark.tasks",),
    ("benchmark.records",),
    ("baselines.supernets",),
    ("baselines.experiment", "baselines.tree.schedule"),
    ("baselines.splitting", "baselines.selection"),
    ("baselines.training",),
    ("baselines.method",),
    ("baselines.tree",),
    ("baselines.*",),  # the methods
    ("baselines.registry",),
    ("analysis.metrics",),
    ("analysis.statistics",),
    ("analysis.tables",),
    ("analysis.figures", "analysis.regression"),
    ("analysis.report",),
    ("benchmark.app.workers",),
    ("benchmark.app.running", "benchmark.app.building"),
    ("benchmark.app.checking", "benchmark.app.merging"),
    ("benchmark.app.cli",),
)

# Who may import what.
ALLOWED = {
    "benchmark.truth": ("benchmark", "analysis"),
    "benchmark.app": ("benchmark.app",),
    "analysis": ("benchmark.app", "analysis"),
    "baselines": ("benchmark.app", "baselines"),
    "torch": ("benchmark", "baselines"),
    "click": ("benchmark.app.cli",),
}


def is_inside(module: str, package: str) -> bool:
    return fnmatchcase(module, package) or fnmatchcase(module, f"{package}.*")


def layer_of(module: str) -> int | None:
    matches = [
        (len(package), layer)
        for layer, packages in enumerate(LAYERS)
        for package in packages
        if is_inside(module, package)
    ]
    return max(matches)[1] if matches else None


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def without_types(source: str) -> str:
    """Return a file without what it imports for annotations alone, which closes no circle."""
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return ast.unparse(tree)


def imported_names(path: str, source: str) -> Iterator[str]:
    """Yield the absolute dotted name of everything that a file imports."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) + 1 - level] if level else []
                origin = ".".join([*base, *([module] if module else [])])
                yield from (f"{origin}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def imported_modules(path: str, source: str, known: set[str]) -> set[str]:
    """Return what a file imports, with ``module.name`` cut back to the module where it is known."""
    targets = set()
    for name in imported_names(path, source):
        parents = [name.rsplit(".", up)[0] for up in range(name.count(".") + 1)]
        targets.add(next((parent for parent in parents if parent in known), name))
    return targets


def violations(sources: Mapping[str, str]) -> list[str]:
    """Return one line for each broken rule in ``{path from the root: source text}``."""
    known = {module_name(path) for path in sources} - EMPTY
    graph: dict[str, set[str]] = {}
    found: list[str] = []
    for path, source in sources.items():
        module = module_name(path)
        targets = imported_modules(path, source, known)
        graph[module] = imported_modules(path, without_types(source), known) & known
        here = layer_of(module)
        if here is None and module not in EMPTY:
            found.append(f"{module} has no layer: give it one in LAYERS")
        for target in sorted(targets):
            for package, allowed in ALLOWED.items():
                if is_inside(target, package) and not any(
                    is_inside(module, who) for who in allowed
                ):
                    who = " and ".join(allowed)
                    found.append(f"{module} imports {target}: only {who} may import {package}")
            if target.split(".")[0] not in PACKAGES:
                continue
            there = layer_of(target)
            if there is None:
                found.append(f"{module} imports {target}, which has no layer")
            elif here is not None and there > here:
                found.append(f"{module} imports {target}, which is in a higher layer")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append("import circle: " + " <- ".join(error.args[1]))
    return found


def test_the_project_keeps_the_rules() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    assert "benchmark/errors.py" in sources
    found = violations(sources)
    assert not found, "\n".join(found)


def test_what_points_downward_passes() -> None:
    sources = {
        "baselines/__init__.py": "",
        "baselines/gm.py": "import torch\nfrom baselines.one_shot import OneShot",
        "baselines/one_shot.py": "from baselines.supernets.nb201 import Network",
        "baselines/supernets/nb201/__init__.py": "from .network import Network",
        "baselines/supernets/nb201/network.py": "from benchmark.errors import InputError",
        "benchmark/app/cli/__init__.py": "import click\nfrom baselines.gm import GM",
        "benchmark/errors.py": "import numpy",
        "benchmark/truth/__init__.py": "from .registry import open_table",
        "benchmark/truth/sources/official.py": "from benchmark.truth import table",
        "benchmark/truth/registry.py": "from benchmark.truth.sources.official import read",
        "benchmark/truth/table.py": "from benchmark.errors import InputError",
    }
    assert violations(sources) == []


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        (
            "benchmark/files.py",
            "from benchmark.spaces.nb201 import SIZE",
            "benchmark.files imports benchmark.spaces.nb201.SIZE, which is in a higher layer",
        ),
        (
            "benchmark/truth/table.py",
            "def f():\n    from ..images import registry",
            "benchmark.truth.table imports benchmark.images.registry, which is in a higher layer",
        ),
        (
            "benchmark/truth/files/nbtable.py",
            "from ...tasks.task import Task",
            "benchmark.truth.files.nbtable imports benchmark.tasks.task.Task, "
            "which is in a higher layer",
        ),
        (
            "baselines/gm.py",
            "import benchmark.truth.table",
            "baselines.gm imports benchmark.truth.table: "
            "only benchmark and analysis may import benchmark.truth",
        ),
        (
            "baselines/gm.py",
            "import importlib\nimportlib.import_module('benchmark.truth')",
            "baselines.gm imports benchmark.truth: "
            "only benchmark and analysis may import benchmark.truth",
        ),
        (
            "analysis/metrics/ranking.py",
            "from torch import nn",
            "analysis.metrics.ranking imports torch.nn: "
            "only benchmark and baselines may import torch",
        ),
        (
            "analysis/metrics/ranking.py",
            "from baselines.gm import GM",
            "analysis.metrics.ranking imports baselines.gm.GM: "
            "only benchmark.app and baselines may import baselines",
        ),
        (
            "benchmark/app/running/runner.py",
            "import click",
            "benchmark.app.running.runner imports click: only benchmark.app.cli may import click",
        ),
        (
            "benchmark/app/running/runner.py",
            "import benchmark",
            "benchmark.app.running.runner imports benchmark, which has no layer",
        ),
        (
            "benchmark/utils.py",
            "",
            "benchmark.utils has no layer: give it one in LAYERS",
        ),
    ],
)
def test_a_broken_rule_is_found(path: str, source: str, message: str) -> None:
    assert violations({path: source}) == [message]


@pytest.mark.parametrize("folder", ["benchmark/records", "benchmark/truth", "benchmark/spaces"])
@pytest.mark.parametrize("package", ["analysis", "baselines"])
def test_in_benchmark_only_the_app_imports_methods_and_analysis(folder: str, package: str) -> None:
    target = {"analysis": "analysis.metrics", "baselines": "baselines.registry"}[package]
    assert violations({"benchmark/app/running/runner.py": f"import {target}"}) == []
    module = f"{folder}/any".replace("/", ".")
    assert violations({f"{folder}/any.py": f"import {target}"}) == [
        f"{module} imports {target}: only benchmark.app and {package} may import {package}",
        f"{module} imports {target}, which is in a higher layer",
    ]


def test_a_method_that_imports_analysis_breaks_two_rules() -> None:
    assert violations({"baselines/gm.py": "from analysis.metrics.topk import membership"}) == [
        "baselines.gm imports analysis.metrics.topk.membership: "
        "only benchmark.app and analysis may import analysis",
        "baselines.gm imports analysis.metrics.topk.membership, which is in a higher layer",
    ]


def test_a_circle_in_one_layer_is_found() -> None:
    sources = {
        "baselines/training/darts.py": "from baselines.training import snas",
        "baselines/training/snas.py": "from baselines.training.darts import Darts",
    }
    (line,) = violations(sources)
    assert line.startswith("import circle: baselines.training.")


def test_imports_for_annotations_close_no_circle_but_point_downward() -> None:
    sources = {
        "baselines/training/darts.py": "if TYPE_CHECKING:\n    from baselines.training import snas",
        "baselines/training/snas.py": "from baselines.training.darts import Darts",
    }
    assert violations(sources) == []
    sources["baselines/method.py"] = "if TYPE_CHECKING:\n    from baselines.gm import Gm"
    (line,) = violations(sources)
    assert line == "baselines.method imports baselines.gm.Gm, which is in a higher layer"
