"""Agencies that are almost right: one wrong idea each, and the promise it breaks."""

import threading
import weakref
from collections import deque
from typing import Any

from solutions.patterns import observer as reference
from solutions.patterns.observer import Subscription


class NewestFirst:
    """Delivers in the opposite order."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                self._topics[topic] = dict(reversed(self._topics.get(topic, {}).items()))
            super()._deliver(topic, news, failures)
            with self._lock:
                self._topics[topic] = dict(sorted(self._topics.get(topic, {}).items()))


class SetOfCallbacks:
    """The same callback twice is one subscription, as in pyee."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            with self._lock:
                for known in self._topics.get(topic, {}).values():
                    if known.callback == callback:
                        return known
            return super().subscribe(callback, topic)


class PrefixTopics:
    """Who subscribed to 'sport' gets the news of 'sport/tennis', too."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            parts = topic.split("/")
            for length in range(1, len(parts)):
                super()._deliver("/".join(parts[:length]), news, failures)
            super()._deliver(topic, news, failures)


class DeliversInBackground:
    """A thread of its own delivers; publish waits for it."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            def work() -> None:
                self._publisher = threading.get_ident()
                deliver(topic, news, failures)

            deliver, me = super()._deliver, threading.get_ident()
            interrupts: list[BaseException] = []

            def guarded() -> None:
                try:
                    work()
                except BaseException as error:
                    interrupts.append(error)

            thread = threading.Thread(target=guarded)
            thread.start()
            thread.join()
            self._publisher = me
            if interrupts:
                raise interrupts[0]


class LiveList:
    """Walks the live list by index: who cancels itself makes the next one be skipped.

    As scottcorgan/tiny-emitter issue 1.
    """

    breaks = "P2"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            index = 0
            while True:
                with self._lock:
                    live = list(self._topics.get(topic, {}).values())
                if index >= len(live) or index > 10_000:
                    return
                callback = live[index].callback
                index += 1
                try:
                    if callback is not None:
                        callback(news)
                except Exception as failure:
                    failures.append(failure)


class NewcomersHearAtOnce:
    """Who subscribes during a delivery is told in the same delivery. As software-mansion/argent issue 870."""

    breaks = "P2"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            told: set[int] = set()
            for _ in range(1_000):
                with self._lock:
                    rest = {n: s for n, s in self._topics.get(topic, {}).items() if n not in told}
                if not rest:
                    return
                number = min(rest)
                told.add(number)
                callback = rest[number].callback
                try:
                    if callback is not None:
                        callback(news)
                except Exception as failure:
                    failures.append(failure)


class SnapshotOfCallbacks:
    """Copies the callbacks when it begins: who is cancelled on the way is told all the same."""

    breaks = "P2"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                callbacks = [s.callback for s in self._topics.get(topic, {}).values()]
            for callback in callbacks:
                try:
                    if callback is not None:
                        callback(news)
                except Exception as failure:
                    failures.append(failure)


class FirstFailureStops:
    """The first exception ends the delivery. As georapbox/PubSub issue 4."""

    breaks = "P3"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                subscriptions = list(self._topics.get(topic, {}).values())
            for subscription in subscriptions:
                callback = subscription.callback
                try:
                    if callback is not None:
                        callback(news)
                except Exception as failure:
                    failures.append(failure)
                    return


class SwallowsFailures:
    """Nobody hears of failures. As efacilitation/eventric issue 35."""

    breaks = "P3"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            try:
                super().publish(topic, news)
            except ExceptionGroup:
                return


class OneFailureAlone:
    """A single failure is raised as it is, without a group."""

    breaks = "P3"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            try:
                super().publish(topic, news)
            except ExceptionGroup as group:
                if len(group.exceptions) == 1:
                    raise group.exceptions[0] from None
                raise


class LastFailureOnly:
    """Of several failures the last one is reported."""

    breaks = "P3"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            own: list[Exception] = []
            super()._deliver(topic, news, own)
            failures.extend(own[-1:])


class CatchesInterrupts:
    """KeyboardInterrupt is collected like any failure."""

    breaks = "P4"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                subscriptions = list(self._topics.get(topic, {}).values())
            for subscription in subscriptions:
                callback = subscription.callback
                try:
                    if callback is not None:
                        callback(news)
                except BaseException as failure:
                    failures.append(
                        failure if isinstance(failure, Exception) else RuntimeError(repr(failure))
                    )


class StuckAfterInterrupt:
    """After an interrupt the agency believes for ever that it is delivering."""

    breaks = "P4"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            if self._publisher == threading.get_ident():
                self._waiting.append((topic, news))
                return
            failures: list[Exception] = []
            with self._turn:
                self._publisher = threading.get_ident()
                self._deliver(topic, news, failures)
                while self._waiting:
                    self._deliver(*self._waiting.popleft(), failures)
                self._publisher = 0
            if failures:
                raise ExceptionGroup("failed", failures)


class Recursive:
    """News from a callback is delivered at once, inside: the others hear it before the current one."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._turn = threading.RLock()  # type: ignore[assignment]

        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            failures: list[Exception] = []
            with self._turn:
                self._deliver(topic, news, failures)
            if failures:
                raise ExceptionGroup("failed", failures)


class LastInFirstOut:
    """Waiting news is a stack."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            if self._publisher == threading.get_ident():
                reference._check_topic(topic)
                self._waiting.appendleft((topic, news))
            else:
                super().publish(topic, news)


class InnerFailuresLost:
    """Failures of waiting news are forgotten."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            own: list[Exception] = []
            super()._deliver(topic, news, own)
            if getattr(self, "_first", None) is not failures:
                self._first = failures
                failures.extend(own)


class WaitingNewsFrozen:
    """Who gets waiting news is decided when it is published, not when its delivery begins."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            if self._publisher == threading.get_ident():
                with self._lock:
                    known = set(self._topics.get(topic, {}))
                self._waiting.append((topic, (known, news)))
            else:
                super().publish(topic, (None, news))

        def _deliver(self, topic: str, news: Any, failures: list[Exception]) -> None:
            known, text = news
            with self._lock:
                subscriptions = list(self._topics.get(topic, {}).items())
            for number, subscription in subscriptions:
                callback = subscription.callback
                try:
                    if callback is not None and (known is None or number in known):
                        callback(text)
                except Exception as failure:
                    failures.append(failure)


class NoTurns:
    """Publishing threads do not take turns: subscribers see news in different orders."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._own = threading.local()

        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            waiting = getattr(self._own, "waiting", None)
            if waiting is not None:
                waiting.append((topic, news))
                return
            failures: list[Exception] = []
            self._own.waiting = [(topic, news)]
            try:
                while self._own.waiting:
                    self._deliver(*self._own.waiting.pop(0), failures)
            finally:
                self._own.waiting = None
            if failures:
                raise ExceptionGroup("failed", failures)


class AnybodyDrains:
    """A flag instead of a thread: whoever comes while somebody delivers leaves its news there and goes."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._busy = False

        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            with self._lock:
                self._waiting.append((topic, news))
                if self._busy:
                    return
                self._busy = True
            failures: list[Exception] = []
            try:
                while True:
                    with self._lock:
                        if not self._waiting:
                            self._busy = False
                            break
                        following = self._waiting.popleft()
                    self._deliver(*following, failures)
            except BaseException:
                self._busy = False
                raise
            if failures:
                raise ExceptionGroup("failed", failures)


class LastNewsLost:
    """As AnybodyDrains, and news that comes just when the drain ends stays lying there."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._busy = False

        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            self._waiting.append((topic, news))
            if self._busy:
                return
            self._busy = True
            failures: list[Exception] = []
            try:
                while self._waiting:
                    self._deliver(*self._waiting.popleft(), failures)
            finally:
                self._busy = False
            if failures:
                raise ExceptionGroup("failed", failures)


class SharedFailures:
    """The list of failures belongs to the agency: one thread raises another's."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._failures: list[Exception] = []

        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, self._failures)

        def publish(self, topic: str, news: object) -> None:
            super().publish(topic, news)
            if self._publisher != threading.get_ident() and self._failures:
                failures, self._failures = self._failures, []
                raise ExceptionGroup("failed", failures)


class LockDuringCallbacks:
    """The table's lock is held while callbacks run; re-entrant, so that one thread does not notice."""

    breaks = "P7"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._lock = threading.RLock()  # type: ignore[assignment]

        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                super()._deliver(topic, news, failures)


class CancelWaitsForTheTurn:
    """cancel() waits until the delivery under way is over, unless it comes from that thread."""

    breaks = "P7"

    class NewsAgency(reference.NewsAgency):
        def forget(self, topic: str, number: int) -> None:
            if self._publisher != threading.get_ident():
                with self._turn:
                    super().forget(topic, number)
            else:
                super().forget(topic, number)


class CancelsWhenIdle:
    """While news is delivered, a cancel is put off until everything that waits has been delivered."""

    breaks = "P8"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._put_off: list[Any] = []

        def subscribe(self, callback: Any, topic: str) -> Any:
            agency, real = self, super().subscribe(callback, topic)

            class Handle:
                active = True

                def cancel(self) -> None:
                    self.active = False
                    if agency._publisher:
                        agency._put_off.append(real)
                    else:
                        real.cancel()

            return Handle()

        def publish(self, topic: str, news: object) -> None:
            try:
                super().publish(topic, news)
            finally:
                while self._put_off and self._publisher != threading.get_ident():
                    self._put_off.pop().cancel()


class SecondCancelRaises:
    """cancel() again is a KeyError."""

    breaks = "P8"

    class NewsAgency(reference.NewsAgency):
        def forget(self, topic: str, number: int) -> None:
            with self._lock:
                del self._topics[topic][number]


class UnlockedTable:
    """subscribe and cancel without the lock: who comes while the last one goes is lost."""

    breaks = "P9"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            if not callable(callback):
                raise TypeError("callback")
            reference._check_topic(topic)
            subscription = Subscription(self, next(self._numbers), callback, topic)
            if topic not in self._topics:
                self._topics[topic] = {}
            self._topics[topic][subscription._number] = subscription
            return subscription


class CopyWithoutLock:
    """Copy on write, and of two copies made at the same time one is lost."""

    breaks = "P9"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            if not callable(callback):
                raise TypeError("callback")
            reference._check_topic(topic)
            subscription = Subscription(self, next(self._numbers), callback, topic)
            known = self._topics.get(topic, {})
            self._topics = {**self._topics, topic: {**known, subscription._number: subscription}}
            return subscription


class WeakCallbacks:
    """Weak references to every callback: a lambda vanishes at once. As ohdearquant/lionagi issue 868."""

    breaks = "P10"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            if not callable(callback):
                raise TypeError("callback")
            try:
                weak = weakref.ref(callback)
            except TypeError:
                return super().subscribe(callback, topic)

            def call(news: Any) -> None:
                strong = weak()
                if strong is not None:
                    strong(news)

            return super().subscribe(call, topic)


class KeepsCancelled:
    """A cancelled subscription stays in a list of all there ever were, with its callback."""

    breaks = "P10"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._ever: list[object] = []

        def subscribe(self, callback: Any, topic: str) -> Subscription:
            subscription = super().subscribe(callback, topic)
            self._ever.append(callback)
            return subscription


class KeepsHistory:
    """The agency remembers the last news."""

    breaks = "P10"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            self._last = news
            super()._deliver(topic, news, failures)


class ChecksOnDelivery:
    """A callback that cannot be called is noticed when news comes."""

    breaks = "P11"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            return super().subscribe(
                callback if callable(callback) else lambda news: callback(news),  # noqa: PLW0108
                topic,
            )


class AnyTopic:
    """Whatever can be hashed is a topic."""

    breaks = "P11"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            super().publish(topic if isinstance(topic, str) else repr(topic), news)


class ActiveForEver:
    """`active` says whether the subscription was made."""

    breaks = "P12"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            subscription = super().subscribe(callback, topic)

            class Always(Subscription):
                @property
                def active(self) -> bool:
                    return True

            subscription.__class__ = Always
            return subscription


class OneListForAll:
    """One list of all subscriptions, searched for the topic at every publish."""

    breaks = "P13"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                every = [s for of_topic in self._topics.values() for s in of_topic.values()]
            for subscription in [s for s in every if s._topic == topic]:
                callback = subscription.callback
                try:
                    if callback is not None:
                        callback(news)
                except Exception as failure:
                    failures.append(failure)


class TopicsByIdentity:
    """A topic is found by `id`: an equal text that is another object is another topic."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            return super().subscribe(callback, _named_by_id(topic))

        def publish(self, topic: str, news: object) -> None:
            super().publish(_named_by_id(topic), news)


def _named_by_id(topic: Any) -> Any:
    return f"{id(topic)}" if isinstance(topic, str) else topic


class FalseUnsubscribes:
    """A callback that returns False is not called again, as in some libraries of event handlers."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            if not callable(callback):
                raise TypeError("callback")

            def call(news: Any) -> None:
                if callback(news) is False:
                    subscription.cancel()

            subscription = super().subscribe(call, topic)
            return subscription


class CopiesBeforeItsTurn:
    """Who gets news is decided when publish is called, although others deliver first."""

    breaks = "P1"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            if self._publisher == threading.get_ident():
                super().publish(topic, (None, news))
                return
            with self._lock:
                known = set(self._topics.get(topic, {}))
            super().publish(topic, (known, news))

        def _deliver(self, topic: str, news: Any, failures: list[Exception]) -> None:
            WaitingNewsFrozen.NewsAgency._deliver(self, topic, news, failures)  # type: ignore[arg-type]


class FirstTenFailures:
    """Of many failures the first ten are reported."""

    breaks = "P3"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, failures)
            del failures[10:]


class InnerInterruptsAreFailures:
    """Interrupts pass through, but not those of news that a callback published."""

    breaks = "P4"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, failures)
            while self._waiting:
                try:
                    super()._deliver(*self._waiting.popleft(), failures)
                except BaseException as interrupt:
                    failures.append(RuntimeError(repr(interrupt)))


class ShortQueue:
    """Of news from callbacks only the last hundred wait; what came before falls out."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._waiting = deque(maxlen=100)


class NobodyListensYet:
    """News of a callback for a topic without subscribers is dropped at once; some may come before its turn."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            if topic in self._topics:
                super().publish(topic, news)


class DrainsByRecursion:
    """After each news the rest is drained by a call inside: a long chain ends in a RecursionError."""

    breaks = "P5"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, failures)
            if self._waiting:
                self._deliver(*self._waiting.popleft(), failures)


class LosesPatience:
    """Waits a minute for its turn and then delivers all the same."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def __init__(self) -> None:
            super().__init__()
            self._turn = _Impatient()  # type: ignore[assignment]


class _Impatient:
    def __init__(self) -> None:
        self._lock, self._held = threading.Lock(), threading.local()

    def __enter__(self) -> None:
        self._held.got = self._lock.acquire(timeout=60)

    def __exit__(self, *_: object) -> None:
        if self._held.got:
            self._lock.release()


class StaleDeliverer:
    """Whoever delivered last is taken for the one who delivers, if somebody does."""

    breaks = "P6"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            reference._check_topic(topic)
            if self._publisher == threading.get_ident() and self._turn.locked():
                self._waiting.append((topic, news))
                return
            failures: list[Exception] = []
            with self._turn:
                self._publisher = threading.get_ident()
                try:
                    self._deliver(topic, news, failures)
                    while self._waiting:
                        self._deliver(*self._waiting.popleft(), failures)
                finally:
                    self._waiting.clear()
            if failures:
                raise ExceptionGroup("failed", failures)


class LockOfTheSubscription:
    """A lock for each subscription, held while its callback runs: cancel and `active` wait for it."""

    breaks = "P7"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Any:
            if not callable(callback):
                raise TypeError("callback")
            lock = threading.RLock()

            def call(news: Any) -> None:
                with lock:
                    callback(news)

            real = super().subscribe(call, topic)

            class Handle:
                @property
                def active(self) -> bool:
                    return real.active

                def cancel(self) -> None:
                    with lock:
                        real.cancel()

            return Handle()


class OneTurnForAllAgencies:
    """The turn belongs to the class: agencies wait for each other."""

    breaks = "P7"

    class NewsAgency(reference.NewsAgency):
        turn = threading.RLock()

        def __init__(self) -> None:
            super().__init__()
            self._turn = self.turn  # type: ignore[assignment]


class SecondCancelRunsAhead:
    """cancel() swaps its work out first: the second one returns before the first has done it."""

    breaks = "P8"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Any:
            real = super().subscribe(callback, topic)

            class Handle:
                stop: Any = staticmethod(real.cancel)

                @property
                def active(self) -> bool:
                    return real.active

                def cancel(self) -> None:
                    stop, self.stop = self.stop, None
                    if stop is not None:
                        stop()

            return Handle()


class InnerNewsStaysInTheList:
    """News of callbacks is worked off by index; the list is emptied when the next publish begins."""

    breaks = "P10"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            if self._publisher != threading.get_ident():
                self._worked_off: list[object] = []
            super().publish(topic, news)

        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, failures)
            self._worked_off += self._waiting


class EmptyTopicsUntilNews:
    """A topic without subscriptions is taken out when the next news of it comes."""

    breaks = "P10"

    class NewsAgency(reference.NewsAgency):
        def forget(self, topic: str, number: int) -> None:
            with self._lock:
                self._topics.get(topic, {}).pop(number, None)

        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            super()._deliver(topic, news, failures)
            with self._lock:
                if not self._topics.get(topic, {0: 0}):
                    del self._topics[topic]


class ChecksTooLate:
    """The topic is entered before the callback is looked at, and stays."""

    breaks = "P11"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Subscription:
            reference._check_topic(topic)
            with self._lock:
                self._topics.setdefault(topic, {})
            return super().subscribe(callback, topic)


class MistakeEmptiesTheQueue:
    """A publish that is refused in a callback takes the news that waits with it."""

    breaks = "P11"

    class NewsAgency(reference.NewsAgency):
        def publish(self, topic: str, news: object) -> None:
            try:
                super().publish(topic, news)
            except TypeError:
                self._waiting.clear()
                raise


class KnownCallbackIsActive:
    """`active` asks whether the topic has this callback: True again when it is subscribed anew."""

    breaks = "P12"

    class NewsAgency(reference.NewsAgency):
        def subscribe(self, callback: Any, topic: str) -> Any:
            agency, real, name = self, super().subscribe(callback, topic), id(callback)

            class Handle:
                cancel = staticmethod(real.cancel)

                @property
                def active(self) -> bool:
                    return any(
                        id(s.callback) == name for s in agency._topics.get(topic, {}).values()
                    )

            return Handle()


class DeadStayInTheRow:
    """A cancelled subscription is passed over, and taken out when its topic has no other."""

    breaks = "P13"

    class NewsAgency(reference.NewsAgency):
        def forget(self, topic: str, number: int) -> None:
            with self._lock:
                if not any(s.callback for s in self._topics.get(topic, {}).values()):
                    self._topics.pop(topic, None)


class CopiesTheTable:
    """Each delivery works on a copy of the whole table, to be safe from changes."""

    breaks = "P13"

    class NewsAgency(reference.NewsAgency):
        def _deliver(self, topic: str, news: object, failures: list[Exception]) -> None:
            with self._lock:
                table = dict(self._topics)
            if topic in table:
                super()._deliver(topic, news, failures)
