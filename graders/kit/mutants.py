"""Wrong versions made by machine: what every grader of threaded code has to notice.

Each mutant takes one guard out of a module: a lock that is not taken, a wait that looks only once, a notify that
wakes one of many. Names are stable when lines move: scope, what was done, and which one of its kind in the scope.
"""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LOCKS = frozenset(["Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"])
LOCKISH = ("lock", "cond", "mutex", "guard")
Change = Callable[[ast.AST], ast.AST | list[ast.stmt]]
Place = tuple[str, ast.AST, str, Change]
"""Scope, node, what is done to it, and how."""


@dataclass(frozen=True)
class Mutant:
    """One changed module. `where` is file:line of the original."""

    name: str
    where: str
    _make: Callable[[], str]

    @property
    def source(self) -> str:
        """The changed module's text. Cost: a copy of the syntax tree."""
        return self._make()


def mutants(path: Path) -> list[Mutant]:
    """Every mutant of one file, in the order of its lines; none for code without guards."""
    return made_of(path, _places)


def made_of(path: Path, places: Callable[[ast.Module], Iterable[Place]]) -> list[Mutant]:
    """The mutants at some places of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[Mutant] = []
    counts: Counter[str] = Counter()
    for scope, node, what, change in places(tree):
        label = f"{scope} {what}"
        counts[label] += 1
        name = label if counts[label] == 1 else f"{label} ({counts[label]})"
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        found.append(Mutant(name, where, partial(_changed, tree, node, change)))
    return found


def _changed(tree: ast.Module, node: ast.AST, change: Change) -> str:
    """The source with one node replaced."""
    place = [id(other) for other in ast.walk(tree)].index(id(node))
    again = copy.deepcopy(tree)
    target = list(ast.walk(again))[place]

    class Replace(ast.NodeTransformer):
        def visit(self, other: ast.AST) -> ast.AST | list[ast.stmt]:
            return change(other) if other is target else self.generic_visit(other)

    changed = Replace().visit(again)
    assert isinstance(changed, ast.Module)
    return ast.unparse(ast.fix_missing_locations(changed)) + "\n"


def _places(tree: ast.Module) -> Iterator[Place]:  # noqa: C901 - a table
    locks = _lock_names(tree)
    for scope, node in scoped(tree, ""):
        match node:
            case ast.With():
                for index, item in enumerate(node.items):
                    name = _name(item.context_expr)
                    if name in locks or any(word in name.lower() for word in LOCKISH):
                        yield scope, node, f"without {name}", _without_item(index)
            case ast.While() if _calls(node, "wait") and not _jumps(node):
                yield scope, node, "while to if", _while_to_if
            case ast.Call(func=ast.Attribute(attr="wait_for")):
                yield scope, node, "wait_for looks once", _wait_once
            case ast.Call(func=ast.Attribute(attr="notify_all")):
                yield scope, node, "notify_all to notify", _notify_one
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="notify" | "notify_all"))):
                yield scope, node, "without notify", lambda _: ast.Pass()
            case ast.FunctionDef() if names := _acquired(node):
                for name in sorted(names):
                    yield scope, node, f"without acquire of {name}", _without_acquire(name)


def scoped(node: ast.AST, scope: str) -> Iterator[tuple[str, ast.AST]]:
    """All nodes with the dotted name of the class and function they stand in."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{scope}.{child.name}".lstrip(".")
        yield inner, child
        yield from scoped(child, inner)


def _lock_names(tree: ast.Module) -> set[str]:
    """Names and attributes that are assigned a lock."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        if _name(node.value.func) in LOCKS:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(_name(target) for target in targets)
    return found


def _name(node: ast.expr) -> str:
    """The last part of a dotted name; of a call, that of what is called."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _name(func)
        case ast.Subscript(value=value):
            return _name(value)
    return ""


def _calls(node: ast.AST, name: str) -> bool:
    return any(isinstance(n, ast.Call) and _name(n.func) == name for n in ast.walk(node))


def _jumps(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Break | ast.Continue) for n in ast.walk(node))


def _without_item(index: int) -> Change:
    def change(node: ast.AST) -> ast.AST | list[ast.stmt]:
        assert isinstance(node, ast.With)
        del node.items[index]
        return node if node.items else node.body

    return change


def _while_to_if(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.While)
    return ast.If(node.test, node.body, node.orelse)


def _wait_once(node: ast.AST) -> ast.AST:
    """`c.wait_for(p, t)` becomes `p() or c.wait(t)`."""
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    predicate, *timeout = node.args
    wait = ast.Call(ast.Attribute(node.func.value, "wait", ast.Load()), timeout, node.keywords)
    return ast.BoolOp(ast.Or(), [ast.Call(predicate, [], []), wait])


def _notify_one(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    node.func.attr = "notify"
    return node


def _acquired(function: ast.FunctionDef) -> set[str]:
    """Locks that a function acquires and releases by hand."""
    names = {"acquire": set[str](), "release": set[str]()}
    for node in ast.walk(function):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            func = node.value.func
            if isinstance(func, ast.Attribute) and func.attr in names:
                names[func.attr].add(_name(func.value))
    return names["acquire"] & names["release"]


def _without_acquire(name: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        class Drop(ast.NodeTransformer):
            def visit_Expr(self, expr: ast.Expr) -> ast.AST:
                func = expr.value.func if isinstance(expr.value, ast.Call) else None
                pair = isinstance(func, ast.Attribute) and func.attr in {"acquire", "release"}
                return ast.Pass() if pair and _name(func.value) == name else expr  # type: ignore[union-attr]

        result: ast.AST = Drop().visit(node)
        return result

    return change
