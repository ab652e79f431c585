"""Foreign errors, answers that do not fit, and what must not be passed on."""

import asyncio
import socket
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.patterns.adapter import (
    BANK_TABLE,
    STRIPE_TABLE,
    AccessDenied,
    ApiConnectionError,
    AuthenticationError,
    BadResponse,
    CardDeclined,
    CardError,
    IdempotencyError,
    InsufficientFunds,
    InvalidRequestError,
    KeyConflict,
    PaymentError,
    RateLimitError,
    RequestRejected,
    SandboxBank,
    SandboxStripe,
    StripeError,
    TooManyRequests,
    UnexpectedError,
    Unreachable,
)
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.patterns.adapter.given import PAID, calls, fail

API_KEY = "sk_live_51Hx"
SECRETS: Final = (API_KEY, "4242", "Miller", "gateway-17")
LEAKY: Final = f"card 4242 4242 4242 4242 of Mrs Miller at gateway-17, key {API_KEY}"


class SlowDown(RateLimitError):
    """Of a newer version of the client."""


class Hangs(ApiConnectionError, TimeoutError):
    """A second ancestor that is none of Stripe's."""


class NewCard(CardError):
    """Keeps the codes of its ancestor."""


class Torn(AuthenticationError, CardError):
    """The first ancestor decides."""


class Deep(NewCard):
    """Two steps away."""


class Fresh(StripeError):
    """Of no known kind."""


def expect(kind: type[PaymentError], job: Callable[[], object], did: str) -> PaymentError:
    """The job raises exactly this class, for order 7."""
    error = raises(PaymentError, job, did=did)
    ensure(type(error) is kind, did=did, want=f"raises {kind.__name__}", got=error)
    equal(error.order_id, "order 7", did=f"{did}: the error's order_id")
    return error


def stripe_raises(
    impl: Implementation, error: Exception, kind: type[PaymentError], told: str
) -> None:
    """This error of Stripe's client becomes that class, is its cause, and is tried again only if it says so."""

    def fail(request: Any) -> None:
        raise error

    for name, before, after in (
        ("charge", fail, lambda *_: fail(_)),
        ("refund", bool, lambda *_: fail(_)),
    ):
        client = SandboxStripe(before, after)
        client.balance[PAID.id] = 1000
        got = expect(kind, calls(impl.StripeProcessor(client, API_KEY, 2))[name], f"{name}, {told}")
        ensure(
            got.__cause__ is error,
            did=f"{name}, {told}",
            want="that error as __cause__",
            got=got.__cause__,
        )
        equal(
            len(client.requests),
            1 + kind.retryable,
            did=f"{name} with 2 attempts, {told}: requests",
        )


@check("P4", "P6", kind="contract")
def test_every_row_of_stripe_s_table(impl: Implementation) -> None:
    """The client raised each exception with each code of the table; 2 attempts."""

    def scene(sim: Sim) -> None:
        for (kind, code), ours in STRIPE_TABLE.items():
            stripe_raises(impl, kind(LEAKY, code), ours, f"{kind.__name__} with code {code!r}")

    simulate(scene)


@check("P4", "P6", kind="contract")
def test_codes_that_stripe_s_table_does_not_know(impl: Implementation) -> None:
    """New codes, and codes that belong to another exception."""
    rows: list[tuple[StripeError, type[PaymentError]]] = [
        (CardError("", "lost_card"), CardDeclined),
        (CardError("", ""), CardDeclined),
        (CardError("", "amount_too_large"), CardDeclined),
        (CardError("", "Insufficient_Funds"), CardDeclined),
        (IdempotencyError("", "expired_card"), KeyConflict),
        (InvalidRequestError("", "insufficient_funds"), RequestRejected),
        (RateLimitError("", "amount_too_large"), TooManyRequests),
        (ApiConnectionError("", "idempotency_key_in_use"), Unreachable),
        (StripeError("", "insufficient_funds"), UnexpectedError),
    ]

    def scene(sim: Sim) -> None:
        for error, ours in rows:
            stripe_raises(impl, error, ours, f"{type(error).__name__} with code {error.code!r}")

    simulate(scene)


@check("P4", "P6", kind="contract")
def test_subclasses_that_stripe_s_table_does_not_know(impl: Implementation) -> None:
    """A newer client raised subclasses of what is in the table, near and far, with two ancestors, and none."""
    rows: list[tuple[StripeError, type[PaymentError]]] = [
        (SlowDown(LEAKY), TooManyRequests),
        (Hangs(LEAKY), Unreachable),
        (NewCard(LEAKY), CardDeclined),
        (NewCard(LEAKY, "insufficient_funds"), InsufficientFunds),
        (Deep(LEAKY, "insufficient_funds"), InsufficientFunds),
        (Torn(LEAKY, "insufficient_funds"), AccessDenied),
        (Fresh(LEAKY), UnexpectedError),
    ]

    def scene(sim: Sim) -> None:
        for error, ours in rows:
            bases = " and ".join(base.__name__ for base in type(error).__bases__)
            stripe_raises(impl, error, ours, f"a subclass of {bases} with code {error.code!r}")

    simulate(scene)


@check("P4", "P6", kind="contract")
def test_every_row_of_the_bank_s_table(impl: Implementation) -> None:
    """The bank refused with each reason of the table, with a new one and with none; 2 attempts."""
    rows = {**BANK_TABLE, "": UnexpectedError, LEAKY: UnexpectedError, "Funds": UnexpectedError}

    def scene(sim: Sim) -> None:
        for reason, kind in [*rows.items(), (None, UnexpectedError)]:
            answer = {"state": "refused", **({} if reason is None else {"reason": reason})}
            for name in ("charge", "refund"):
                client = SandboxBank(after=lambda request, _, a=answer: a)
                client.balance[PAID.id] = 1000
                told = f"{name}, refused for {reason!r}"
                expect(kind, calls(impl.BankProcessor(client, API_KEY, 2))[name], told)
                equal(len(client.requests), 1 + kind.retryable, did=f"{told}: requests")

    simulate(scene)


@check("P4", "P6", kind="contract")
def test_the_bank_is_unreachable(impl: Implementation) -> None:
    """The client raised OSErrors of several classes; 2 attempts."""
    errors = [
        OSError(LEAKY),
        ConnectionResetError(),
        TimeoutError(),
        socket.gaierror(2, "?"),
        PermissionError(),
    ]

    def scene(sim: Sim) -> None:
        for error in errors:
            for name in ("charge", "refund"):
                client = SandboxBank(after=lambda request, _, e=error: fail(e))
                client.balance[PAID.id] = 1000
                told = f"{name}, the client raised {type(error).__name__}"
                got = expect(Unreachable, calls(impl.BankProcessor(client, API_KEY, 2))[name], told)
                ensure(
                    got.__cause__ is error,
                    did=told,
                    want="that error as __cause__",
                    got=got.__cause__,
                )
                equal(len(client.requests), 2, did=f"{told}: requests")

    simulate(scene)


@check("P5", kind="contract")
def test_what_is_no_foreign_error_passes_through(impl: Implementation) -> None:
    """The client raised interrupts, mistakes of its own, and errors of the other provider."""
    common: list[BaseException] = [
        KeyboardInterrupt(), SystemExit(3), GeneratorExit(), asyncio.CancelledError(), MemoryError(),
        ValueError("v"), KeyError("id"), AttributeError("a"), AssertionError(), Exception("e"),
    ]  # fmt: skip
    rows = (
        (
            impl.StripeProcessor,
            SandboxStripe,
            [*common, OSError(), TimeoutError(), ConnectionError()],
        ),
        (impl.BankProcessor, SandboxBank, [*common, StripeError(""), ApiConnectionError("")]),
    )

    def scene(sim: Sim) -> None:
        for processor, sandbox, errors in rows:
            for error in errors:
                for name in ("charge", "refund"):
                    client = sandbox(before=lambda request, e=error: fail(e))
                    client.balance[PAID.id] = 1000
                    did = f"{name}, the client raised {type(error).__name__}"
                    start = sim.now()
                    got = raises(BaseException, calls(processor(client, API_KEY))[name], did=did)
                    ensure(got is error, did=did, want="that very exception", got=got)
                    equal(len(client.requests), 1, did=f"{did}: requests")
                    equal(sim.now() - start, 0.0, did=f"{did}: seconds that it took")

    simulate(scene)


STRIPE_ANSWERS: Final[dict[str, tuple[Any, ...]]] = {
    "id": (None, "", 7, ["ch_1"]),
    "amount": (999, 100_000, 10, 0, -1000, None),
    "currency": ("usd", "", None),
    "status": ("pending", "failed", "requires_action", "", None, False),
}
BANK_ANSWERS: Final[dict[str, tuple[Any, ...]]] = {
    "txn": (None, "", 7),
    "value": ("9.99", "1000", "100.00", "0.00", "-10.00", "", "ten", "NaN", "sNaN", None),
    "ccy": ("USD", "", None),
    "state": ("pending", "failed", "", None),
}


def misfits(table: Mapping[str, tuple[Any, ...]]) -> list[tuple[str, Callable[[Any], Any]]]:
    """Ways to spoil an answer: each field missing, each with each value, and no mapping at all."""
    made: list[tuple[str, Callable[[Any], Any]]] = []
    for field, values in table.items():
        made.append((f"without {field}", lambda a, f=field: {k: v for k, v in a.items() if k != f}))
        made += [
            (f"with {field} {value!r}", lambda a, f=field, v=value: {**a, f: v}) for value in values
        ]
    for other in (None, {}, [], "succeeded", 200):
        made.append((f"that is {other!r}", lambda a, o=other: o))
    return made


@check("P10", kind="contract")
def test_answers_that_do_not_fit(impl: Implementation) -> None:
    """10.00 EUR were charged or given back; the answer lacked a field, had another value in it, or was none."""
    both = (
        (impl.StripeProcessor, SandboxStripe, STRIPE_ANSWERS),
        (impl.BankProcessor, SandboxBank, BANK_ANSWERS),
    )

    def scene(sim: Sim) -> None:
        for processor, sandbox, table in both:
            for told, spoil in misfits(table):
                for name in ("charge", "refund"):
                    client = sandbox(after=lambda request, answer, s=spoil: s(answer))
                    client.balance[PAID.id] = 1000
                    did = f"{name}, the answer is one {told}"
                    expect(BadResponse, calls(processor(client, API_KEY))[name], did)
                    equal(len(client.requests), 1, did=f"{did}: requests")

    simulate(scene)


def all_of(error: BaseException) -> str:
    """Every text that a log could make of an error, without the cause."""
    lines = traceback.format_exception_only(error)
    return "\n".join([str(error), repr(error), repr(error.args), repr(vars(error)), *lines])


@check("P11", kind="contract")
def test_no_secret_in_an_error(impl: Implementation) -> None:
    """The client's errors and answers held the API key, a card's number and a customer's name."""
    failing = (
        *[(impl.StripeProcessor, SandboxStripe(lambda r, k=k, c=c: fail(k(LEAKY, c))))
          for k, c in STRIPE_TABLE],
        (impl.BankProcessor, SandboxBank(lambda request: fail(OSError(5, LEAKY)))),
        *[(impl.BankProcessor, SandboxBank(after=lambda r, a, w=w: {"state": "refused", "reason": w, "text": LEAKY}))
          for w in (LEAKY, "funds", "busy")],
        *[(processor, sandbox(after=lambda r, a, f=field: {**a, f: LEAKY, "text": LEAKY}))
          for processor, sandbox, fields in (
              (impl.StripeProcessor, SandboxStripe, ("amount", "currency", "status")),
              (impl.BankProcessor, SandboxBank, ("value", "ccy", "state")),
          ) for field in fields],
        *[(processor, sandbox(after=lambda r, a, n=name: {**a, n: [LEAKY]}))
          for processor, sandbox, name in (
              (impl.StripeProcessor, SandboxStripe, "id"), (impl.BankProcessor, SandboxBank, "txn"))],
    )  # fmt: skip

    def scene(sim: Sim) -> None:
        for processor, client in failing:
            client.balance[PAID.id] = 1000
            for name, job in calls(processor(client, API_KEY, 2)).items():
                error = raises(PaymentError, job, did=f"{name}, the client failed")
                text = all_of(error)
                found = [secret for secret in SECRETS if secret in text]
                equal(found, [], did=f"secrets in a {type(error).__name__}, by {name}")
                ensure(
                    "order 7" in text,
                    did=f"the text of a {type(error).__name__}",
                    want="its order",
                    got=text,
                )

    simulate(scene)


@check("P11", kind="contract")
def test_no_api_key_in_the_text_of_a_processor(plain: Implementation) -> None:
    """A processor was printed, formatted, and shown by a debugger."""
    for processor, sandbox in (
        (plain.StripeProcessor, SandboxStripe),
        (plain.BankProcessor, SandboxBank),
    ):
        it = processor(sandbox(), API_KEY)
        texts = [str(it), repr(it), f"{it}", repr([it])]
        equal(
            [API_KEY in text for text in texts],
            [False] * 4,
            did="whether the API key is in str, repr, format",
        )
