"""Retry: the same job again, after a random delay that grows, until a deadline."""

import itertools
import math
import random
import time
from collections.abc import Callable
from typing import TypeVar

from solutions.services.resilience.errors import NEUTRAL, checked

T = TypeVar("T")


class Retry:
    """Exponential backoff with full jitter. Holds nothing but what it was given."""

    def __init__(
        self,
        attempts: int = 3,
        *,
        base: float = 0.1,
        cap: float = 10.0,
        deadline: float = math.inf,
        on: tuple[type[BaseException], ...] = (ConnectionError, TimeoutError),
        draw: Callable[[], float] = random.random,
    ) -> None:
        if attempts < 1:
            raise ValueError(f"attempts must be at least 1, not {attempts}")
        if not (0 < base < math.inf and 0 < cap < math.inf):
            raise ValueError(f"base and cap must be finite and above 0, not {base} and {cap}")
        if not deadline > 0:
            raise ValueError(f"deadline must be above 0, not {deadline}")
        self._attempts = attempts
        self._base, self._cap = base, cap
        self._deadline = deadline
        self._on = checked("on", on)
        self._draw = draw

    def call(self, job: Callable[[], T]) -> T:
        """Return `job()`, tried again after a listed error."""
        end = time.monotonic() + self._deadline
        ceiling = min(self._cap, self._base)
        for attempt in itertools.count(1):
            try:
                return job()
            except NEUTRAL:
                raise
            except self._on:
                if attempt >= self._attempts or not _slept(self._draw() * ceiling, end):
                    raise
            ceiling = min(self._cap, ceiling * 2)  # 2**n would overflow one day
        raise AssertionError  # count() never ends


def _slept(delay: float, end: float) -> bool:
    """Sleep, unless it would last until `end`; whether there is time left."""
    if time.monotonic() + delay >= end:
        return False
    time.sleep(delay)
    return time.monotonic() < end  # a busy machine may wake us late
