"""What a Protocol asks of the class that implements it: bases and members, its bases merged."""

import ast
import copy
from collections.abc import Iterator

from graders.kit.contract import Contract
from graders.kit.overloads import is_overload
from graders.kit.signature import Function, plain

Attribute = ast.AnnAssign | ast.Expr
Member = list[Function] | Attribute


def bases_of(contract: Contract, node: ast.ClassDef) -> list[ast.expr]:
    """Return the bases of the implementing class: ``Protocol[T]`` becomes ``Generic[T]``."""
    return [copy_ for base in node.bases if (copy_ := _base(contract, base)) is not None]


def members_of(contract: Contract, node: ast.ClassDef) -> Iterator[Member]:
    """Yield attributes, and methods as lists: overloads together, a property apart from its setter.

    Members of base Protocols that the learner does not implement come last, unless overridden.
    """
    seen: set[str] = set()
    for member in _all_members(contract, node):
        name = _key(member)
        if name not in seen:
            seen.add(name)
            yield member


def _all_members(contract: Contract, node: ast.ClassDef) -> Iterator[Member]:
    yield from _own_members(node)
    for base in node.bases:
        parent = _definition(contract, base)
        if parent and parent.name not in contract.implement:
            yield from _all_members(contract, _specialised(parent, base))


def _own_members(node: ast.ClassDef) -> Iterator[Member]:
    overloads: dict[str, list[Function]] = {}
    after_attribute = False
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            known = overloads.get(statement.name)
            if known and is_overload(known[-1]):
                known.append(statement)
            else:
                overloads[statement.name] = [statement]
                yield overloads[statement.name]
        elif isinstance(statement, ast.AnnAssign) or (after_attribute and _is_text(statement)):
            assert isinstance(statement, ast.AnnAssign | ast.Expr)
            yield statement
        after_attribute = isinstance(statement, ast.AnnAssign)


def _base(contract: Contract, base: ast.expr) -> ast.expr | None:
    name = plain(base)
    if isinstance(name, ast.Name) and name.id == "Protocol":
        if not isinstance(base, ast.Subscript):
            return None
        generic = copy.deepcopy(base)
        generic.value = ast.Name(id="Generic", ctx=ast.Load())
        return generic
    parent = _definition(contract, base)
    return base if parent is None or parent.name in contract.implement else None


def _definition(contract: Contract, base: ast.expr) -> ast.ClassDef | None:
    name = plain(base)
    found = contract.definitions.get(name.id) if isinstance(name, ast.Name) else None
    return found if isinstance(found, ast.ClassDef) else None


def _specialised(parent: ast.ClassDef, base: ast.expr) -> ast.ClassDef:
    """Return ``parent`` with its type variables replaced by the arguments that ``base`` gives."""
    given = _arguments(base)
    wanted = [each for parent_base in parent.bases for each in _arguments(parent_base)]
    if not given or len(given) != len(wanted):
        return parent
    names = [each.id for each in wanted if isinstance(each, ast.Name)]
    changed = _Replace(dict(zip(names, given, strict=False))).visit(copy.deepcopy(parent))
    assert isinstance(changed, ast.ClassDef)
    return changed


def _arguments(base: ast.expr) -> list[ast.expr]:
    if not isinstance(base, ast.Subscript):
        return []
    return base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]


class _Replace(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.values.get(node.id, node)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _key(member: Member) -> str:
    if isinstance(member, list):
        accessor = [ast.unparse(each) for each in member[0].decorator_list]
        setter = next((each for each in accessor if each.endswith((".setter", ".deleter"))), "")
        return f"{member[0].name} {setter}"
    return ast.dump(member.target) if isinstance(member, ast.AnnAssign) else ast.dump(member)
