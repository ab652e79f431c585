"""Switch points written into an implementation's own code, as calls in its syntax tree.

A point stands before everything another thread could notice: loads and stores of attributes that change after
construction, subscripts, `in`, calls, iteration steps, loop turns, and names shared through `global` or
`nonlocal`. Working on the syntax tree (not on byte codes) makes points, stories and costs the same on every
version of Python, and leaves `sys.settrace` to debuggers.
"""

import ast
from pathlib import Path
from types import CodeType

from graders.kit.sim import runtime
from graders.kit.sim.survey import Facts, hidden_self

# Calls of these can neither block nor see what another thread changes.
QUIET_CALLS = frozenset(
    """
    isinstance issubclass int float bool complex range super type id callable object
    property locals globals vars dir eval exec cast ValueError TypeError KeyError
    IndexError RuntimeError NotImplementedError OverflowError AssertionError
    """.split()  # noqa: SIM905 - reads as a table
)
# Constructors of what is new and therefore nobody else's yet.
QUIET_METHODS = frozenset(
    """
    Lock RLock Condition Event Semaphore BoundedSemaphore Barrier Thread Timer local Queue
    LifoQueue PriorityQueue SimpleQueue Future OrderedDict deque defaultdict Counter
    ThreadPoolExecutor
    """.split()  # noqa: SIM905 - reads as a table
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def compile_instrumented(source: bytes, path: Path, facts: Facts) -> CodeType:
    """The code of `source` with its points; SyntaxError as from `compile`. Cost: linear in the source."""
    tree = ast.parse(source, str(path))
    lines = source.decode("utf-8", "replace").splitlines()
    tree = ast.fix_missing_locations(_Instrument(path.name, lines, facts).visit(tree))
    return compile(tree, str(path), "exec", dont_inherit=True)


class _Instrument(ast.NodeTransformer):
    """Rewrites function bodies; what runs once at import stays as it is."""

    def __init__(self, file: str, lines: list[str], facts: Facts) -> None:
        self._file, self._lines, self._facts = file, lines, facts
        self._in_function = False
        self._hidden_self = ""
        self._loops: list[str] = []  # the counters of the loops around, in this function

    def _site(self, node: ast.AST) -> ast.Constant:
        line: int = getattr(node, "lineno", 1)
        text = self._lines[line - 1].strip() if line <= len(self._lines) else ""
        runtime.SITES.append((self._file, line, text))
        return ast.Constant(len(runtime.SITES) - 1)

    def _call(self, name: str, node: ast.expr) -> ast.expr:
        func = ast.Name(f"__sim_{name}__", ast.Load())
        return ast.copy_location(ast.Call(func, [node, self._site(node)], []), node)

    def _point(self, node: ast.expr) -> ast.expr:
        return self._call("point", node)

    # Scopes: only what runs after import is rewritten; annotations never are.

    def _visit_function(self, node: Function) -> Function:
        outer = self._in_function, self._hidden_self, self._loops
        self._in_function, self._hidden_self, self._loops = True, hidden_self(node), []
        node.body = self._visit_body(node.body)
        self._in_function, self._hidden_self, self._loops = outer
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = _visit_function

    def _visit_body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        visited = (self.visit(statement) for statement in statements)
        return [one for some in visited for one in (some if isinstance(some, list) else [some])]

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        outer, self._in_function, self._loops = (self._in_function, self._loops), True, []
        node.body = self.visit(node.body)
        self._in_function, self._loops = outer
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.body = self._visit_body(node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.target = self.visit(node.target)
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        node.guard = self.visit(node.guard) if node.guard else None
        node.body = self._visit_body(node.body)
        return node

    # Attributes, subscripts, names.

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        node.value = self.visit(node.value)
        if self._in_function and self._noticeable(node):
            node.value = self._point(node.value)
        return node

    def _noticeable(self, node: ast.Attribute) -> bool:
        if isinstance(node.ctx, ast.Load):
            return self._facts.changes(node.attr)
        return not (isinstance(node.value, ast.Name) and node.value.id == self._hidden_self)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.value, node.slice = self.visit(node.value), self.visit(node.slice)
        if not self._in_function:
            return node
        if any(isinstance(part, ast.Slice) for part in ast.walk(node.slice)):
            node.value = self._point(node.value)
        else:
            node.slice = self._point(node.slice)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self._in_function and isinstance(node.ctx, ast.Load) and node.id in self._facts.names:
            func = ast.Name("__sim_before__", ast.Load())
            before = ast.Call(func, [self._site(node)], [])
            return ast.copy_location(ast.BoolOp(ast.Or(), [before, node]), node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AugAssign:
        node.target, node.value = self.visit(node.target), self.visit(node.value)
        local = isinstance(node.target, ast.Name) and node.target.id not in self._facts.names
        if self._in_function and not local:
            node.value = self._point(node.value)  # between the load and the store
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        node.targets = [self.visit(target) for target in node.targets]
        node.value = self.visit(node.value)
        stored = {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        if self._in_function and stored & self._facts.names:
            node.value = self._point(node.value)
        return node

    # Calls and containment.

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        quiet = self._is_quiet(node.func)
        node.func = self.visit(node.func)
        if self._in_function and not quiet:
            self._point_before_call(node)
        return node

    def _is_quiet(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Name):
            return func.id in QUIET_CALLS | QUIET_METHODS | self._facts.functions
        if not isinstance(func, ast.Attribute):
            return False
        own = isinstance(func.value, ast.Name) and func.value.id in {"self", "cls"}
        return func.attr in QUIET_METHODS or (own and func.attr in self._facts.functions)

    def _point_before_call(self, node: ast.Call) -> None:
        last = node.args[-1] if node.args else None
        if node.keywords and node.keywords[-1].arg is not None:
            node.keywords[-1].value = self._point(node.keywords[-1].value)
        elif last is not None and not isinstance(last, ast.Starred) and not node.keywords:
            node.args[-1] = self._point(last)
        elif isinstance(node.func, ast.Attribute):
            node.func.value = self._point(node.func.value)
        else:
            node.func = self._point(node.func)

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        node.left = self.visit(node.left)
        node.comparators = [self.visit(comparator) for comparator in node.comparators]
        if self._in_function:
            for index, operator in enumerate(node.ops):
                if isinstance(operator, ast.In | ast.NotIn):
                    node.comparators[index] = self._point(node.comparators[index])
        return node

    # Loops and with.

    def visit_While(self, node: ast.While) -> ast.While | list[ast.stmt]:
        if not self._in_function:
            self.generic_visit(node)
            return node
        name = f"__sim_loop_{len(runtime.SITES)}_{len(self._loops)}__"
        self._loops.append(name)
        self.generic_visit(node)
        self._loops.pop()
        test = self._call("turn", node.test)
        assert isinstance(test, ast.Call)
        test.args.append(ast.Name(name, ast.Load()))
        node.test = test
        new_loop = ast.Call(ast.Name("__sim_loop__", ast.Load()), [], [])
        return [ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], new_loop), node), node]

    def _visit_yield(self, node: ast.Yield | ast.YieldFrom) -> ast.expr:
        """A generator that hands something out does not spin, however often it is resumed."""
        self.generic_visit(node)
        loops: list[ast.expr] = [ast.Name(name, ast.Load()) for name in self._loops]
        if not loops:
            return node
        func = ast.Name("__sim_resumed__", ast.Load())
        return ast.copy_location(ast.Call(func, [node, *loops], []), node)

    visit_Yield = visit_YieldFrom = _visit_yield

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.iter = self._steps(node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        if not node.is_async:
            node.iter = self._steps(node.iter)
        return node

    def _steps(self, items: ast.expr) -> ast.expr:
        finite = (
            isinstance(items, ast.Call)
            and isinstance(items.func, ast.Name)
            and items.func.id == "range"
        )
        return items if finite or not self._in_function else self._call("steps", items)

    def visit_withitem(self, node: ast.withitem) -> ast.withitem:
        self.generic_visit(node)
        if self._in_function:
            node.context_expr = self._call("mark", node.context_expr)
        return node
