"""Chain of responsibility as a list and a loop, with the list replaced and never changed.

A chain holds a dict that nobody alters: each change makes a new one and puts it in place with a single store. So an
expense keeps what it has read, whatever others do, and decide takes no lock at all.

Trade-offs: a change costs O(steps), which is right where changes are rare and expenses are not. One lock serves the
changes of all chains, because a cycle is a matter of several: with a lock per chain, A can become a step of B while B
becomes a step of A, or the two changes wait for each other. Groups are walked with a stack of iterators instead of
recursion, so that depth costs memory and not the interpreter's stack. Textbooks link handler objects by `set_next`;
then each handler has to remember to call the next, and cannot be in two chains.
"""

import threading
from collections.abc import Iterator
from typing import Optional, Union

from contracts.patterns.chain_of_responsibility import (
    BadAnswer,
    CycleError,
    Decision,
    DuplicateStep,
    Expense,
    Handler,
    HandlerFailed,
    Undecided,
    UnknownStep,
    Verdict,
)

Step = Union[Handler, "Chain"]
Steps = dict[str, Step]
Way = tuple[Optional["Way"], str]

_changing = threading.Lock()


class Chain:
    """Steps in an order, each a handler or a chain."""

    def __init__(self) -> None:
        self.steps: Steps = {}
        """Replaced by every change, altered by none."""

    def add(self, name: str, step: object, before: str | None = None) -> None:
        """Put a step at the end, or right before another. Cost: O(steps), plus the chains below a chain."""
        _check_name(name)
        step = _checked(step)
        with _changing:
            if name in self.steps:
                raise DuplicateStep(name)
            if before is not None:
                self._must_have(before)
            self._refuse_cycle(name, step)
            self.steps = _with(self.steps, name, step, before)

    def remove(self, name: str) -> None:
        """Take a step away. Cost: O(steps)."""
        with _changing:
            self._must_have(name)
            self.steps = {other: step for other, step in self.steps.items() if other != name}

    def replace(self, name: str, step: object) -> None:
        """Put another step in the same place. Cost: as `add`."""
        step = _checked(step)
        with _changing:
            self._must_have(name)
            self._refuse_cycle(name, step)
            self.steps = {**self.steps, name: step}

    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(self.steps)

    def decide(self, expense: Expense) -> Decision:
        """Ask one after the other. Cost: O(steps passed)."""
        if not isinstance(expense, Expense):
            raise TypeError(f"expense must be an Expense, got {type(expense).__name__}")
        asked: list[str] = []
        for path, name, handler in self._handlers():
            if name == expense.claimant:
                continue
            asked.append(path)
            verdict = _ask(handler, expense, asked)
            if verdict is not None:
                return Decision(expense, verdict, path, tuple(asked))
        raise Undecided(expense, tuple(asked))

    def _handlers(self) -> Iterator[tuple[str, str, Handler]]:
        """Full name, own name and handler; each chain is read when it is reached."""
        stack = [("", iter(self.steps.items()))]
        while stack:
            prefix, steps = stack[-1]
            name, step = next(steps, ("", None))
            if step is None:
                stack.pop()
            elif isinstance(step, Chain):
                stack.append((f"{prefix}{name}/", iter(step.steps.items())))
            else:
                yield prefix + name, name, step

    def _must_have(self, name: str) -> None:
        if name not in self.steps:
            raise UnknownStep(name, tuple(self.steps))

    def _refuse_cycle(self, name: str, step: Step) -> None:
        """Look through everything below the new step, each chain once."""
        ways: list[tuple[object, Way]] = [(step, (None, name))]
        seen = set()
        while ways:
            below, way = ways.pop()
            if below is self:
                raise CycleError(_names_of(way))
            if isinstance(below, Chain) and id(below) not in seen:
                seen.add(id(below))
                ways += [(under, (way, more)) for more, under in below.steps.items()]


def _with(steps: Steps, name: str, step: Step, before: str | None) -> Steps:
    """A new dict, the step at the end or before another."""
    if before is None:
        return {**steps, name: step}
    names = list(steps)
    place = names.index(before)
    return {each: steps.get(each, step) for each in [*names[:place], name, *names[place:]]}


def _names_of(way: Way) -> tuple[str, ...]:
    """The names on a way, which is a linked list from its end."""
    names: list[str] = []
    so_far: Way | None = way
    while so_far is not None:
        so_far, name = so_far
        names.append(name)
    return tuple(reversed(names))


def _ask(handler: Handler, expense: Expense, asked: list[str]) -> Verdict | None:
    try:
        answer = handler(expense)
    except Exception as error:
        raise HandlerFailed(asked[-1], tuple(asked)) from error
    if answer is not None and not isinstance(answer, Verdict):
        raise BadAnswer(asked[-1], tuple(asked), answer)
    return answer


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {type(name).__name__}")
    if not name or "/" in name:
        raise ValueError(f"name must not be empty or hold a '/': {name!r}")


def _checked(step: object) -> Step:
    if isinstance(step, Chain) or callable(step):
        return step
    raise TypeError(f"step must be a Chain or callable, got {type(step).__name__}")


def up_to(limit: int, currency: str) -> Handler:
    """A closure: the idiomatic handler object with a single method."""
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"limit must be an int, got {type(limit).__name__}")
    if not isinstance(currency, str):
        raise TypeError(f"currency must be a str, got {type(currency).__name__}")
    if limit < 0 or not currency:
        raise ValueError(f"no limit: {limit} {currency!r}")

    def handler(expense: Expense) -> Verdict | None:
        mine = expense.currency == currency and expense.amount <= limit
        return Verdict.APPROVED if mine else None

    return handler
