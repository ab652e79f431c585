"""Chains that are almost right: one wrong idea each, and the promise it breaks."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from contracts.patterns.chain_of_responsibility import (
    BadAnswer,
    CycleError,
    Decision,
    DuplicateStep,
    Expense,
    HandlerFailed,
    Undecided,
    Verdict,
)
from solutions.patterns import chain_of_responsibility as reference

Ask = Callable[[Any, Expense, list[str]], Verdict | None]


def _decide(chain: Any, expense: Expense, ask: Ask = reference._ask) -> Decision:
    """As the reference, with another way to ask."""
    asked: list[str] = []
    if not isinstance(expense, Expense):
        raise TypeError
    for path, name, handler in chain._handlers():
        if name != expense.claimant:
            asked.append(path)
            verdict = ask(handler, expense, asked)
            if verdict is not None:
                return Decision(expense, verdict, path, tuple(asked))
    raise Undecided(expense, tuple(asked))


class RefusalsGoOn:
    """Only an approval ends the decision; a refusal is handed on in the hope of somebody kinder."""

    breaks = "P1"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            refused: list[tuple[str, tuple[str, ...]]] = []

            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                verdict = reference._ask(handler, expense, asked)
                if verdict is not Verdict.REFUSED:
                    return verdict
                refused.append((asked[-1], tuple(asked)))
                return None

            try:
                return _decide(self, expense, ask)
            except Undecided:
                if refused:
                    return Decision(expense, Verdict.REFUSED, *refused[0])
                raise


class AsksASharedChainOnce:
    """A chain that has been gone through is passed over when it comes again: a guard against loops."""

    breaks = "P2"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, Any]]:
            return self._walk("", set())

        def _walk(self, prefix: str, seen: set[int]) -> Iterator[tuple[str, str, Any]]:
            seen.add(id(self))
            for name, step in self.steps.items():
                if not isinstance(step, AsksASharedChainOnce.Chain):
                    yield prefix + name, name, step
                elif id(step) not in seen:
                    yield from step._walk(f"{prefix}{name}/", seen)


class NobodyMinds:
    """Nobody has refused, so it is approved: an empty chain lets everything through."""

    breaks = "P3"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            try:
                return super().decide(expense)
            except Undecided as error:
                if error.asked:
                    raise
                return Decision(expense, Verdict.APPROVED, "", ())


class FailsOpen:
    """A handler that raises has no say: the next one is asked. As in a review of line/centraldogma PR 1317."""

    breaks = "P4"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                try:
                    return reference._ask(handler, expense, asked)
                except BadAnswer:
                    raise
                except HandlerFailed:
                    return None

            return _decide(self, expense, ask)


class WrappedOnce:
    """What is a HandlerFailed already is raised as it is, also if it comes from another chain."""

    breaks = "P4"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            try:
                return super().decide(expense)
            except HandlerFailed as error:
                if isinstance(error.__cause__, HandlerFailed):
                    raise error.__cause__ from error.__cause__.__cause__
                raise


class StopsWithTheIterator:
    """The answers come from a map: a StopIteration of a handler is the end of the chain."""

    breaks = "P4"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                try:
                    return reference._ask(handler, expense, asked)
                except HandlerFailed as error:
                    if isinstance(error.__cause__, StopIteration):
                        raise Undecided(expense, tuple(asked)) from None
                    raise

            return _decide(self, expense, ask)


class FalseIsNotMine:
    """What is false counts as None: False, 0, an empty text."""

    breaks = "P5"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                try:
                    return reference._ask(handler, expense, asked)
                except BadAnswer as error:
                    if type(error.answer) in {bool, int, str} and not error.answer:
                        return None
                    raise

            return _decide(self, expense, ask)


class EqualIsEnough:
    """The answer is looked for in a tuple of verdicts, with ==: what is equal to everything is one."""

    breaks = "P5"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                try:
                    return reference._ask(handler, expense, asked)
                except BadAnswer as error:
                    try:
                        agrees = error.answer == Verdict.APPROVED
                    except Exception:
                        raise error from None
                    if agrees is True:
                        return Verdict.APPROVED
                    raise

            return _decide(self, expense, ask)


class OwnExpenseInAGroup:
    """Claimants are kept from their own expenses by full name: in a group they decide on them.

    As open-metadata/OpenMetadata issue 14337.
    """

    breaks = "P6"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, Any]]:
            for path, _, handler in super()._handlers():
                yield path, path, handler


class AddsBeforeItLooks:
    """The step is added first; if `before` is missing, the error leaves it at the end."""

    breaks = "P7"

    class Chain(reference.Chain):
        def add(self, name: str, step: object, before: str | None = None) -> None:
            super().add(name, step)
            if before is not None:
                with reference._changing:
                    self._must_have(before)
                    steps = dict(self.steps)
                    self.steps = reference._with(steps, name, steps.pop(name), before)


class LooksOneStepDeep:
    """A cycle is seen if it is the chain itself or a step of the new one, as in argotorg/solidity issue 1753."""

    breaks = "P8"

    class Chain(reference.Chain):
        def _refuse_cycle(self, name: str, step: Any) -> None:
            try:
                super()._refuse_cycle(name, step)
            except CycleError as error:
                if len(error.path) <= 2:
                    raise


class TwiceIsACycle:
    """A chain that comes up twice in the search is called a cycle. As solo-io/gloo PR 10405."""

    breaks = "P8"

    class Chain(reference.Chain):
        def _refuse_cycle(self, name: str, step: Any) -> None:
            super()._refuse_cycle(name, step)
            seen: set[int] = set()
            ways = [step]
            while ways:
                below = ways.pop()
                if isinstance(below, reference.Chain):
                    if id(below) in seen:
                        raise CycleError((name,))
                    seen.add(id(below))
                    ways += below.steps.values()


class RemembersOldWays:
    """What has been below once counts as below for ever: steps that were taken away still make cycles."""

    breaks = "P8"

    class Chain(reference.Chain):
        def __init__(self) -> None:
            super().__init__()
            self.ever: list[Any] = []

        def _refuse_cycle(self, name: str, step: Any) -> None:
            super()._refuse_cycle(name, step)
            if isinstance(step, reference.Chain):
                ways, seen = [step], set[int]()
                while ways:
                    below = ways.pop()
                    if below is self:
                        raise CycleError((name,))
                    if id(below) not in seen:
                        seen.add(id(below))
                        ways += getattr(below, "ever", [])
                self.ever.append(step)


class PathOfTheSearch:
    """The path holds every step that the search has passed, dead ends too."""

    breaks = "P8"

    class Chain(reference.Chain):
        def _refuse_cycle(self, name: str, step: Any) -> None:
            passed: list[str] = []
            ways, seen = [(name, step)], set[int]()
            while ways:
                way, below = ways.pop()
                if isinstance(below, reference.Chain):
                    passed.append(way)
                    if below is self:
                        raise CycleError(tuple(passed))
                    if id(below) not in seen:
                        seen.add(id(below))
                        ways += below.steps.items()


class LiveList:
    """Walks the live list by index: if a handler removes itself, the next one is skipped.

    As tldraw/tldraw PR 10231.
    """

    breaks = "P9"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, Any]]:
            index = 0
            while index < len(self.steps):
                name, step = list(self.steps.items())[index]
                index += 1
                if isinstance(step, reference.Chain):
                    for path, own, handler in step._handlers():
                        yield f"{name}/{path}", own, handler
                else:
                    yield name, name, step


class FlattenedAtTheStart:
    """All chains are read when decide is called; what changes in a group before its turn is not seen."""

    breaks = "P9"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, Any]]:
            return iter(list(super()._handlers()))


class ReplaceInTwoSteps:
    """Replace removes and inserts: for a moment nobody is in that place."""

    breaks = "P9"

    class Chain(reference.Chain):
        def replace(self, name: str, step: object) -> None:
            step = reference._checked(step)
            with reference._changing:
                self._must_have(name)
                self._refuse_cycle(name, step)
                names = list(self.steps)
                old = self.steps
                self.steps = {each: old[each] for each in names if each != name}
                self.steps = {each: step if each == name else old[each] for each in names}


class LockPerChain:
    """Each chain has a lock of its own: two chains become steps of each other at the same time."""

    breaks = "P10"

    class Chain(reference.Chain):
        def __init__(self) -> None:
            super().__init__()
            self.own = threading.Lock()

        def add(self, name: str, step: object, before: str | None = None) -> None:
            reference._check_name(name)
            step = reference._checked(step)
            with self.own:
                if name in self.steps:
                    raise DuplicateStep(name)
                if before is not None:
                    self._must_have(before)
                self._refuse_cycle(name, step)
                self.steps = reference._with(self.steps, name, step, before)

        def remove(self, name: str) -> None:
            with self.own:
                super().remove(name)

        def replace(self, name: str, step: object) -> None:
            with self.own:
                super().replace(name, step)


class LocksWhileDeciding:
    """One reentrant lock around everything: a slow handler holds up all, a waiting one for ever."""

    breaks = "P11"

    class Chain(reference.Chain):
        def __init__(self) -> None:
            super().__init__()
            self.own = threading.RLock()

        def add(self, name: str, step: object, before: str | None = None) -> None:
            with self.own:
                super().add(name, step, before)

        def remove(self, name: str) -> None:
            with self.own:
                super().remove(name)

        def replace(self, name: str, step: object) -> None:
            with self.own:
                super().replace(name, step)

        def decide(self, expense: Expense) -> Decision:
            with self.own:
                return super().decide(expense)


class TrailOnTheChain:
    """Who was asked is written down on the chain itself: two decisions mix.

    As middyjs/middy issue 558 and florimondmanca/msgpack-asgi issue 27.
    """

    breaks = "P11"

    class Chain(reference.Chain):
        trail: list[str]

        def decide(self, expense: Expense) -> Decision:
            def ask(handler: Any, expense: Expense, asked: list[str]) -> Verdict | None:
                self.trail.append(asked[-1])
                return reference._ask(handler, expense, self.trail)

            self.trail = []
            try:
                decision = _decide(self, expense, ask)
                return Decision(expense, decision.verdict, self.trail[-1], tuple(self.trail))
            except Undecided:
                raise Undecided(expense, tuple(self.trail)) from None


class Recursive:
    """A group is gone through by recursion: a deep one is a RecursionError.

    As microsoftgraph/msgraph-sdk-python issue 846.
    """

    breaks = "P12"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, Any]]:
            for name, step in self.steps.items():
                if isinstance(step, reference.Chain):
                    for path, own, handler in step._handlers():
                        yield f"{name}/{path}", own, handler
                else:
                    yield name, name, step


class EveryWay:
    """The search for cycles goes every way through shared chains: each storey doubles them."""

    breaks = "P12"

    class Chain(reference.Chain):
        def _refuse_cycle(self, name: str, step: Any) -> None:
            ways = [(step, (name,))]
            while ways:
                below, way = ways.pop()
                if below is self:
                    raise CycleError(way)
                if isinstance(below, reference.Chain):
                    ways += [(under, (*way, more)) for more, under in below.steps.items()]


class LimitsAreFloats:
    """Amounts are compared in euros, as floats: a cent more than a huge limit is within it."""

    breaks = "P13"

    @staticmethod
    def up_to(limit: int, currency: str) -> Any:
        reference.up_to(limit, currency)

        def handler(expense: Expense) -> Verdict | None:
            mine = expense.currency == currency and expense.amount / 100 <= limit / 100
            return Verdict.APPROVED if mine else None

        return handler


class OnlyItsOwnClass:
    """A step counts as a chain if it is of the class of the one that gets it: a subclass takes no plain chain."""

    breaks = "P2"

    class Chain(reference.Chain):
        def add(self, name: str, step: object, before: str | None = None) -> None:
            if not isinstance(step, type(self)) and not callable(step):
                raise TypeError("a step must be a chain or callable")
            super().add(name, step, before)

        def replace(self, name: str, step: object) -> None:
            if not isinstance(step, type(self)) and not callable(step):
                raise TypeError("a step must be a chain or callable")
            super().replace(name, step)


class LooksBeforeTheLock:
    """Whether a step is there is looked up before the lock is taken: a step that is removed meanwhile comes back."""

    breaks = "P10"

    class Chain(reference.Chain):
        def replace(self, name: str, step: object) -> None:
            step = reference._checked(step)
            self._must_have(name)
            with reference._changing:
                self._refuse_cycle(name, step)
                self.steps = {**self.steps, name: step}


class CleansUpAfterErrors:
    """What is being decided stands on the chain until it is decided or has failed; an interrupt leaves it there."""

    breaks = "P11"

    class Chain(reference.Chain):
        def decide(self, expense: Expense) -> Decision:
            under_way: dict[int, Expense] = self.__dict__.setdefault("_under_way", {})
            under_way[id(expense)] = expense
            try:
                decision = super().decide(expense)
            except Exception:
                under_way.pop(id(expense), None)
                raise
            under_way.pop(id(expense), None)
            return decision


class NamesFromTheTop:
    """The full name is put together from the top for each handler: every chain further down pays for all above."""

    breaks = "P12"

    class Chain(reference.Chain):
        def _handlers(self) -> Iterator[tuple[str, str, reference.Handler]]:
            for path, name, handler in super()._handlers():
                full = ""
                for part in path.split("/"):
                    full = f"{full}/{part}" if full else part
                yield full, name, handler
