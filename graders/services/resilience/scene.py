"""A downstream with moods behind the three policies, on loopback.

Three failures in a row open the circuit for ten seconds; an attempt may take two seconds.
"""

import itertools
import time
from collections.abc import Callable
from typing import Final
from wsgiref.types import WSGIApplication

from contracts.services.resilience import BadMessage
from graders.kit import Implementation
from graders.kit.load import Shot

_SEND: Final = 'curl -i {{url}}/call --json \'{{{{"message": "{}"{}}}}}\''

TRY: Final = (
    "curl {url}/health",
    _SEND.format("hello", ""),
    _SEND.format("flaky", "") + "      # fails every other time",
    _SEND.format("flaky", ', "idempotent": true') + "   # tried again: never fails",
    _SEND.format("slow", "") + "       # 504 after two seconds",
    _SEND.format("fail", "") + "       # three in a row, and it opens: 503",
    "curl {url}/health      # after each of them",
)
_JSON: Final = {"Content-Type": "application/json"}

LOAD: Final = (
    Shot("POST", "/call", 200, b'{"message": "$n"}', b"reply", _JSON),
    Shot("POST", "/call", 200, b'{"message": "$n", "idempotent": true}', b"reply", _JSON),
    Shot("POST", "/call", 422, b'{"message": "bad"}', b"error", _JSON),
    Shot("POST", "/call", 400, b'{"message": $n}', b"error", _JSON),
    Shot("GET", "/health", 200, holds=b"closed"),
    Shot("GET", "/call", 405),
)


def moody() -> Callable[[str], str]:
    """A downstream whose mood is in the message."""
    count = itertools.count()

    def answer(message: str) -> str:
        if message == "bad":
            raise BadMessage(message)
        if message == "slow":
            time.sleep(30)
        if message == "fail" or (message == "flaky" and next(count) % 2 == 0):
            raise ConnectionError(message)
        return message[::-1]

    return answer


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    served: WSGIApplication = impl.ResilienceApp(
        moody(),
        impl.Retry(3, deadline=5.0),
        impl.CircuitBreaker(3, 10.0, ignore=(BadMessage,)),
        impl.Timeout(2.0, 20),
    )
    return served
