"""The exercise module, generated from the contract.

It carries the whole interface: the numbered promises, the imports, every class, signature and
docstring. Each body raises NotImplementedError. The exercise alone says what has to be built.
"""

import ast
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from graders.kit.contract import METADATA, Contract, Definition
from graders.kit.members import bases_of, members_of
from graders.kit.overloads import implementation, is_overload
from graders.kit.signature import WIDTH, Function, annotation, expression, head, plain
from graders.kit.topics import Topic

P0: Final = "The module loads and has the shape of this contract."
_TYPE_VARIABLES: Final = {"TypeVar", "ParamSpec", "TypeVarTuple"}


def stub_for(topic: Topic, closing: str = "") -> str:
    """Return the text of the topic's untouched exercise module.

    ``closing`` stands for the last lines of its docstring, which name the brief and how to grade.
    """
    contract = topic.definition
    body = [_piece(contract, contract.definitions[name]) for name in _ordered(contract)]
    imports = _imports(contract, _Names.of("\n".join(body)))
    opening = _docstring(_opening(topic, closing), "")
    return f"{opening}\n\n{imports}\n\n\n" + "\n\n\n".join(body) + "\n"


def is_fresh(topic: Topic) -> bool:
    """Say whether the exercise module is exactly the untouched stub."""
    wanted = stub_for(topic).encode()
    return topic.stub.is_file() and topic.stub.read_bytes() == wanted


def holds_work(topic: Topic) -> bool:
    """Say whether a learner wrote anything into the exercise module.

    An untouched stub of an older contract holds none: only heads, docstrings and
    ``raise NotImplementedError``, and no comment.
    """
    try:
        source = topic.stub.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, ValueError, SyntaxError):
        return True
    return "#" in source or not all(_is_stub(node) for node in tree.body)


def _is_stub(node: ast.stmt) -> bool:
    match node:
        case ast.ClassDef(body=body):
            return all(_is_stub(each) for each in body)
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            return all(_is_nothing(each) for each in body)
        case ast.Import() | ast.ImportFrom() | ast.AnnAssign():
            return True
    return _is_nothing(node)


def _is_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        return ast.unparse(node) == "raise NotImplementedError"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def write_stub(topic: Topic) -> Path:
    """Write the topic's untouched exercise module and return its path."""
    text = stub_for(topic)
    topic.stub.parent.mkdir(parents=True, exist_ok=True)
    topic.stub.write_text(text, encoding="utf-8")
    return topic.stub


def _opening(topic: Topic, closing: str) -> str:
    contract = topic.definition
    usual = f"Brief: exercises/{topic.id}.md\nGrade: nox -s grade -- {topic.name}"
    promises = {"P0": P0, **contract.promises}
    listed = "\n".join(_promise(key, text) for key, text in promises.items())
    return (
        f"{contract.text.strip()}\n\n"
        f"What your code must keep; every check names the promise it looks at:\n\n{listed}\n\n"
        f"Level: {contract.level}, {contract.minutes} minutes.\n{closing or usual}"
    )


def _promise(key: str, text: str) -> str:
    label = f"{key:<4}"
    return textwrap.fill(
        " ".join(text.split()),
        width=WIDTH - 1,
        initial_indent=label,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _ordered(contract: Contract) -> list[str]:
    """Names to implement, in the contract's order, but each base before what derives from it."""
    order: list[str] = []

    def place(name: str) -> None:
        node = contract.definitions[name]
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            parent = expression(plain(base))
            if parent in contract.implement and parent != name:
                place(parent)
        if name not in order:
            order.append(name)

    for name in contract.implement:
        place(name)
    return order


def _piece(contract: Contract, node: Definition) -> str:
    return _class(contract, node) if isinstance(node, ast.ClassDef) else _function(node, "")


def _class(contract: Contract, node: ast.ClassDef) -> str:
    bases = ", ".join(expression(base) for base in bases_of(contract, node))
    text = ast.get_docstring(node)
    parts = [_docstring(text, "    ")] if text else []
    maker = contract.factory(node.name)
    members = list(members_of(contract, node))
    attributes = [member for member in members if not isinstance(member, list)]
    if attributes:
        parts.append("\n".join(_attribute(member) for member in attributes))
    if maker:
        parts.append(_function(maker, "    ", name="__init__", returns="None"))
    methods = [member for member in members if isinstance(member, list)]
    if maker:
        methods = [functions for functions in methods if functions[0].name != "__init__"]
    parts.extend(_method(functions) for functions in methods)
    opening = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
    return f"{opening}\n" + "\n\n".join(parts or ["    pass"])


def _method(functions: list[Function]) -> str:
    """Return one method; several functions of a name are its overloads."""
    if len(functions) == 1:
        return _function(functions[0], "    ")
    heads = [f"    @overload\n{head(each, '    ')} ..." for each in functions if is_overload(each)]
    return "\n".join([*heads, _function(implementation(functions), "    ")])


def _function(
    function: Function, indent: str, *, name: str = "", returns: str | None = None
) -> str:
    decorators = [expression(each) for each in function.decorator_list]
    kept = [each for each in decorators if not each.endswith(("abstractmethod", "overload"))]
    lines = [f"{indent}@{each}" for each in kept]
    lines.append(head(function, indent, name=name, returns=returns))
    text = ast.get_docstring(function)
    if text:
        lines.append(_docstring(text, indent + "    "))
    lines.append(f"{indent}    raise NotImplementedError")
    return "\n".join(lines)


def _attribute(node: ast.AnnAssign | ast.Expr) -> str:
    if isinstance(node, ast.AnnAssign):
        value = f" = {expression(node.value)}" if node.value else ""
        return f"    {expression(node.target)}: {annotation(node.annotation)}{value}"
    assert isinstance(node.value, ast.Constant)
    return _docstring(str(node.value.value), "    ")


def _docstring(text: str, indent: str) -> str:
    clean = text.strip().replace('"""', "'''")
    prefix = "r" if "\\" in clean else ""
    if clean.endswith('"'):
        clean += " "
    lines = clean.splitlines()
    first = f'{indent}{prefix}"""{lines[0]}'
    if len(lines) == 1:
        return f'{first}"""'
    rest = textwrap.indent("\n".join(lines[1:]), indent)
    return f'{first}\n{rest}\n{indent}"""'


class _Names(ast.NodeVisitor):
    """Collects the names that code loads."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    @classmethod
    def of(cls, source: str) -> set[str]:
        """Return the names that ``source`` loads."""
        names = cls()
        names.visit(ast.parse(source))
        return names.found

    def visit_Name(self, node: ast.Name) -> None:
        self.found.add(node.id)


def _imports(contract: Contract, used: set[str]) -> str:
    """Return the import block: the standard library's names in use, and all of the contract's."""
    plain_lines: set[str] = set()
    from_names: dict[str, set[str]] = {}
    for statement in _import_statements(contract.tree):
        for written in _used_names(statement, used):
            if isinstance(statement, ast.Import):
                plain_lines.add(f"import {written}")
            else:
                from_names.setdefault(statement.module or "", set()).add(written)
    for extra in {"Any", "Generic", "overload"} & used:
        from_names.setdefault("typing", set()).add(extra)
    standard = sorted(plain_lines) + [
        _from(module, names) for module, names in sorted(from_names.items())
    ]
    own = set(_offered(contract, used))
    blocks = ["from __future__ import annotations", "\n".join(standard)]
    blocks.append(_from(contract.module, own) if own else "")
    return "\n\n".join(block for block in blocks if block)


def _import_statements(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the module's imports, also those under ``if TYPE_CHECKING``."""
    for node in tree.body:
        match node:
            case ast.If(body=body):
                yield from _import_statements(ast.Module(body, []))
            case ast.ImportFrom(module="__future__"):
                pass
            case ast.Import() | ast.ImportFrom():
                yield node


def _used_names(statement: ast.Import | ast.ImportFrom, used: set[str]) -> Iterator[str]:
    for alias in statement.names:
        if (alias.asname or alias.name.partition(".")[0]) in used:
            yield f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _offered(contract: Contract, used: set[str]) -> Iterator[str]:
    """Yield what the contract gives to its implementer: errors, values, collaborators."""
    hidden = {*contract.implement, *(f"New{name}" for name in contract.implement), *METADATA}
    for name, always in _top_level(contract.tree):
        if name not in hidden and (name in used or (always and not name.startswith("_"))):
            yield name


def _top_level(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, True
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, not _is_type_variable(value)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, True


def _is_type_variable(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and expression(value.func).split(".")[-1] in _TYPE_VARIABLES


def _from(module: str, names: Iterable[str]) -> str:
    ordered = sorted(set(names), key=_import_key)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    listed = "".join(f"    {name},\n" for name in ordered)
    return f"from {module} import (\n{listed})"


def _import_key(name: str) -> tuple[int, str]:
    """The linter's order: constants, then classes, then the rest."""
    constant = len(name) > 1 and name.isupper()
    return (0 if constant else 1 if name[:1].isupper() else 2), name
