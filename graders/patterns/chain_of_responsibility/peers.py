"""A library behind the contract, and chains in other styles."""

import importlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

from contracts.patterns.chain_of_responsibility import (
    BadAnswer,
    CycleError,
    Decision,
    DuplicateStep,
    Expense,
    HandlerFailed,
    Undecided,
    UnknownStep,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class UpTo:
    """A limit as a value that can be called: it can be printed and compared, which a closure cannot."""

    limit: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.limit) is not int or not isinstance(self.currency, str):
            raise TypeError("a limit is an int and a currency")
        if self.limit < 0 or self.currency == "":
            raise ValueError("a limit is not negative, a currency not empty")

    def __call__(self, expense: Expense) -> Verdict | None:
        if expense.currency != self.currency or expense.amount > self.limit:
            return None
        return Verdict.APPROVED


def _check(name: Any, step: Any, chain: type) -> None:
    if not isinstance(name, str):
        raise TypeError("a name is a str")
    if not name or "/" in name:
        raise ValueError("a name is not empty and has no '/'")
    if not isinstance(step, chain) and not callable(step):
        raise TypeError("a step is a chain or callable")


def _call(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
    try:
        answer = handler(expense)
    except Exception as error:
        raise HandlerFailed(asked[-1], tuple(asked)) from error
    if answer is None or type(answer) is Verdict:
        return answer
    raise BadAnswer(asked[-1], tuple(asked), answer)


class WorkList:
    """What is still to be asked is one deque: a chain in front is exchanged for its steps. Copied lists of pairs."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    up_to = UpTo

    class Chain:
        """A tuple of pairs, replaced under a lock that all chains share."""

        __slots__ = ("__weakref__", "pairs")
        edit = threading.RLock()

        def __init__(self) -> None:
            self.pairs: tuple[tuple[str, Any], ...] = ()

        def names(self) -> tuple[str, ...]:
            return tuple(name for name, _ in self.pairs)

        def _place(self, name: str) -> int:
            for place, (each, _) in enumerate(self.pairs):
                if each == name:
                    return place
            raise UnknownStep(name, self.names())

        def add(self, name: str, step: Any, before: str | None = None) -> None:
            _check(name, step, WorkList.Chain)
            with self.edit:
                place = len(self.pairs) if before is None else self._place(before)
                if name in self.names():
                    raise DuplicateStep(name)
                self._look(name, step)
                self.pairs = (*self.pairs[:place], (name, step), *self.pairs[place:])

        def remove(self, name: str) -> None:
            with self.edit:
                place = self._place(name)
                self.pairs = self.pairs[:place] + self.pairs[place + 1 :]

        def replace(self, name: str, step: Any) -> None:
            with self.edit:
                place = self._place(name)
                _check(name, step, WorkList.Chain)
                self._look(name, step)
                self.pairs = (*self.pairs[:place], (name, step), *self.pairs[place + 1 :])

        def _look(self, name: str, step: Any) -> None:
            """Breadth first: the shortest way back is the one that is told."""
            come_from: dict[int, tuple[str, Any]] = {id(step): (name, None)}
            line = deque([step])
            while line:
                here = line.popleft()
                if here is self:
                    raise CycleError(self._way(come_from, here))
                for more, below in here.pairs if isinstance(here, WorkList.Chain) else ():
                    if isinstance(below, WorkList.Chain) and id(below) not in come_from:
                        come_from[id(below)] = (more, here)
                        line.append(below)

        @staticmethod
        def _way(come_from: dict[int, tuple[str, Any]], here: Any) -> tuple[str, ...]:
            way: deque[str] = deque()
            while here is not None:
                name, here = come_from[id(here)]
                way.appendleft(name)
            return tuple(way)

        def decide(self, expense: Expense) -> Decision:
            if not isinstance(expense, Expense):
                raise TypeError("an expense is needed")
            todo = deque(("", *pair) for pair in self.pairs)
            asked: list[str] = []
            while todo:
                prefix, name, step = todo.popleft()
                if isinstance(step, WorkList.Chain):
                    inside = [(f"{prefix}{name}/", *pair) for pair in step.pairs]
                    todo.extendleft(reversed(inside))
                elif name != expense.claimant:
                    asked.append(prefix + name)
                    if (verdict := _call(step, expense, asked)) is not None:
                        return Decision(expense, verdict, asked[-1], tuple(asked))
            raise Undecided(expense, tuple(asked))


class Cell(NamedTuple):
    """A handler and its successor, as in the textbook; but nobody ever changes it."""

    name: str
    step: Any
    then: "Cell | None"


class LinkedCells:
    """Handlers linked to their successors, in cells that never change; the chain knows the first of them."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    up_to = UpTo

    class Chain:
        """A change builds new cells up to its place and shares those behind it."""

        one_at_a_time: ClassVar[threading.Condition] = threading.Condition()

        def __init__(self) -> None:
            self.first: Cell | None = None
            self.taken: dict[str, Any] = {}

        def names(self) -> tuple[str, ...]:
            names, cell = [], self.first
            while cell:
                names.append(cell.name)
                cell = cell.then
            return tuple(names)

        def _rebuilt(self, until: str | None, turn: Callable[[Cell | None], Cell | None]) -> None:
            passed, cell = [], self.first
            while cell and cell.name != until:
                passed.append(cell)
                cell = cell.then
            if until is not None and cell is None:
                raise UnknownStep(until, self.names())
            new = turn(cell)
            for old in reversed(passed):
                new = Cell(old.name, old.step, new)
            self.first = new

        def add(self, name: str, step: Any, before: str | None = None) -> None:
            _check(name, step, LinkedCells.Chain)
            with self.one_at_a_time:
                if name in self.taken:
                    raise DuplicateStep(name)
                self._look(name, step)
                self._rebuilt(before, lambda cell: Cell(name, step, cell))
                self.taken[name] = step

        def remove(self, name: str) -> None:
            with self.one_at_a_time:
                self._rebuilt(name, lambda cell: cell.then if cell else None)
                del self.taken[name]

        def replace(self, name: str, step: Any) -> None:
            _check("any", step, LinkedCells.Chain)
            with self.one_at_a_time:
                if name in self.taken:
                    self._look(name, step)
                self._rebuilt(name, lambda cell: Cell(name, step, cell.then if cell else None))
                self.taken[name] = step

        def _look(self, name: str, step: Any) -> None:
            """Depth first; the way so far is what the iterators on the stack have reached."""
            way, stack, done = [name], [iter([(name, step)])], set[int]()
            while stack:
                way[-1], below = next(stack[-1], ("", None))
                if below is self:
                    raise CycleError(tuple(way))
                if below is None:
                    stack.pop()
                    way.pop()
                elif isinstance(below, LinkedCells.Chain) and id(below) not in done:
                    done.add(id(below))
                    way.append("")
                    stack.append(iter(below.taken.items()))

        def decide(self, expense: Expense) -> Decision:
            if not isinstance(expense, Expense):
                raise TypeError("an expense is needed")
            asked: list[str] = []
            after: list[tuple[str, Cell | None]] = []
            prefix, cell = "", self.first
            while cell or after:
                if cell is None:
                    prefix, cell = after.pop()
                elif isinstance(cell.step, LinkedCells.Chain):
                    after.append((prefix, cell.then))
                    prefix, cell = f"{prefix}{cell.name}/", cell.step.first
                else:
                    if cell.name != expense.claimant:
                        asked.append(prefix + cell.name)
                        verdict = _call(cell.step, expense, asked)
                        if verdict:
                            return Decision(expense, verdict, asked[-1], tuple(asked))
                    cell = cell.then
            raise Undecided(expense, tuple(asked))


class Middleware:
    """Each step is wrapped around the next, as in a web framework: it decides, or calls what comes after it."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P12": "a chain of calls is as deep as it is long: a thousand steps are a RecursionError"
    }

    up_to = UpTo

    class Chain(WorkList.Chain):
        """Composed anew for each expense."""

        def decide(self, expense: Expense) -> Decision:
            if not isinstance(expense, Expense):
                raise TypeError("an expense is needed")
            asked: list[str] = []

            def nobody() -> Decision:
                raise Undecided(expense, tuple(asked))

            def ask(name: str, handler: Any) -> Decision | None:
                asked.append(name)
                verdict = _call(handler, expense, asked)
                return verdict and Decision(expense, verdict, name, tuple(asked))

            def composed(chain: Any, prefix: str, then: Callable[[], Decision]) -> Decision:
                for name, step in reversed(chain.pairs):
                    then = partial(layer, prefix, name, step, then)
                return then()

            def layer(prefix: str, name: str, step: Any, then: Callable[[], Decision]) -> Decision:
                if isinstance(step, WorkList.Chain):
                    return composed(step, f"{prefix}{name}/", then)
                mine = None if name == expense.claimant else ask(prefix + name, step)
                return mine or then()

            return composed(self, "", nobody)


class Pluggy:
    """pluggy: a hook whose first result counts. Plug-ins have no place, so that a change registers all anew."""

    requires = ("pluggy",)
    fails: ClassVar[dict[str, str]] = {
        "P9": "while plug-ins are registered anew an expense meets half of them",
        "P10": "the plug-in manager has no lock: changes at the same time trip over each other",
        "P12": "a manager in a manager is a recursion, some three calls for each",
    }

    up_to = UpTo

    class Chain:
        """A plug-in manager; with `trylast` the plug-in that is registered last is called last."""

        def __init__(self) -> None:
            pluggy: Any = importlib.import_module("pluggy")
            self.steps: dict[str, Any] = {}
            self.manager = pluggy.PluginManager("desk")
            self.mark = pluggy.HookimplMarker("desk")
            spec = pluggy.HookspecMarker("desk")(firstresult=True)

            class Hooks:
                @spec
                def handle(self, expense: Any, asked: Any, prefix: Any) -> Any:
                    """Decide, or return None."""

            self.manager.add_hookspecs(Hooks)

        def names(self) -> tuple[str, ...]:
            return tuple(self.steps)

        def add(self, name: str, step: Any, before: str | None = None) -> None:
            _check(name, step, Pluggy.Chain)
            if name in self.steps:
                raise DuplicateStep(name)
            if before is not None and before not in self.steps:
                raise UnknownStep(before, self.names())
            self._look(step, (name,))
            if before is None:
                self.manager.register(self._plugin(name, step), f"step {name}")
                self.steps = {**self.steps, name: step}
                return
            names = list(self.steps)
            names.insert(names.index(before), name)
            self._register({each: self.steps.get(each, step) for each in names})

        def remove(self, name: str) -> None:
            if name not in self.steps:
                raise UnknownStep(name, self.names())
            self._register({each: step for each, step in self.steps.items() if each != name})

        def replace(self, name: str, step: Any) -> None:
            _check("any", step, Pluggy.Chain)
            if name not in self.steps:
                raise UnknownStep(name, self.names())
            self._look(step, (name,))
            self._register({**self.steps, name: step})

        def _look(self, step: Any, way: tuple[str, ...]) -> None:
            if step is self:
                raise CycleError(way)
            for name, below in step.steps.items() if isinstance(step, Pluggy.Chain) else ():
                self._look(below, (*way, name))

        def _register(self, steps: dict[str, Any]) -> None:
            for name in list(self.steps):
                self.manager.unregister(name=f"step {name}")
            for name, step in steps.items():
                self.manager.register(self._plugin(name, step), f"step {name}")
            self.steps = steps

        def _plugin(self, name: str, step: Any) -> Any:
            class Plugin:
                @self.mark(trylast=True)
                def handle(self, expense: Any, asked: Any, prefix: Any) -> Any:
                    if isinstance(step, Pluggy.Chain):
                        hook = step.manager.hook
                        return hook.handle(expense=expense, asked=asked, prefix=f"{prefix}{name}/")
                    if name == expense.claimant:
                        return None
                    asked.append(prefix + name)
                    return _call(step, expense, asked)

            return Plugin()

        def decide(self, expense: Expense) -> Decision:
            if not isinstance(expense, Expense):
                raise TypeError("an expense is needed")
            asked: list[str] = []
            verdict = self.manager.hook.handle(expense=expense, asked=asked, prefix="")
            if verdict is None:
                raise Undecided(expense, tuple(asked))
            return Decision(expense, verdict, asked[-1], tuple(asked))
