"""Reading a contract: the one definition of a topic, taken from its source through ``ast``.

Nothing is imported, so that a menu or a stub never runs code, and a broken contract is a message.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graders.kit.mistakes import Mistake

LEVELS: Final = ("easy", "medium", "hard")
METADATA: Final = ("TITLE", "LEVEL", "MINUTES", "IMPLEMENT", "PROMISES")

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Contract:
    """What a contract module says, without running it."""

    path: Path
    title: str
    level: str
    minutes: int
    implement: tuple[str, ...]
    promises: dict[str, str]
    text: str
    source: str = field(repr=False)
    tree: ast.Module = field(repr=False)

    @property
    def module(self) -> str:
        """Dotted name under which other modules import the contract."""
        return f"contracts.{self.path.parent.name}.{self.path.stem}"

    @property
    def summary(self) -> str:
        """First line of the module's text, without the title in front."""
        first = self.text.strip().partition("\n")[0].strip()
        title, colon, rest = first.partition(": ")
        return rest if colon and title.casefold() == self.title.casefold() else first

    @property
    def definitions(self) -> dict[str, Definition]:
        """Classes and functions at the top level, by name."""
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return {node.name: node for node in self.tree.body if isinstance(node, kinds)}

    def factory(self, name: str) -> ast.FunctionDef | None:
        """Return the ``__call__`` of ``New<name>``, or None where the constructor is free."""
        maker = self.definitions.get(f"New{name}")
        for node in maker.body if isinstance(maker, ast.ClassDef) else ():
            if isinstance(node, ast.FunctionDef) and node.name == "__call__":
                return node
        return None


def read_contract(path: Path) -> Contract:
    """Read the contract at ``path``; a ``Mistake`` names the first thing that is wrong with it."""
    source, tree = _parse(path)
    values = {name: value for name, value in _constants(tree) if name in METADATA}
    missing = [name for name in METADATA if name not in values]
    if missing:
        raise _wrong(path, f"lacks {', '.join(missing)}", "add it as a plain constant")
    contract = Contract(
        path=path,
        title=values["TITLE"],
        level=values["LEVEL"],
        minutes=values["MINUTES"],
        implement=_names(values["IMPLEMENT"]),
        promises=values["PROMISES"],
        text=ast.get_docstring(tree) or "",
        source=source,
        tree=tree,
    )
    for wrong, repair in _faults(contract):
        raise _wrong(path, wrong, repair)
    return contract


def _parse(path: Path) -> tuple[str, ast.Module]:
    try:
        source = path.read_text(encoding="utf-8")
        return source, ast.parse(source, filename=str(path))
    except OSError as error:
        raise _wrong(path, "cannot be read", error.strerror or "look at the file") from error
    except (SyntaxError, ValueError) as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise _wrong(path, "is not valid Python", f"see {where}") from error


def _constants(tree: ast.Module) -> Iterable[tuple[str, Any]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, _literal(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, _literal(value)


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return None


def _names(value: object) -> tuple[str, ...]:
    known = isinstance(value, tuple | list) and all(isinstance(name, str) for name in value)
    return tuple(value) if known and isinstance(value, tuple | list) else ()


def _faults(contract: Contract) -> Iterable[tuple[str, str]]:
    title: object = contract.title
    if not (isinstance(title, str) and title):
        yield "has no TITLE", "make it a non-empty string"
    if contract.level not in LEVELS:
        yield "has an unknown LEVEL", f"use one of {', '.join(LEVELS)}"
    if not (type(contract.minutes) is int and contract.minutes > 0):
        yield "has no usable MINUTES", "give the interview minutes as a positive int"
    if not contract.text:
        yield "has no docstring", "open it with what is built and which decisions are taken"
    if not contract.implement:
        yield "has an empty IMPLEMENT", "give a tuple of the names the learner defines"
    for name in contract.implement:
        if name not in contract.definitions:
            yield (
                f"names {name} in IMPLEMENT but does not define it",
                "add its Protocol or function",
            )
    yield from _promise_faults(contract.promises)


def _promise_faults(promises: object) -> Iterable[tuple[str, str]]:
    if not (isinstance(promises, dict) and promises):
        yield "has no PROMISES", "give a dict of 'P1' … 'Pn' to one sentence each"
        return
    wanted = [f"P{number}" for number in range(1, len(promises) + 1)]
    if list(promises) != wanted:
        yield "does not number its PROMISES in order", f"use the keys {wanted[0]} to {wanted[-1]}"
    for key, text in promises.items():
        if not (isinstance(text, str) and re.search(r"\w", text)):
            yield f"says nothing under {key}", "write one sentence that tells what must hold"


def _wrong(path: Path, what: str, repair: str) -> Mistake:
    return Mistake(f"contract {path.parent.name}/{path.name} {what}: {repair}")
