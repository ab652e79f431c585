"""Printing a function's head the way the formatter would, from its syntax tree."""

import ast
import copy
from collections.abc import Iterator
from typing import Final

WIDTH: Final = 100
Function = ast.FunctionDef | ast.AsyncFunctionDef


def head(function: Function, indent: str, *, name: str = "", returns: str | None = None) -> str:
    """Return the ``def`` line(s) of ``function``, at most 100 columns wide.

    ``name`` and ``returns`` replace the function's own.
    """
    word = "async def" if isinstance(function, ast.AsyncFunctionDef) else "def"
    result = annotation(function.returns) if returns is None else returns
    arrow = f" -> {result}" if result else ""
    start = f"{indent}{word} {name or function.name}("
    parts = list(parameters(function.args))
    one_line = f"{start}{', '.join(parts)}){arrow}:"
    if len(one_line) <= WIDTH:
        return one_line
    inner = f"{indent}    {', '.join(parts)}"
    if len(inner) <= WIDTH:
        return f"{start}\n{inner}\n{indent}){arrow}:"
    lines = f",\n{indent}    ".join(parts)
    return f"{start}\n{indent}    {lines},\n{indent}){arrow}:"


def parameters(arguments: ast.arguments) -> Iterator[str]:
    """Yield each parameter with annotation and default, and the bare ``/`` and ``*``."""
    positional = [*arguments.posonlyargs, *arguments.args]
    gap = len(positional) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*[None] * gap, *arguments.defaults]
    for place, (argument, default) in enumerate(zip(positional, defaults, strict=True), start=1):
        yield parameter(argument, default)
        if place == len(arguments.posonlyargs):
            yield "/"
    if arguments.vararg:
        yield "*" + parameter(arguments.vararg)
    elif arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield parameter(argument, default)
    if arguments.kwarg:
        yield "**" + parameter(arguments.kwarg)


def parameter(argument: ast.arg, default: ast.expr | None = None) -> str:
    """Return one parameter as it is written in a signature."""
    if argument.annotation is None:
        return argument.arg if default is None else f"{argument.arg}={expression(default)}"
    typed = f"{argument.arg}: {annotation(argument.annotation)}"
    return typed if default is None else f"{typed} = {expression(default)}"


def annotation(node: ast.expr | None) -> str:
    """Return an annotation in one line, its quoted parts without their quotes."""
    return expression(_Unquoted().visit(copy.deepcopy(node))) if node else ""


def expression(node: ast.expr | None) -> str:
    """Return an expression in one line, with the double quotes that the formatter wants."""
    if node is None:
        return ""
    return ast.unparse(_DoubleQuotes().visit(copy.deepcopy(node)))


class _Unquoted(ast.NodeTransformer):
    """Turns ``"Later"`` into ``Later``: stubs do not evaluate their annotations."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node if ast.unparse(node.value).endswith("Literal") else self.generic_visit(node)


class _DoubleQuotes(ast.NodeTransformer):
    """Writes strings in double quotes: each becomes a name that reads like one."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = node.value
        if isinstance(value, str) and '"' not in value:
            return ast.Name(id='"' + repr("'" + value)[2:], ctx=ast.Load())
        if isinstance(value, bytes) and b'"' not in value:
            return ast.Name(id='b"' + repr(b"'" + value)[3:], ctx=ast.Load())
        return node  # the apostrophe in front made repr choose double quotes


def plain(node: ast.expr) -> ast.expr:
    """Return what is subscripted: ``Protocol`` for ``Protocol[K, V]``."""
    return node.value if isinstance(node, ast.Subscript) else node
