"""Processors that threads share; refunds; and what is kept of a call."""

import gc
import sys
import time
import weakref
from decimal import Decimal
from typing import Any

from contracts.patterns.adapter import (
    ApiConnectionError,
    Money,
    PaymentError,
    RateLimitError,
    Receipt,
    Refund,
    RefundTooLarge,
    SandboxBank,
    SandboxStripe,
)
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.patterns.adapter.given import sides

API_KEY = "sk_live_1"
LOST: dict[Any, Exception] = {
    SandboxStripe: ApiConnectionError("lost"),
    SandboxBank: TimeoutError("lost"),
}


def eur(amount: str) -> Money:
    """So many euros."""
    return Money(Decimal(amount), "EUR")


def spread(sim: Sim) -> Any:
    """A hook of a client in which another thread may run."""

    def hook(request: Any, answer: Any = None) -> Any:
        sim.point()
        return answer

    return hook


@check("P8", kind="concurrency")
def test_two_threads_charge_the_same_order(impl: Implementation) -> None:
    """A and B charge the same order with the same processor, and C with another."""
    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            client = sandbox(spread(sim), spread(sim))
            one, two = processor(client, API_KEY), processor(client, API_KEY)
            got = sim.together(*[lambda it=it: it.charge("o", eur("10")) for it in (one, one, two)])
            equal(client.balance, {"ch_1": 1000}, did="charges of one order by three threads")
            equal(got, [Receipt("ch_1", "o", eur("10.00"))] * 3, did="receipts of three threads")

        explore(scene, schedules=60)


@check("P8", "P12", kind="concurrency")
def test_threads_do_not_mix_their_orders(impl: Implementation) -> None:
    """A charges 10 EUR for one order, B 1,200 JPY for another, C gives back 3 EUR of a third."""
    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            client = sandbox()
            it = processor(client, API_KEY)
            paid = it.charge("c", eur("5"))
            client.before, client.after = spread(sim), spread(sim)
            a, b, c = sim.together(
                lambda: it.charge("a", eur("10")),
                lambda: it.charge("b", Money(Decimal(1200), "JPY")),
                lambda: it.refund(paid, "r", eur("3")),
            )
            equal((a.order_id, str(a.money.amount), client.balance.get(a.id)), ("a", "10.00", 1000),
                  did="A's order, amount and what the provider has for A's id")  # fmt: skip
            equal((b.order_id, str(b.money.amount), client.balance.get(b.id)), ("b", "1200", 1200),
                  did="B's order, amount and what the provider has for B's id")  # fmt: skip
            equal(
                (c.refund_id, client.balance[paid.id]),
                ("r", 200),
                did="C's refund, and what is left",
            )
            orders = sorted({request.get("order", "c") for request in client.requests[1:]})
            equal(orders, ["a", "b", "c"], did="orders of the requests, sorted")

        explore(scene, schedules=60)


@check("P6", "P12", kind="concurrency")
def test_threads_do_not_mix_their_attempts(impl: Implementation) -> None:
    """A and B charge; each order fails once. Both succeed with 2 attempts."""
    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            failed: set[str] = set()

            def before(request: Any) -> None:
                sim.point()
                if request["order"] not in failed:
                    failed.add(request["order"])
                    raise LOST[sandbox]

            client = sandbox(before)
            it = processor(client, API_KEY, 2)
            got = sim.together(lambda: it.charge("a", eur("1")), lambda: it.charge("b", eur("2")))
            equal([each.order_id for each in got], ["a", "b"], did="orders of the receipts")
            equal(len(client.requests), 4, did="requests, each order failed once")

        explore(scene, schedules=50)


@check("P12", kind="timing")
def test_a_slow_call_holds_up_no_other(impl: Implementation) -> None:
    """The client takes 10 seconds for A's order; thirty others charge one each, and C gives back."""

    def slow(request: Any) -> None:
        time.sleep(10 if request.get("order") == "slow" else 1)

    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            client = sandbox()
            it = processor(client, API_KEY)
            paid, client.before, start = it.charge("paid", eur("5")), slow, sim.now()

            def timed(job: Any) -> float:
                job()
                return sim.now() - start

            got = sim.together(
                lambda: timed(lambda: it.charge("slow", eur("10"))),
                *[lambda o=f"b{n}": timed(lambda: it.charge(o, eur("10"))) for n in range(30)],
                lambda: timed(lambda: it.refund(paid, "r", eur("5"))),
            )
            equal(got, [10.0, *[1.0] * 31], did="seconds until A, the thirty others and C returned")

        simulate(scene)


@check("P12", kind="timing")
def test_a_delay_holds_up_no_other(impl: Implementation) -> None:
    """A's first attempt fails, and Stripe asks for a minute; half a second later B's fails; then C charges."""

    def scene(sim: Sim) -> None:
        for processor, sandbox, wait in ((*sides(impl)[0], 60.0), (*sides(impl)[1], 1.0)):
            seconds = {"a": 60, "b": 0}

            def before(
                request: Any, seconds: dict[str, int] = seconds, sandbox: Any = sandbox
            ) -> None:
                asked = seconds.pop(request["order"], None)
                if asked is not None:
                    busy = RateLimitError("slow", retry_after=asked)
                    raise busy if sandbox is SandboxStripe else OSError

            it, start = processor(sandbox(before), API_KEY), sim.now()

            def timed(order: str, begin: float, it: Any = it, start: float = start) -> float:
                time.sleep(begin)
                it.charge(order, eur("10"))
                return sim.now() - start

            got = sim.together(
                *[lambda o=o, b=b: timed(o, b) for o, b in (("a", 0), ("b", 0.5), ("c", 0.75))]
            )
            equal(got, [wait, 1.5, 0.75], did="seconds until A, B and C returned")

    simulate(scene)


@check("P9", kind="behaviour")
def test_refunds_until_nothing_is_left(plain: Implementation) -> None:
    """10 EUR were paid; 6, 6, 4 and 0.01 EUR are to be given back, then each once more."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        paid = it.charge("o", eur("10"))
        asked = [("a", "6"), ("b", "6"), ("c", "4"), ("d", "0.01")]
        for told in ("first", "second"):
            got = [refund(it, paid, *each) for each in asked]
            equal(
                got,
                ["re_2", RefundTooLarge, "re_3", RefundTooLarge],
                did=f"6, 6, 4 and 0.01 EUR, {told} time",
            )
        equal(client.balance, {"ch_1": 0}, did="what is left of the charge")


def refund(it: Any, paid: Receipt, refund_id: str, amount: str) -> Any:
    """The provider's id of a refund, or the class of the error."""
    try:
        got: Refund = it.refund(paid, refund_id, eur(amount))
    except PaymentError as error:
        return type(error)
    return got.id


@check("P9", kind="behaviour")
def test_equal_refunds_are_two_and_the_same_is_one(plain: Implementation) -> None:
    """2 EUR are given back as 'a', as 'b', as 'a' again, and 3 EUR as 'a'."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        paid = it.charge("o", eur("10"))
        got = [
            refund(it, paid, *each) for each in (("a", "2"), ("b", "2"), ("a", "2.00"), ("a", "3"))
        ]
        equal(got, ["re_2", "re_3", "re_2", "re_4"], did="ids of the refunds")
        equal(client.balance, {"ch_1": 300}, did="what is left of the charge")


@check("P9", kind="behaviour")
def test_a_receipt_from_elsewhere_will_do(plain: Implementation) -> None:
    """Processors that have charged nothing give back what others were paid; the receipt came from a database."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        paid = processor(client, API_KEY).charge("o", eur("10"))
        again = Receipt(str(paid.id), "o", eur("1E+1"))
        got = [refund(processor(client, "sk_2"), each, "a", "6") for each in (paid, again)]
        equal(
            got, ["re_2", "re_2"], did="the same refund with both receipts, each by a new processor"
        )
        got = [refund(processor(client, API_KEY), again, "b", text) for text in ("4.01", "4")]
        equal(
            got, [RefundTooLarge, "re_3"], did="4.01 and 4 EUR, 4 are left, each by a new processor"
        )


@check("P9", kind="behaviour")
def test_a_refund_whose_answer_was_lost(impl: Implementation) -> None:
    """All 10 EUR were given back, the answer did not arrive; it is asked for again, when nothing is left."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            lost = [LOST[sandbox]]

            def after(request: Any, answer: Any, lost: list[Exception] = lost) -> Any:
                if lost:
                    raise lost.pop()
                return answer

            client = sandbox()
            paid = processor(client, API_KEY).charge("o", eur("10"))
            client.after = after
            got = refund(processor(client, API_KEY), paid, "r", "10")
            equal(
                (got, client.balance),
                ("re_2", {"ch_1": 0}),
                did="refund of 10 EUR, the first answer was lost",
            )
            lost.append(LOST[sandbox])
            got = refund(processor(client, API_KEY, 1), paid, "r", "10")
            equal(
                got.__name__,
                "Unreachable",
                did="the same refund with 1 attempt, the answer was lost",
            )
            equal(
                refund(processor(client, API_KEY, 1), paid, "r", "10"),
                "re_2",
                did="the same refund again",
            )
            equal(client.balance, {"ch_1": 0}, did="what is left")

    simulate(scene)


@check("P9", kind="concurrency")
def test_two_threads_refund_more_than_there_is(impl: Implementation) -> None:
    """10 EUR were paid; A and B give back 6 EUR each."""
    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            client = sandbox()
            it = processor(client, API_KEY)
            paid = it.charge("o", eur("10"))
            client.before, client.after = spread(sim), spread(sim)
            got = sim.together(
                lambda: refund(it, paid, "a", "6"), lambda: refund(it, paid, "b", "6")
            )
            ensure(got in (["re_2", RefundTooLarge], [RefundTooLarge, "re_2"]),
                   did="two refunds of 6 of 10 EUR", want="one id, and RefundTooLarge once", got=got)  # fmt: skip
            equal(client.balance, {"ch_1": 400}, did="what is left of 10 EUR")

        explore(scene, schedules=50)


@check("P9", kind="concurrency")
def test_two_threads_ask_for_the_same_refund(impl: Implementation) -> None:
    """10 EUR were paid; A and B give back 6 EUR under the same id."""
    for processor, sandbox in sides(impl):

        def scene(sim: Sim, processor: Any = processor, sandbox: Any = sandbox) -> None:
            client = sandbox()
            it = processor(client, API_KEY)
            paid = it.charge("o", eur("10"))
            client.before, client.after = spread(sim), spread(sim)
            got = sim.together(*[lambda: refund(it, paid, "a", "6")] * 2)
            equal(
                (got, client.balance),
                (["re_2", "re_2"], {"ch_1": 400}),
                did="one refund, by two threads",
            )

        explore(scene, schedules=50)


class Answer(dict[str, Any]):
    """An answer that can be watched being let go."""


class Trouble(ApiConnectionError, OSError):
    """An error of either client that can be watched being let go."""


class Forgetful:
    """A client of either kind that keeps nothing but weak references: its first request fails."""

    def __init__(self) -> None:
        self.watched: list[weakref.ref[Any]] = []

    def create_charge(self, amount: int, currency: str, **rest: Any) -> Answer:
        """See StripeClient."""
        return self.answer(Answer(id="ch_1", amount=amount, currency=currency, status="succeeded"))

    def create_refund(self, amount: int, currency: str, **rest: Any) -> Answer:
        """See StripeClient."""
        return self.answer(Answer(id="re_1", amount=amount, currency=currency, status="succeeded"))

    def transfer(self, message: dict[str, str]) -> Answer:
        """See BankClient."""
        return self.answer(
            Answer(state="done", txn="x_1", value=message["value"], ccy=message["ccy"])
        )

    def answer(self, answer: Answer) -> Answer:
        """Fail every other time."""
        if len(self.watched) % 2 == 0:
            error = Trouble("no")
            self.watched.append(weakref.ref(error))
            raise error
        self.watched.append(weakref.ref(answer))
        return answer


@check("P12", kind="behaviour")
def test_nothing_is_kept_of_a_call(impl: Implementation) -> None:
    """Charges and refunds succeeded at the second attempt; only the processor is kept."""

    def scene(sim: Sim) -> None:
        for processor, _ in sides(impl):
            client = Forgetful()
            it, order, refund_id = (
                processor(client, API_KEY),
                f"order {sim.now()}",
                f"r {sim.now()}",
            )
            before = [sys.getrefcount(order), sys.getrefcount(refund_id)]
            money = eur("10.00")
            paid = it.charge(order, money)
            back = it.refund(paid, refund_id, money)
            kept = [*client.watched, *map(weakref.ref, (money, paid, back))]
            del money, paid, back
            gc.collect()
            alive = [type(ref()).__name__ for ref in kept if ref() is not None]
            equal(alive, [], did="objects of two calls that are still there")
            after = [sys.getrefcount(order), sys.getrefcount(refund_id)]
            equal([b - a for a, b in zip(before, after, strict=True)], [0, 0],
                  did="references to the ids, more than before")  # fmt: skip

    simulate(scene)


@check("P8", "P12", kind="behaviour")
def test_every_call_asks_the_provider(plain: Implementation) -> None:
    """The same order is charged three times; meanwhile the provider was emptied, as with a new test account."""
    for processor, sandbox in sides(plain):
        client = sandbox()
        it = processor(client, API_KEY)
        got = [it.charge("o", eur("10")) for _ in range(2)]
        equal(got, [Receipt("ch_1", "o", eur("10.00"))] * 2, did="the same charge twice")
        client.done.clear()
        client.done["other"] = {}, "ch_0"
        equal(
            it.charge("o", eur("10")).id,
            "ch_2",
            did="the same charge, when the provider has forgotten it",
        )
        equal(len(client.requests), 3, did="requests for three calls")
