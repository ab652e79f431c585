"""Small wrong versions made by machine, of any code: a comparison turned, a constant off by one, a statement left out.

The operators are those of the field (Offutt and others 1996), as far as Python has them. Locks and waits are the
matter of `mutants`. Names are stable when lines move.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graders.kit.mutants import Change, Mutant, Place, made_of, scoped

COMPARED: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], str]]] = {
    ast.Lt: (ast.LtE, "< to <="),
    ast.LtE: (ast.Lt, "<= to <"),
    ast.Gt: (ast.GtE, "> to >="),
    ast.GtE: (ast.Gt, ">= to >"),
    ast.Eq: (ast.NotEq, "== to !="),
    ast.NotEq: (ast.Eq, "!= to =="),
    ast.In: (ast.NotIn, "in to not in"),
    ast.NotIn: (ast.In, "not in to in"),
    ast.Is: (ast.IsNot, "is to is not"),
    ast.IsNot: (ast.Is, "is not to is"),
}
RECKONED: Final[dict[type[ast.operator], tuple[type[ast.operator], str]]] = {
    ast.Add: (ast.Sub, "+ to -"),
    ast.Sub: (ast.Add, "- to +"),
    ast.Mult: (ast.FloorDiv, "* to //"),
    ast.Div: (ast.Mult, "/ to *"),
    ast.FloorDiv: (ast.Mult, "// to *"),
    ast.Mod: (ast.FloorDiv, "% to //"),
}
MODULE: Final = "module"


def alterations(path: Path) -> list[Mutant]:
    """Every altered version of one file, in the order of its nodes."""
    return made_of(path, _places)


def _places(tree: ast.Module) -> Iterator[Place]:
    texts = _only_texts(tree)
    for scope, node in scoped(tree, MODULE):
        if id(node) not in texts:
            for what, change in (*_expression(node), *_statement(node)):
                yield scope, node, what, change


def _only_texts(tree: ast.Module) -> set[int]:
    """Nodes that say something to people or to type checkers and do nothing."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
                silent.update(id(each) for each in ast.walk(node))
            case ast.AnnAssign(annotation=note) | ast.arg(annotation=ast.expr() as note):
                silent.update(id(each) for each in ast.walk(note))
            case ast.FunctionDef(returns=ast.expr() as note):
                silent.update(id(each) for each in ast.walk(note))
            case ast.JoinedStr() | ast.Raise(exc=ast.Call()):
                silent.update(id(each) for each in ast.walk(node) if each is not node)
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                silent.update(id(each) for each in ast.walk(node))
    return silent


def _expression(node: ast.AST) -> Iterator[tuple[str, Change]]:  # noqa: C901 - a table
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            to, what = COMPARED[type(op)]
            yield what, _set("ops", [to()])
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in RECKONED:
            turned, what = RECKONED[type(op)]
            yield what, _set("op", turned())
        case ast.BoolOp(op=ast.And()):
            yield "and to or", _set("op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "or to and", _set("op", ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield "without not", lambda n: n.operand  # type: ignore[attr-defined]
        case ast.Constant(value=bool() as value):
            yield f"{value} to {not value}", _set("value", not value)
        case ast.Constant(value=int() | float() as value):
            yield f"{value} to {value + 1}", _set("value", value + 1)
        case ast.IfExp():
            yield "other branch", lambda n: ast.IfExp(n.test, n.orelse, n.body)  # type: ignore[attr-defined]


def _statement(node: ast.AST) -> Iterator[tuple[str, Change]]:  # noqa: C901 - a table
    match node:
        case ast.Expr(value=ast.Call() as call):
            yield f"without {_called(call)}()", lambda _: ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target]):
            yield f"without {ast.unparse(target)} =", lambda _: ast.Pass()
        case ast.AugAssign(target=target):
            yield f"without {ast.unparse(target)} op=", lambda _: ast.Pass()
        case ast.Delete():
            yield "without del", lambda _: ast.Pass()
        case ast.Raise():
            yield "without raise", lambda _: ast.Pass()
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) not in {"None", "False"}:
            yield "return None", _set("value", ast.Constant(None))
        case ast.Break():
            yield "break to continue", lambda _: ast.Continue()
        case ast.Continue():
            yield "continue to break", lambda _: ast.Break()
        case ast.If():
            yield "if negated", lambda n: ast.If(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)  # type: ignore[attr-defined]


def _set(name: str, value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, name, value)
        return node

    return change


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func)[:40]
