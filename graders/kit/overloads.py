"""The one implementation that stands behind several overloads."""

import ast
import copy
from collections.abc import Iterator, Sequence

from graders.kit.signature import Function


def is_overload(function: Function) -> bool:
    """Say whether ``function`` is decorated as an overload."""
    return any(ast.unparse(each).endswith("overload") for each in function.decorator_list)


def implementation(functions: Sequence[Function]) -> Function:
    """Return a function that accepts whatever the overloads accept, with their docstring.

    Overloads of one shape keep their parameters, with the union of the annotations; others
    become ``*args, **kwargs``. An implementation that stands behind them is taken as it is.
    """
    if not is_overload(functions[-1]):
        return functions[-1]
    overloads = functions
    merged = copy.deepcopy(overloads[0])
    merged.decorator_list = []
    merged.args = _merged(overloads) if _same_shape(overloads) else _anything(overloads[0])
    merged.returns = _union([each.returns for each in overloads])
    texts = [text for each in overloads if (text := ast.get_docstring(each))]
    merged.body = [ast.Expr(ast.Constant(texts[0]))] if texts else [ast.Pass()]
    return merged


def _shape(function: Function) -> list[list[str]]:
    arguments = function.args
    groups = [arguments.posonlyargs, arguments.args, arguments.kwonlyargs]
    extra = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [[each.arg for each in group] for group in [*groups, extra]]


def _same_shape(overloads: Sequence[Function]) -> bool:
    return all(_shape(each) == _shape(overloads[0]) for each in overloads)


def _merged(overloads: Sequence[Function]) -> ast.arguments:
    widest = max(overloads, key=lambda each: len(each.args.defaults))
    arguments = copy.deepcopy(widest.args)
    for kind in ("posonlyargs", "args", "kwonlyargs"):
        for place, argument in enumerate(getattr(arguments, kind)):
            every = [getattr(each.args, kind)[place].annotation for each in overloads]
            argument.annotation = _union(every)
    for place in range(len(arguments.kwonlyargs)):
        defaults = [each.args.kw_defaults[place] for each in overloads]
        arguments.kw_defaults[place] = next((each for each in defaults if each), None)
    return arguments


def _anything(function: Function) -> ast.arguments:
    first = function.args.args[:1]
    anything = ast.Name(id="Any", ctx=ast.Load())
    return ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=each.arg) for each in first],
        vararg=ast.arg(arg="args", annotation=anything),
        kwonlyargs=[],
        kw_defaults=[],
        kwarg=ast.arg(arg="kwargs", annotation=anything),
        defaults=[],
    )


def _union(annotations: Sequence[ast.expr | None]) -> ast.expr | None:
    members = (part for each in annotations if each for part in _members(each))
    written = list(dict.fromkeys(ast.unparse(part) for part in members))
    if not written:
        return None
    return ast.parse(" | ".join(written), mode="eval").body


def _members(annotation: ast.expr) -> Iterator[ast.expr]:
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        yield from _members(annotation.left)
        yield from _members(annotation.right)
    else:
        yield annotation
