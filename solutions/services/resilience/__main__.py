"""A resilient front on loopback: `python -m solutions.services.resilience --port 8080`.

Behind it is a downstream to play with. It repeats the message; but the message "fail" makes it fail,
"flaky" every second time, "slow" makes it hang for a minute, and "bad" is refused.
"""

import itertools
import sys
import time
from collections.abc import Callable, Sequence

from contracts.services.resilience import BadMessage
from solutions import serving
from solutions.services.resilience import CircuitBreaker, ResilienceApp, Retry, Timeout


def moody() -> Callable[[str], str]:
    """A downstream whose mood is in the message."""
    count = itertools.count(1)

    def answer(message: str) -> str:
        if message == "bad":
            raise BadMessage("not this one")
        if message == "slow":
            time.sleep(60)
        if message == "fail" or (message == "flaky" and next(count) % 2):
            raise ConnectionError("out of order")
        return message

    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.resilience", "A front that a downstream may fail.")
    parser.add_argument("--attempts", type=int, default=3, help="of an idempotent call")
    parser.add_argument("--deadline", type=float, default=10.0, help="seconds for all attempts")
    parser.add_argument("--seconds", type=float, default=2.0, help="time limit of an attempt")
    parser.add_argument("--workers", type=int, default=10, help="calls at a time")
    parser.add_argument("--threshold", type=int, default=5, help="failures that open the circuit")
    parser.add_argument("--reset", type=float, default=10.0, help="seconds it stays open")
    options = parser.parse_args(arguments)
    return serving.run(
        lambda: ResilienceApp(
            moody(),
            Retry(options.attempts, deadline=options.deadline),
            CircuitBreaker(options.threshold, options.reset, ignore=(BadMessage,)),
            Timeout(options.seconds, options.workers),
        ),
        options.port,
    )


if __name__ == "__main__":
    sys.exit(main())
