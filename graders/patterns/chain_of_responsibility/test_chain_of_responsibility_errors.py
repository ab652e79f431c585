"""Handlers that fail, handlers that answer nonsense, limits that are none."""

import asyncio
from collections.abc import Callable
from typing import Any

from contracts.patterns.chain_of_responsibility import (
    BadAnswer,
    Decision,
    Expense,
    HandlerFailed,
    Undecided,
    Verdict,
)
from graders.kit import CheckFailed, Implementation, check, ensure, equal, raises

YES, NO = Verdict.APPROVED, Verdict.REFUSED
LUNCH = Expense("zoe", 1_250)


def chain_around(impl: Implementation, handler: Any, log: list[str]) -> Any:
    """a, the group g of b, the handler and c, then d: all the others only note that they were called."""

    def noting(name: str, answer: Verdict | None) -> Callable[[Expense], Verdict | None]:
        return lambda expense: (log.append(name), answer)[1]

    group = impl.Chain()
    group.add("b", noting("b", None))
    group.add("odd", handler)
    group.add("c", noting("c", YES))
    chain = impl.Chain()
    chain.add("a", noting("a", None))
    chain.add("g", group)
    chain.add("d", noting("d", YES))
    return chain


def raising(error: BaseException) -> Callable[[Expense], Verdict | None]:
    """A handler that raises."""

    def handler(expense: Expense) -> Verdict | None:
        raise error

    return handler


def failure(chain: Any, did: str) -> Any:
    """The HandlerFailed of a decision; its place is that of `odd`."""
    failed = raises(HandlerFailed, lambda: chain.decide(LUNCH), did=did)
    equal(failed.name, "g/odd", did=f"{did}: name of the error")
    equal(failed.asked, ("a", "g/b", "g/odd"), did=f"{did}: asked of the error")
    ensure("g/odd" in str(failed), did=f"{did}: the text", want="it holds 'g/odd'", got=str(failed))
    return failed


@check("P4", kind="behaviour")
def test_a_failing_handler_ends_it(impl: Implementation) -> None:
    """A handler in a group raises ValueError; two behind it would approve."""
    log: list[str] = []
    error = ValueError("no connection")
    failed = failure(chain_around(impl, raising(error), log), "decide, g/odd raises ValueError")
    ensure(
        type(failed) is HandlerFailed, did="the type of the error", want="HandlerFailed", got=failed
    )
    ensure(
        failed.__cause__ is error,
        did="its cause",
        want="that very ValueError",
        got=failed.__cause__,
    )
    equal(log, ["a", "b"], did="who else was called")


@check("P4", kind="behaviour")
def test_errors_that_look_like_the_chain_s_own(impl: Implementation) -> None:
    """A handler raises what a chain, a loop, an iterator or a bad call might raise by itself."""
    for error in [
        Undecided(LUNCH, ("x",)),
        HandlerFailed("x", ("x",)),
        BadAnswer("x", ("x",), True),
        StopIteration(YES),
        StopAsyncIteration(),
        TypeError("handler() takes 0 positional arguments"),
        AttributeError("decide"),
        LookupError(),
        KeyError("g"),
        RecursionError(),
        RuntimeError("generator raised StopIteration"),
    ]:
        log: list[str] = []
        did = f"decide, g/odd raises {type(error).__name__}"
        failed = failure(chain_around(impl, raising(error), log), did)
        ensure(failed.__cause__ is error, did=did, want="it is the cause", got=failed.__cause__)
        equal(log, ["a", "b"], did=f"{did}: who else was called")


@check("P4", kind="behaviour")
def test_what_is_no_exception_passes(impl: Implementation) -> None:
    """A handler interrupts, exits, or is closed as a generator; then it decides."""
    for error in (KeyboardInterrupt(), SystemExit(3), GeneratorExit()):
        answers = [error, YES]

        def handler(expense: Expense, answers: Any = answers) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        log: list[str] = []
        chain = chain_around(impl, handler, log)
        did = f"decide, g/odd raises {type(error).__name__}"
        got: BaseException | None = None
        try:
            chain.decide(LUNCH)
        except (CheckFailed, NotImplementedError):
            raise
        except BaseException as caught:
            got = caught
        ensure(got is error, did=did, want="that very object comes through", got=got)
        want = Decision(LUNCH, YES, "g/odd", ("a", "g/b", "g/odd"))
        equal(chain.decide(LUNCH), want, did="decide again, now g/odd approves")


@check("P4", kind="behaviour")
def test_a_chain_inside_a_handler_fails(impl: Implementation) -> None:
    """A handler asks a chain of its own, in which 'deep' raises, or nobody decides."""
    error = OSError("disk")
    inner = impl.Chain()
    inner.add("deep", raising(error))
    failed = failure(chain_around(impl, lambda e: inner.decide(e).verdict, []), "decide")
    cause = failed.__cause__
    ensure(isinstance(cause, HandlerFailed), did="its cause", want="HandlerFailed", got=cause)
    equal((cause.name, cause.asked), ("deep", ("deep",)), did="name and asked of the cause")
    ensure(
        cause.__cause__ is error, did="the cause of that", want="the OSError", got=cause.__cause__
    )
    inner.remove("deep")
    failed = failure(
        chain_around(impl, lambda e: inner.decide(e).verdict, []), "decide, none inside"
    )
    cause = failed.__cause__
    ensure(isinstance(cause, Undecided), did="its cause", want="Undecided", got=cause)


class Agrees:
    """Something that is equal to everything, has a `value` and the text of a verdict."""

    value, name = "approved", "APPROVED"
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        return "Verdict.APPROVED"


class Awkward:
    """Something that has no truth and no comparison."""

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    def __repr__(self) -> str:
        raise ValueError("no text")


@check("P5", kind="behaviour")
def test_answers_that_are_none(impl: Implementation) -> None:
    """A handler answers True, False, texts, 0, a list, a class, things that are equal to everything."""
    nothing = [True, False, 0, 1, "", "approved", "APPROVED", [], (), {}, ()]
    others = [Verdict, (YES, "why"), [NO], NotImplemented, ..., ValueError(), Agrees(), Awkward()]
    for answer in [*nothing, *others]:
        log: list[str] = []
        did = f"decide, g/odd answers with an object of type {type(answer).__name__}"
        failed = failure(chain_around(impl, lambda e, a=answer: a, log), did)
        ensure(isinstance(failed, BadAnswer), did=did, want="raises BadAnswer", got=type(failed))
        ensure(failed.answer is answer, did=did, want="the error holds that very answer")
        equal(log, ["a", "b"], did=f"{did}: who else was called")


@check("P5", kind="behaviour")
def test_answers_that_mean_well(impl: Implementation) -> None:
    """A handler is a coroutine function, a class, or `decide` of another chain, which answers a Decision."""

    async def handler(expense: Expense) -> Verdict:
        await asyncio.sleep(0)
        return YES

    class Made:
        def __init__(self, expense: Expense) -> None:
            self.verdict = YES

    inner = impl.Chain()
    inner.add("x", lambda expense: YES)
    for step in (handler, Made, inner.decide):
        log: list[str] = []
        failed = failure(chain_around(impl, step, log), "decide")
        ensure(
            isinstance(failed, BadAnswer), did="decide", want="raises BadAnswer", got=type(failed)
        )
        equal(log, ["a", "b"], did="who else was called")
        if step is handler:
            failed.answer.close()  # nobody awaits it: no warning at the end


@check("P1", kind="behaviour")
def test_what_is_no_expense(impl: Implementation) -> None:
    """None, a number, a text, the class itself, and something with the same attributes."""
    log: list[str] = []
    chain = impl.Chain()
    chain.add("a", lambda expense: (log.append("a"), YES)[1])

    class Alike:
        claimant, amount, currency = "zoe", 1, "EUR"

    for thing in (None, 5, "expense", Expense, Alike(), ("zoe", 1, "EUR")):
        raises(
            TypeError, lambda t=thing: chain.decide(t), did=f"decide with a {type(thing).__name__}"
        )
    raises(TypeError, lambda: impl.Chain().decide(None), did="decide(None) of an empty chain")
    equal(log, [], did="who was called")


@check("P13", kind="behaviour")
def test_limits_are_exact(impl: Implementation) -> None:
    """Limits of 0, 1, 2**53, 10**30; amounts at and around them, in three currencies."""
    for limit in (0, 1, 2**53, 10**30):
        handler = impl.up_to(limit, "EUR")
        for amount in (max(limit - 1, 0), limit, limit + 1, limit * 2 + 5):
            for currency in ("EUR", "eur", "EUR ", "USD", ""):
                mine = currency == "EUR" and amount <= limit
                equal(
                    handler(Expense("zoe", amount, currency)),
                    YES if mine else None,
                    did=f"up_to({limit}, 'EUR') asked for {amount} {currency!r}",
                )
    made = [impl.up_to(limit, currency) for limit in range(3) for currency in ("EUR", "USD")]
    got = [handler(Expense("zoe", 1, "USD")) for handler in made]
    equal(
        got, [None, None, None, YES, None, YES], did="six handlers made in a loop, asked for 1 USD"
    )


@check("P13", kind="behaviour")
def test_what_cannot_be_a_limit(impl: Implementation) -> None:
    """up_to with a bool, a float, a text, None, less than 0; a currency that is none."""
    for limit, currency, error in [
        (True, "EUR", TypeError),
        (50.0, "EUR", TypeError),
        ("50", "EUR", TypeError),
        (None, "EUR", TypeError),
        (float("inf"), "EUR", TypeError),
        (50, None, TypeError),
        (50, 978, TypeError),
        (-1, "EUR", ValueError),
        (50, "", ValueError),
    ]:
        raises(
            error,
            lambda n=limit, c=currency: impl.up_to(n, c),
            did=f"up_to({limit!r}, {currency!r})",
        )
