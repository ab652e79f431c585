"""A library behind the contract, and right agencies in other styles."""

import importlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

Callback = Callable[[Any], object]


def _check(callback: object, topic: object) -> None:
    if not callable(callback):
        raise TypeError("a callback is needed")
    if not isinstance(topic, str):
        raise TypeError("a topic is a str")


class CopyOnWrite:
    """An immutable tuple of everybody per topic, tickets for the turns: no lock is ever held for a delivery."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Subscription:
        """A handle that knows how to swap itself out."""

        def __init__(self, agency: Any, callback: Callback, topic: str) -> None:
            self.agency, self.call, self.topic, self.on = agency, callback, topic, True

        @property
        def active(self) -> bool:
            return self.on

        def cancel(self) -> None:
            self.on = False
            with self.agency.guard:
                rest = tuple(s for s in self.agency.table.get(self.topic, ()) if s is not self)
                if rest:
                    self.agency.table[self.topic] = rest
                else:
                    self.agency.table.pop(self.topic, None)
            self.call = _nothing

    class NewsAgency:
        """Tickets: each outermost publish draws a number and waits until it is up."""

        def __init__(self) -> None:
            self.guard = threading.Lock()
            self.table: dict[str, tuple[Any, ...]] = {}
            self.up = threading.Condition()
            self.drawn = self.served = 0
            self.mine = threading.local()

        def subscribe(self, callback: Callback, topic: str) -> Any:
            _check(callback, topic)
            handle = CopyOnWrite.Subscription(self, callback, topic)
            with self.guard:
                self.table[topic] = (*self.table.get(topic, ()), handle)
            return handle

        def publish(self, topic: str, news: object) -> None:
            _check(len, topic)
            waiting = getattr(self.mine, "waiting", None)
            if waiting is not None:
                waiting.append((topic, news))
                return
            with self.up:
                ticket, self.drawn = self.drawn, self.drawn + 1
                while self.served != ticket:
                    self.up.wait()
            errors: list[Exception] = []
            self.mine.waiting = waiting = [(topic, news)]
            del news
            try:
                while waiting:
                    self._tell(*waiting.pop(0), errors)
            finally:
                self.mine.waiting = None
                with self.up:
                    self.served += 1
                    self.up.notify_all()
            if errors:
                raise ExceptionGroup("subscribers failed", errors)

        def _tell(self, topic: str, news: object, errors: list[Exception]) -> None:
            for handle in self.table.get(topic, ()):
                call = handle.call
                if handle.on:
                    try:
                        call(news)
                    except Exception as error:
                        errors.append(error)


def _nothing(_: Any) -> None:
    return


class LinkedList:
    """A linked list per topic, walked alive up to the number drawn last; turns are a line of events."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Node:
        """A place in the list. Taken out, it still knows the next, so that a walk goes on from it."""

        def __init__(self, number: int, callback: Callback | None) -> None:
            self.number, self.callback, self.out = number, callback, False
            self.before = self.after = self

    class Subscription:
        """A place in the list of a topic."""

        def __init__(self, agency: Any, topic: str, node: Any) -> None:
            self.agency, self.topic, self.node = agency, topic, node

        @property
        def active(self) -> bool:
            return not self.node.out

        def cancel(self) -> None:
            with self.agency.guard:
                node = self.node
                if node.out:
                    return
                callback, node.callback, node.out = node.callback, None, True
                node.before.after, node.after.before = node.after, node.before
                ends = self.agency.ends
                if ends[self.topic].after is ends[self.topic]:
                    del ends[self.topic]
            del callback  # only now: its finalizer may call the agency

    class NewsAgency:
        """The first in the line delivers; whoever leaves wakes the next."""

        def __init__(self) -> None:
            self.guard, self.number = threading.Lock(), 0
            self.ends: dict[str, Any] = {}
            self.line: deque[tuple[int, threading.Event]] = deque()
            self.inner: deque[tuple[str, object]] = deque()

        def subscribe(self, callback: Callback, topic: str) -> Any:
            _check(callback, topic)
            with self.guard:
                end = self.ends.setdefault(topic, LinkedList.Node(0, None))
                self.number += 1
                node = LinkedList.Node(self.number, callback)
                node.before, node.after = end.before, end
                end.before.after = end.before = node
            return LinkedList.Subscription(self, topic, node)

        def publish(self, topic: str, news: object) -> None:
            _check(len, topic)
            me, turn = threading.get_ident(), threading.Event()
            with self.guard:
                if self.line and self.line[0][0] == me:
                    self.inner.append((topic, news))
                    return
                self.line.append((me, turn))
                if len(self.line) == 1:
                    turn.set()
            turn.wait()
            errors: list[Exception] = []
            try:
                self._walk(topic, news, errors)
                while self.inner:
                    self._walk(*self.inner.popleft(), errors)
            finally:
                with self.guard:
                    self.inner.clear()
                    self.line.popleft()
                    if self.line:
                        self.line[0][1].set()
            if errors:
                raise ExceptionGroup("subscribers failed", errors)

        def _walk(self, topic: str, news: object, errors: list[Exception]) -> None:
            with self.guard:
                end, last = self.ends.get(topic), self.number
                node = end.after if end else None
            while node is not end and node.number <= last:
                callback = node.callback
                if callback is not None:
                    try:
                        callback(news)
                    except Exception as error:
                        errors.append(error)
                with self.guard:
                    node = node.after
                    while node.out:
                        node = node.after


class Pyee:
    """pyee.EventEmitter: the first exception ends a delivery, the same handler twice is one call."""

    requires = ("pyee",)
    fails: ClassVar[dict[str, str]] = {
        "P1": "the same callback subscribed twice is called once, and callbacks are compared and hashed",
        "P2": "the listeners are copied, so that one cancelled on the way is called all the same",
        "P3": "the first exception ends the delivery and is raised alone",
        "P5": "emit from a callback recurses",
        "P6": "threads do not take turns",
        "P8": "removing the same listener in two threads is a KeyError",
    }

    class Subscription:
        """Remembers what to remove."""

        def __init__(self, emitter: Any, topic: str, callback: Any) -> None:
            self.emitter, self.topic, self.callback = emitter, topic, callback

        @property
        def active(self) -> bool:
            return self.callback is not None

        def cancel(self) -> None:
            callback, self.callback = self.callback, None
            if callback is not None and callback in self.emitter.listeners(self.topic):
                self.emitter.remove_listener(self.topic, callback)

    class NewsAgency:
        """One emitter."""

        def __init__(self) -> None:
            self.emitter: Any = importlib.import_module("pyee").EventEmitter()

        def subscribe(self, callback: Any, topic: str) -> Any:
            _check(callback, topic)
            self.emitter.add_listener(f"topic:{topic}", callback)
            return Pyee.Subscription(self.emitter, f"topic:{topic}", callback)

        def publish(self, topic: str, news: object) -> None:
            _check(len, topic)
            self.emitter.emit(f"topic:{topic}", news)
