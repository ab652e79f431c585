"""Attempts and delays, and answers that were lost."""

import random
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final

from contracts.patterns.adapter import (
    ApiConnectionError,
    CardDeclined,
    CardError,
    IdempotencyError,
    Money,
    PaymentError,
    RateLimitError,
    Receipt,
    SandboxBank,
    SandboxStripe,
    Unreachable,
)
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, raises, simulate
from graders.patterns.adapter.given import PAID, TEN, calls, fail, sides

API_KEY = "sk_live_1"
LOST: Final[dict[Any, Exception]] = {
    SandboxStripe: ApiConnectionError("lost"),
    SandboxBank: TimeoutError("lost"),
}

DOUBLING = [2**number - 1 for number in range(10)]


def failing(sandbox: Any, sim: Sim, *errors: Exception | None) -> tuple[Any, list[float]]:
    """A client whose first requests fail so (None: succeed), and the seconds from now until its requests."""
    left, times, start = list(errors), [], sim.now()

    def before(request: Any) -> None:
        times.append(sim.now() - start)
        error = left.pop(0) if left else None
        if error is not None:
            raise error

    client = sandbox(before)
    client.balance[PAID.id] = 1000
    return client, times


@check("P6", kind="timing")
def test_delays_double(impl: Implementation) -> None:
    """Nothing ever came back; 10 attempts, then 3 by default, then 1."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            for name in ("charge", "refund"):
                for attempts, offsets in ((10, DOUBLING), (None, [0, 1, 3]), (1, [0])):
                    errors = [type(LOST[sandbox])(str(number)) for number in range(12)]
                    client, times = failing(sandbox, sim, *errors)
                    it = processor(client, API_KEY, *([] if attempts is None else [attempts]))
                    start, did = sim.now(), f"{name} with {attempts or 'the default'} attempts"
                    error = raises(Unreachable, calls(it)[name], did=did)
                    equal(times, [float(n) for n in offsets], did=f"{did}: when it was asked")
                    equal(sim.now() - start, times[-1], did=f"{did}: when the error came")
                    ensure(error.__cause__ is errors[len(offsets) - 1], did=f"{did}: __cause__",
                           want="the error of the last attempt", got=error.__cause__)  # fmt: skip

    simulate(scene)


@check("P6", kind="timing")
def test_it_stops_with_the_first_success(impl: Implementation) -> None:
    """Nothing came back once, twice, or never; 4 attempts."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            for failures, offsets in ((0, [0]), (1, [0, 1]), (3, [0, 1, 3, 7])):
                client, times = failing(sandbox, sim, *[LOST[sandbox]] * failures)
                it = processor(client, API_KEY, attempts=4)
                did = f"charge, {failures} of 4 attempts failed"
                equal(it.charge("order 7", TEN).order_id, "order 7", did=did)
                equal(times, [float(n) for n in offsets], did=f"{did}: when it was asked")

    simulate(scene)


@check("P6", kind="timing")
def test_stripe_says_how_long_to_wait(impl: Implementation) -> None:
    """Errors that can be retried asked for 5, 1 and 3,600 seconds; the delays would have been 1, 2 and 4."""

    class SlowDown(RateLimitError):
        """Of a newer version of the client."""

    def scene(sim: Sim) -> None:
        in_use = partial(IdempotencyError, code="idempotency_key_in_use")
        for kind in (RateLimitError, SlowDown, ApiConnectionError, in_use):
            for name in ("charge", "refund"):
                errors = [kind("slow", retry_after=seconds) for seconds in (5, 1, 3_600)]
                client, times = failing(SandboxStripe, sim, *errors)
                calls(impl.StripeProcessor(client, API_KEY, 4))[name]()
                did = f"{name}, {type(errors[0]).__name__} asked for 5, 1 and 3,600 s"
                equal(times, [0.0, 5.0, 7.0, 3_607.0], did=f"{did}: when it was asked")

    simulate(scene)


@check("P6", kind="timing")
def test_another_error_ends_it(impl: Implementation) -> None:
    """The first attempt got no answer, the second met a key in use, the third was declined; 5 attempts."""

    def scene(sim: Sim) -> None:
        lost, no, start = LOST[SandboxStripe], CardError("no", "lost_card"), sim.now()
        client, times = failing(
            SandboxStripe, sim, lost, IdempotencyError("busy", "idempotency_key_in_use"), no
        )
        error = raises(CardDeclined, lambda: impl.StripeProcessor(client, API_KEY, 5).charge("o", TEN),
                       did="charge: lost, in use, declined")  # fmt: skip
        ensure(
            error.__cause__ is no,
            did="charge: lost, in use, declined: __cause__",
            got=error.__cause__,
        )
        equal(
            (times, sim.now() - start),
            ([0.0, 1.0, 3.0], 3.0),
            did="when it was asked, and when the error came",
        )
        answers: list[Any] = [
            {"state": "refused", "reason": "busy"},
            {"state": "refused", "reason": "declined"},
        ]
        bank = SandboxBank(after=lambda request, answer: answers.pop(0))
        raises(CardDeclined, lambda: impl.BankProcessor(bank, API_KEY, 5).charge("o", TEN),
               did="charge at the bank: busy, declined")  # fmt: skip
        equal(len(bank.requests), 2, did="requests to the bank: busy, declined")

    simulate(scene)


@check("P6", kind="timing")
def test_calls_start_anew(impl: Implementation) -> None:
    """Each of three calls failed once with the same processor; 2 attempts."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            lost = LOST[sandbox]
            client, times = failing(sandbox, sim, lost, None, lost, None, lost, None)
            it = processor(client, API_KEY, 2)
            for order in ("a", "b", "c"):
                it.charge(order, TEN)
            equal(times, [0.0, 1.0, 1.0, 2.0, 2.0, 3.0],
                  did="when three calls asked that failed once each")  # fmt: skip

    simulate(scene)


@check("P7", kind="behaviour")
def test_each_attempt_is_the_same_request(impl: Implementation) -> None:
    """Five attempts failed, by a charge and by a refund."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            for name in ("charge", "refund"):
                client, _ = failing(sandbox, sim, *[LOST[sandbox]] * 5)
                raises(
                    Unreachable,
                    calls(processor(client, API_KEY, 5))[name],
                    did=f"{name}, 5 attempts",
                )
                equal(
                    client.requests,
                    [client.requests[0]] * 5,
                    did=f"{name}: five requests, and five times the first",
                )

    simulate(scene)


@check("P8", kind="behaviour")
def test_the_answer_was_lost(impl: Implementation) -> None:
    """The charge happened, its answer did not arrive: once, with 3 attempts; always, and then again by another."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            losses = [1]

            def after(
                request: Any, answer: Any, losses: list[int] = losses, error: Any = LOST[sandbox]
            ) -> Any:
                losses[0] -= 1
                return fail(error) if losses[0] >= 0 else answer

            client = sandbox(after=after)
            want = Receipt("ch_1", "o", TEN)
            equal(
                processor(client, API_KEY).charge("o", TEN),
                want,
                did="charge, the first answer was lost",
            )
            equal(client.balance, {"ch_1": 1000}, did="charges after the first answer was lost")
            losses[0] = 3
            error = raises(Unreachable, partial(processor(client, API_KEY).charge, "p", TEN),
                           did="charge, three answers of 3 were lost")  # fmt: skip
            equal(error.retryable, True, did="whether the error is retryable")
            want = Receipt("ch_2", "p", TEN)
            equal(
                processor(client, "sk_2").charge("p", TEN),
                want,
                did="the same charge by another processor",
            )
            equal(client.balance, {"ch_1": 1000, "ch_2": 1000}, did="charges after all that")

    simulate(scene)


@check("P6", "P7", kind="timing")
def test_the_key_is_in_use_elsewhere(impl: Implementation) -> None:
    """Another process is busy with the same charge for two seconds."""

    def scene(sim: Sim) -> None:
        busy = IdempotencyError("busy", "idempotency_key_in_use")
        client, times = failing(SandboxStripe, sim, busy, busy)
        impl.StripeProcessor(client, API_KEY).charge("o", TEN)
        equal(times, [0.0, 1.0, 3.0], did="when it was asked while the key was in use")
        client, times = failing(SandboxStripe, sim, IdempotencyError("used"))
        raises(PaymentError, lambda: impl.StripeProcessor(client, API_KEY).charge("o", TEN),
               did="the key belongs to another request")  # fmt: skip
        equal(times, [0.0], did="when it was asked while the key belonged to another request")

    simulate(scene)


@check("P6", "P8", "P9", kind="behaviour")
def test_a_bad_day(impl: Implementation) -> None:
    """120 charges and refunds by two processors; a third of the requests, and of the answers, was lost (seed 11)."""

    def scene(sim: Sim) -> None:
        for processor, sandbox in sides(impl):
            play(processor, sandbox, random.Random(11))

    simulate(scene)


def play(processor: Any, sandbox: Any, rng: random.Random) -> None:
    """Random operations against a plain model: what is left of each charge, and what was answered."""

    def trouble(*given: Any) -> Any:
        return fail(LOST[sandbox]) if rng.random() < 0.3 else given[-1]

    client = sandbox(trouble, trouble)
    its = [processor(client, API_KEY, 4), processor(client, "sk_2", 2)]
    receipts: list[Receipt] = []
    left: dict[str, int] = {}
    known: dict[Any, object] = {}
    for _ in range(120):
        it = rng.choice(its)
        if not receipts or rng.random() < 0.4:
            order, units = f"o{rng.randrange(4)}", rng.choice((500, 1000))
            receipt = until_answered(it.charge, order, Money(Decimal(units) / 100, "EUR"))
            what: Any = order, units
            if what not in known:
                receipts.append(receipt)
                left[receipt.id] = units
            equal(
                receipt, known.setdefault(what, receipt), did=f"charge {order} with {units} cents"
            )
        else:
            paid, units, refund_id = (
                rng.choice(receipts),
                rng.choice((100, 300, 600)),
                f"r{rng.randrange(5)}",
            )
            what = paid.id, refund_id, units
            job, money = it.refund, Money(Decimal(units) / 100, "EUR")
            told = f"refund {refund_id} of {units} cents, {left[paid.id]} are left"
            if what not in known and units > left[paid.id]:
                refused = until_answered(job, paid, refund_id, money)
                equal(type(refused).__name__, "RefundTooLarge", did=told)
                continue
            refund = until_answered(job, paid, refund_id, money)
            left[paid.id] -= 0 if what in known else units
            equal(refund, known.setdefault(what, refund), did=told)
        equal(
            client.balance,
            left,
            did="what is left of each charge, at the provider and in the model",
        )


def until_answered(job: Callable[..., Any], *args: Any) -> Any:
    """Call again while nothing comes back, as a caller would; what it returned, or the final refusal."""
    for _ in range(100):
        try:
            return job(*args)
        except Unreachable:
            time.sleep(60)
        except PaymentError as error:
            return error
    raise CheckFailed(
        "called 100 times while a third of the requests was lost", "an answer", "none"
    )
