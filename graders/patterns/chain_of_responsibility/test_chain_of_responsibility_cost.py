"""Long chains, deep ones, and what is kept."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

from contracts.patterns.chain_of_responsibility import (
    CycleError,
    Expense,
    HandlerFailed,
    Undecided,
    Verdict,
)
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import count_steps
from graders.patterns.chain_of_responsibility.given import silent

YES = Verdict.APPROVED
LUNCH = Expense("zoe", 1_250)


def long(impl: Implementation, steps: int) -> Any:
    """A chain of handlers that have no say."""
    chain = impl.Chain()
    for number in range(steps):
        chain.add(f"n{number}", silent)
    return chain


def deep(impl: Implementation, chains: int, bottom: Any) -> Any:
    """A chain in a chain in a chain."""
    top = upper = impl.Chain()
    for _ in range(chains - 1):
        lower = impl.Chain()
        upper.add("d", lower)
        upper = lower
    upper.add("d", bottom)
    return top


@check("P12", kind="behaviour")
def test_a_long_chain(plain: Implementation) -> None:
    """2,000 handlers, of whom the last but one approves."""
    chain = long(plain, 2_000)
    chain.replace("n1998", lambda expense: YES)
    decision = chain.decide(LUNCH)
    equal(decision.by, "n1998", did="by, in a chain of 2,000")
    equal(decision.asked, tuple(f"n{n}" for n in range(1_999)), did="asked, in a chain of 2,000")


@check("P12", kind="behaviour")
def test_a_deep_chain(plain: Implementation) -> None:
    """1,200 chains in one another with a handler at the bottom; then the top shall go into the bottom."""
    bottom = plain.Chain()
    bottom.add("x", silent)
    top = deep(plain, 1_200, bottom)
    error = raises(Undecided, lambda: top.decide(LUNCH), did="decide, 1,200 chains deep")
    equal(error.asked, ("d/" * 1_200 + "x",), did="asked")
    cycle = raises(CycleError, lambda: bottom.add("top", top), did="the top is added to the bottom")
    equal(cycle.path, ("top", *["d"] * 1_200), did="path of the error")
    bottom.replace("x", lambda expense: 1 / 0)
    failed = raises(HandlerFailed, lambda: top.decide(LUNCH), did="decide, the handler raises")
    ensure(
        isinstance(failed.__cause__, ZeroDivisionError),
        did="the cause of HandlerFailed, 1,200 chains deep",
        want="ZeroDivisionError",
        got=failed.__cause__,
    )


@check("P12", kind="throughput")
def test_the_cost_grows_with_the_steps(impl: Implementation) -> None:
    """Nobody decides in 30 and in 300 handlers, in as many chains inside one another, and side by side."""

    def cost(chain: Any) -> int:
        return count_steps(lambda: chain_decides(chain))

    for said, make in [
        ("handlers", lambda n: long(impl, n)),
        ("chains inside one another", lambda n: deep(impl, n, long(impl, 1))),
        ("chains inside one another, a handler in each", lambda n: nested(impl, n)),
        ("chains side by side", lambda n: wide(impl, n)),
    ]:
        few, many = cost(make(30)), cost(make(300))
        ensure(
            many <= few * 15,
            did=f"decide with 300 {said}",
            want=f"at most 15 times the {few:,} steps that it takes with 30",
            got=many,
        )


def nested(impl: Implementation, chains: int) -> Any:
    """A handler and a chain, in which are a handler and a chain, and so on."""
    top = upper = long(impl, 1)
    for _ in range(chains - 1):
        lower = long(impl, 1)
        upper.add("d", lower)
        upper = lower
    return top


def wide(impl: Implementation, chains: int) -> Any:
    """Chains of one handler, side by side."""
    top = impl.Chain()
    for number in range(chains):
        top.add(f"c{number}", long(impl, 1))
    return top


def chain_decides(chain: Any) -> None:
    """Decide, whatever comes of it."""
    try:
        chain.decide(LUNCH)
    except Undecided:
        return


@check("P12", kind="throughput")
def test_shared_chains_are_looked_through_once(impl: Implementation) -> None:
    """Twelve storeys of chains, each with the next as a step twice: 4,096 ways to the ground."""
    storey = long(impl, 1)
    for _ in range(12):
        upper = impl.Chain()
        upper.add("left", storey)
        upper.add("right", storey)
        storey = upper
    top = impl.Chain()
    steps = count_steps(lambda: top.add("tower", storey))
    ensure(
        steps <= 4_000,
        did="add a tower of 13 chains to another, through which 4,096 ways lead",
        want="at most 4,000 steps",
        got=steps,
    )
    raises(CycleError, lambda: storey.add("top", top), did="add the top to the tower")


class Watched:
    """A handler that can be watched being let go."""

    def __call__(self, expense: Expense) -> Any:
        return self.answer() if expense.amount else None

    def answer(self) -> Any:
        """Of what comes of it nothing may be kept."""
        return YES


class Fails(Watched):
    """One that raises."""

    def answer(self) -> Any:
        raise ValueError


class Raves(Watched):
    """One that answers nonsense."""

    def answer(self) -> Any:
        return True


class Interrupts(Watched):
    """One that is interrupted."""

    def answer(self) -> Any:
        raise KeyboardInterrupt


@check("P11", kind="behaviour")
def test_nothing_of_an_expense_is_kept(impl: Implementation) -> None:
    """Expenses are approved, undecided, failed upon, answered with nonsense, interrupted; the chain is left."""
    for kind in (Watched, Fails, Raves, Interrupts):
        for amount in (0, 1):
            group, chain = impl.Chain(), impl.Chain()
            group.add("x", kind())
            chain.add("g", group)
            expense = Expense("zoe", amount)
            quietly(lambda c=chain, e=expense: c.decide(e))
            watch = weakref.ref(expense)
            del expense
            gc.collect()
            ensure(
                watch() is None,
                did=f"decide ({kind.__name__}, {amount}), then the caller forgets expense and outcome",
                want="nobody keeps the expense",
            )


def quietly(job: Callable[[], object]) -> None:
    """Do it, whatever comes of it."""
    try:
        job()
    except (Undecided, HandlerFailed, KeyboardInterrupt):
        return
