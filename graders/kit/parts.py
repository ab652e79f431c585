"""What a grader consists of, read through ``ast``: its checks, impostors and peers.

Nothing is imported: a broken grader is a message, and a menu never runs code.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graders.kit.mistakes import Mistake, nearest
from graders.kit.topics import Topic


@dataclass(frozen=True)
class Part:
    """A class or function of a grader that promises hang on."""

    path: Path
    line: int
    name: str
    text: str
    promises: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Impostor(Part):
    """A wrong implementation; ``promises`` are those it breaks, ``mistake`` names a common one if it is one."""

    mistake: str = ""


@dataclass(frozen=True)
class Peer(Part):
    """A library or variant; ``promises`` are those that it is known to break."""

    requires: tuple[str, ...] = ()


def checks_of(topic: Topic) -> list[Part]:
    """Return the checks of the topic's test files, by the promises in their decorators."""
    return [
        Part(path, node.lineno, node.name, ast.get_docstring(node) or "", *marks)
        for path in check_files(topic)
        for node in parse(path).body
        if isinstance(node, ast.FunctionDef)
        if (marks := _checked(node)) is not None
    ]


def check_files(topic: Topic) -> list[Path]:
    """Return the topic's test files in the order of their names."""
    return sorted(topic.grader.glob("test_*.py"))


def impostors_of(topic: Topic) -> list[Impostor]:
    """Return the classes of impostors.py that say what they break."""
    return [
        Impostor(
            path,
            node.lineno,
            node.name,
            ast.get_docstring(node) or "",
            breaks,
            mistake=next(iter(_strings(_attribute(node, "mistake"))), ""),
        )
        for path, node in _namespaces(topic, "impostors.py")
        if (breaks := _strings(_attribute(node, "breaks")))
    ]


def peers_of(topic: Topic) -> list[Peer]:
    """Return the classes of peers.py that say what they require and which promises they fail."""
    return [
        Peer(
            path,
            node.lineno,
            node.name,
            ast.get_docstring(node) or "",
            _strings(_attribute(node, "fails")),
            requires=_strings(_attribute(node, "requires")),
        )
        for path, node in _namespaces(topic, "peers.py")
        if _attribute(node, "requires") is not None or _attribute(node, "fails") is not None
    ]


def require(topic: Topic, kind: str, name: str) -> None:
    """Raise a ``Mistake`` unless ``name`` is one of the topic's impostors (or peers)."""
    parts = impostors_of(topic) if kind == "impostors" else peers_of(topic)
    known = [part.name for part in parts]
    if name not in known:
        hint = nearest(name, known) or f": it has {', '.join(known) or 'none'}"
        raise Mistake(f"{topic.id} has no {kind}:{name}{hint}")


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file; a ``Mistake`` if it cannot be read."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except SyntaxError as error:
        raise Mistake(f"{path}:{error.lineno}: {error.msg}: correct the syntax") from error
    except (OSError, ValueError) as error:
        raise Mistake(f"{path}: {error}: make it a readable UTF-8 file") from error


def _namespaces(topic: Topic, name: str) -> Iterator[tuple[Path, ast.ClassDef]]:
    path = topic.grader / name
    if path.is_file():
        yield from ((path, node) for node in parse(path).body if isinstance(node, ast.ClassDef))


def _checked(function: ast.FunctionDef) -> tuple[tuple[str, ...], str] | None:
    """Return promises and kind of a check, None for another function."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id="check"), args=args, keywords=keywords):
                promises = tuple(text for arg in args for text in _strings(arg))
                kinds = [kind for word in keywords for kind in _strings(word.value)]
                return promises, kinds[0] if kinds else ""
    return None


def _attribute(node: ast.ClassDef, name: str) -> ast.expr | None:
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=found)]) | ast.AnnAssign(target=ast.Name(id=found))
            ) if found == name:
                return statement.value
    return None


def _strings(node: ast.expr | None) -> tuple[str, ...]:
    """Return the strings of a literal: itself, its items, or the keys of a dict."""
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return tuple(text for item in items for text in _strings(item))
        case ast.Dict(keys=keys):
            return tuple(text for key in keys for text in _strings(key))
    return ()
