"""Observer with two locks that never meet a callback's.

`_lock` guards the table of subscriptions and is held for a few lines, never while a callback runs; `_turn` is held
by the thread that delivers, so that news has one order. What callbacks publish waits in a queue of that thread.

Trade-offs: a slow subscriber holds up all publishers, which is the price of one order and of knowing, when publish
returns, that the news has arrived. A queue and a thread per subscriber would decouple them, and then failures have
nobody to surface to. Subscriptions of a topic are a dict, so that cancelling one is O(1); delivery walks a copy.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Callback = Callable[[Any], object]


class Subscription:
    """One callback's interest in one topic."""

    def __init__(self, agency: "NewsAgency", number: int, callback: Callback, topic: str) -> None:
        self._agency, self._number, self._topic = agency, number, topic
        self.callback: Callback | None = callback

    @property
    def active(self) -> bool:
        """Whether it has not been cancelled."""
        return self.callback is not None

    def cancel(self) -> None:
        """End it. Cost: O(1)."""
        self.callback = None
        self._agency.forget(self._topic, self._number)


class NewsAgency:
    """Hands news to subscribers by topic."""

    def __init__(self) -> None:
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._topics: dict[str, dict[int, Subscription]] = {}
        self._numbers = itertools.count()
        self._publisher = 0
        self._waiting: deque[tuple[str, object]] = deque()

    def subscribe(self, callback: Callback, topic: str) -> Subscription:
        """Have `callback` called for all news of `topic`. Cost: O(1)."""
        if not callable(callback):
            raise TypeError(f"callback must be callable, got {type(callback).__name__}")
        _check_topic(topic)
        with self._lock:
            number = next(self._numbers)
            subscription = Subscription(self, number, callback, topic)
            self._topics.setdefault(topic, {})[number] = subscription
        return subscription

    def forget(self, topic: str, number: int) -> None:
        """Take a cancelled subscription out of the table."""
        with self._lock:
            of_topic = self._topics.get(topic, {})
            of_topic.pop(number, None)
            if not of_topic:
                self._topics.pop(topic, None)

    def publish(self, topic: str, news: object) -> None:
        """Deliver `news`. Cost: O(subscriptions of the topic)."""
        _check_topic(topic)
        if self._publisher == threading.get_ident():
            self._waiting.append((topic, news))
            return
        failures: list[Exception] = []
        with self._turn:
            try:
                self._publisher = threading.get_ident()
                self._deliver(topic, news, failures)
                while self._waiting:
                    self._deliver(*self._waiting.popleft(), failures)
            finally:
                self._waiting.clear()
                self._publisher = 0
        if failures:
            raise ExceptionGroup(f"{len(failures)} subscribers failed", failures)

    def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
        with self._lock:
            subscriptions = list(self._topics.get(topic, {}).values())
        for subscription in subscriptions:
            callback = subscription.callback
            if callback is None:
                continue
            try:
                callback(news)
            except Exception as failure:  # noqa: BLE001 - whatever it is, it surfaces in publish
                failures.append(failure)


def _check_topic(topic: object) -> None:
    if not isinstance(topic, str):
        raise TypeError(f"topic must be a str, got {type(topic).__name__}")
