"""What several of the checks start from."""

from collections.abc import Hashable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.rate_limiter import ClientLimiter, Decision, TokenBucket
from graders.kit import ensure
from graders.kit.http import Response

SLACK = 1.1e-6
TEXT = [("Content-Type", "text/plain")]


def allowed(bucket: TokenBucket, *tokens: int) -> list[bool]:
    """The verdicts on these acquires, one after the other."""
    return [bucket.try_acquire(number).allowed for number in tokens]


def allowed_to(limiter: ClientLimiter, client: Hashable, *tokens: int) -> list[bool]:
    """The verdicts on these acquires of one client."""
    return [limiter.try_acquire(client, number).allowed for number in tokens]


def decision(**said: Any) -> Decision:
    """An allowed decision, apart from what is said."""
    usual = {"limit": 10, "window": 5.0, "remaining": 9, "retry_after": 0.0, "full_after": 0.5}
    return Decision(**{"allowed": True, **usual, **said})


class App:
    """An application that says hello, and knows how often it was called."""

    def __init__(self) -> None:
        self.called: list[WSGIEnvironment] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.called.append(environ)
        start_response(
            "201 Created", [*TEXT, ("X-Own", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
        )
        return [b"hel", b"lo"]


def by_name(environ: WSGIEnvironment) -> str:
    """Who the client is."""
    return str(environ.get("HTTP_X_NAME", ""))


def fields(answer: Response) -> tuple[list[str], list[str]]:
    """The values of RateLimit-Policy and of RateLimit, without blanks."""
    return tuple(  # type: ignore[return-value]
        [value.replace(" ", "") for value in answer.header_values(name)]
        for name in ("RateLimit-Policy", "RateLimit")
    )


def near(got: object, want: float, did: str) -> None:
    """`got` is `want` to a microsecond."""
    good = type(got) in {int, float} and abs(got - want) <= SLACK  # type: ignore[operator]
    ensure(good, did=did, want=f"{want:.6f}, to a microsecond", got=got)
