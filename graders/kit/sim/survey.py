"""What an implementation's source says about which of its names can change while threads run.

A load needs a switch point only if something stores that name after construction. The survey reads all files
of an implementation, so that a subclass in one file counts for its base in another.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

CONSTRUCTORS = frozenset({"__init__", "__post_init__"})
REFLECTION = frozenset({"setattr", "delattr", "vars"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Names by what happens to them; `everything` = the source stores by computed names, so prune nothing."""

    attributes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    everything: bool = False

    def changes(self, attribute: str) -> bool:
        """Whether `attribute` may be stored after construction."""
        return self.everything or attribute in self.attributes


def survey(files: Iterable[Path]) -> Facts:
    """The facts of all `files` together; a file that does not parse adds nothing (its load will say why)."""
    return _survey(tuple(file.read_bytes() for file in files))


@lru_cache(maxsize=64)
def _survey(texts: tuple[bytes, ...]) -> Facts:
    surveyor = _Surveyor()
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        surveyor.visit(tree)
    return surveyor.facts()


def hidden_self(function: ast.AST) -> str:
    """The name of `self` in a constructor that shows its object to nobody before it is complete, else ''."""
    if (
        not isinstance(function, ast.FunctionDef)
        or function.name not in CONSTRUCTORS
        or not function.args.args
    ):
        return ""
    name = function.args.args[0].arg
    attributes = [n for n in ast.walk(function) if isinstance(n, ast.Attribute)]
    bases = {id(a.value) for a in attributes}
    shown = any(
        isinstance(n, ast.Name) and n.id == name and id(n) not in bases for n in ast.walk(function)
    )
    return "" if shown else name


class _Surveyor(ast.NodeVisitor):
    def __init__(self) -> None:
        self._attributes: set[str] = set()
        self._names: set[str] = set()
        self._functions: set[str] = set()
        self._everything = False
        self._self = ""

    def facts(self) -> Facts:
        return Facts(
            frozenset(self._attributes),
            frozenset(self._names),
            frozenset(self._functions),
            self._everything,
        )

    def _scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._functions.add(node.name)
        outer, self._self = self._self, hidden_self(node)
        self.generic_visit(node)
        self._self = outer

    visit_FunctionDef = visit_AsyncFunctionDef = _scope

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._functions.add(node.name)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        in_construction = isinstance(node.value, ast.Name) and node.value.id == self._self != ""
        if not isinstance(node.ctx, ast.Load) and not in_construction:
            self._attributes.add(node.attr)
        if node.attr in {"__dict__", "__setattr__"}:
            self._everything = True
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in REFLECTION:
            self._everything = True

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self._names.update(node.names)

    visit_Nonlocal = visit_Global
