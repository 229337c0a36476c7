"""Modules are documented, ``__init__.py`` holds imports only, names are unique, folders small."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("benchmark", "baselines", "analysis")
MOST_ENTRIES = 14
NOT_COUNTED = {"__init__.py", "__pycache__", "py.typed"}


@cache
def project() -> Mapping[str, ast.Module]:
    """Return the syntax tree of every module by its path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


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


def shared_names(trees: Mapping[str, ast.Module]) -> list[str]:
    """Return one line for each class name that is defined more than once."""
    files = defaultdict(list)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                files[node.name].append(path)
    return [
        f"class {name} is defined in {' and '.join(paths)}: rename all but one"
        for name, paths in files.items()
        if len(paths) > 1
    ]


def crowded(folders: Mapping[str, set[str]]) -> list[str]:
    """Return one line for each folder with too many files and folders in it."""
    return [
        f"{folder} has {len(names - NOT_COUNTED)} entries, {MOST_ENTRIES} at most: divide it"
        for folder, names in folders.items()
        if len(names - NOT_COUNTED) > MOST_ENTRIES
    ]


def test_public_names_have_docstrings() -> None:
    found = {path: list(undocumented(tree)) for path, tree in project().items()}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_top_packages_are_empty() -> None:
    for package in PACKAGES:
        assert project()[f"{package}/__init__.py"].body == []


def test_init_holds_no_logic() -> None:
    trees = {path: tree for path, tree in project().items() if path.endswith("/__init__.py")}
    found = {path: list(logic(tree)) for path, tree in trees.items()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_two_classes_share_a_name() -> None:
    found = shared_names(project())
    assert not found, "\n".join(found)


def test_no_folder_is_crowded() -> None:
    folders = {
        folder.relative_to(ROOT).as_posix(): {entry.name for entry in folder.iterdir()}
        for package in PACKAGES
        for folder in [ROOT / package, *(ROOT / package).rglob("*")]
        if folder.is_dir()
    }
    assert "benchmark/app" in folders
    found = crowded(folders)
    assert not found, "\n".join(found)


def test_a_missing_docstring_is_found() -> None:
    source = """
def documented():
    "Says what it does."
def bare(): ...
def _private(): ...
class Thing:
    "Says what it is."
    def method(self): ...
    def __len__(self): ...
    @overload
    def typed(self): ...
"""
    assert list(undocumented(ast.parse(source))) == ["bare", "Thing.method"]


def test_logic_in_an_init_is_found() -> None:
    source = '"""Doc."""\nfrom a import b\n__all__ = ["b"]\nregister(b)\nSIZE = 3'
    assert list(logic(ast.parse(source))) == ["register(b)", "SIZE = 3"]


def test_a_shared_class_name_is_found() -> None:
    sources = {"a.py": "class A: ...", "b.py": "def f():\n    class A: ...", "c.py": "class B: ..."}
    trees = {path: ast.parse(source) for path, source in sources.items()}
    assert shared_names(trees) == ["class A is defined in a.py and b.py: rename all but one"]


def test_a_crowded_folder_is_found() -> None:
    files = {f"{number}.py" for number in range(MOST_ENTRIES)}
    folders = {"a": files | {"__init__.py", "__pycache__"}, "b": files | {"more"}}
    assert crowded(folders) == ["b has 15 entries, 14 at most: divide it"]
