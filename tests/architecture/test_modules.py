"""Public names say what they are, and an ``__init__.py`` only hands names on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    path
    for package in ("benchmark", "baselines", "analysis")
    for path in (ROOT / package).rglob("*.py")
)


def undocumented(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Yield the public classes, functions and methods that have no docstring."""
    for node in tree.body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if node.name.startswith("_") or "overload" in map(ast.unparse, node.decorator_list):
            continue
        if ast.get_docstring(node) is None:
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for name in undocumented(node))


def logic(tree: ast.Module) -> Iterator[str]:
    """Yield the statements that are neither a docstring, an import nor ``__all__``."""
    for node in tree.body:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
                continue
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                continue
        yield ast.unparse(node)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_public_names_have_docstrings(path: Path) -> None:
    assert list(undocumented(parse(path))) == []


@pytest.mark.parametrize("package", ["benchmark", "baselines", "analysis"])
def test_the_top_packages_are_empty(package: str) -> None:
    assert (ROOT / package / "__init__.py").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name == "__init__.py"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_init_holds_no_logic(path: Path) -> None:
    assert list(logic(parse(path))) == []


def test_a_missing_docstring_is_found() -> None:
    source = """
def documented():
    "Say so."
def bare(): ...
def _private(): ...
class Thing:
    "Say so."
    def method(self): ...
    def __len__(self): ...
    @overload
    def typed(self): ...
"""
    assert list(undocumented(ast.parse(source))) == ["bare", "Thing.method"]


def test_logic_in_an_init_is_found() -> None:
    source = '"""Doc."""\nfrom a import b\n__all__ = ["b"]\nregister(b)\nSIZE = 3'
    assert list(logic(ast.parse(source))) == ["register(b)", "SIZE = 3"]
