"""What is kept and what is let go, generated lives, and what a publish costs."""

import gc
import random
import sys
import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from graders.kit import Implementation, check, ensure, equal
from graders.kit.growth import grows_at_most

SPORT, WEATHER = "sport", "weather"


class Bound:
    """An object whose method is subscribed."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def hear(self, news: Any) -> None:
        """Note it."""
        self.log.append(news)


class Callback:
    """A callable that can be watched being let go."""

    def __call__(self, news: Any) -> None:
        """Do nothing."""


class Trouble(ValueError):
    """A failure that can be watched being let go."""


class Fails(Callback):
    """One that raises, and what it raised."""

    raised: ClassVar[list[Any]] = []

    def __call__(self, news: Any) -> None:
        error = self.error()
        self.raised.append(weakref.ref(error))
        raise error

    def error(self) -> BaseException:
        """What to raise."""
        return Trouble()


class Interrupts(Fails):
    """One that interrupts."""

    def error(self) -> BaseException:
        """What to raise."""

        class Interrupt(KeyboardInterrupt):
            pass

        return Interrupt()


@check("P10", kind="behaviour")
def test_callbacks_are_kept_while_active_and_let_go_after(impl: Implementation) -> None:
    """A lambda's object is only in the agency; it is cancelled, the subscription object stays."""
    for kind in (Callback, Fails):
        agency = impl.NewsAgency()
        callback = kind()
        watch = weakref.ref(callback)
        subscription = agency.subscribe(callback, SPORT)
        del callback
        gc.collect()
        ensure(
            watch() is not None,
            did="subscribe(callback), the caller forgets it",
            want="the agency keeps it",
        )
        publish_quietly(agency)
        subscription.cancel()
        gc.collect()
        ensure(watch() is None, did="subscription.cancel(), the subscription itself is kept",
               want="nobody keeps the callback")  # fmt: skip


@check("P10", kind="behaviour")
def test_who_is_cancelled_on_the_way_is_let_go(impl: Implementation) -> None:
    """The first subscriber cancels itself and the second, which is not called; 'publish' returns."""
    agency, subscriptions = impl.NewsAgency(), []

    class Leaves(Callback):
        def __call__(self, news: Any) -> None:
            for subscription in subscriptions:
                subscription.cancel()

    callbacks = [Leaves(), Callback()]
    watches = [weakref.ref(callback) for callback in callbacks]
    subscriptions += [agency.subscribe(callback, SPORT) for callback in callbacks]
    del callbacks
    agency.publish(SPORT, 1)
    gc.collect()
    equal(
        [w() for w in watches],
        [None, None],
        did="callbacks kept after they were cancelled on the way",
    )


@check("P10", kind="behaviour")
def test_topics_are_let_go(impl: Implementation) -> None:
    """Of three topics one has news for nobody, one a subscription that goes, one that goes when called."""
    agency = impl.NewsAgency()
    topics = [f"user {number}: inbox" for number in range(3)]  # nobody else holds these objects
    before = [sys.getrefcount(topic) for topic in topics]
    agency.subscribe(len, "stays")
    agency.publish(topics[0], 1)
    only = agency.subscribe(repr, topics[1])
    agency.publish(topics[1], 1)
    only.cancel()
    only = agency.subscribe(lambda _: only.cancel(), topics[2])
    agency.publish(topics[2], 1)
    only = None
    gc.collect()
    after = [sys.getrefcount(topic) for topic in topics]
    equal([b - a for a, b in zip(before, after, strict=True)], [0, 0, 0],
          did="references to three topics without subscriptions, more than before")  # fmt: skip


def publish_quietly(agency: Any, news: Any = 1) -> None:
    """Publish once; whatever subscribers raise is not looked at here."""
    try:
        agency.publish(SPORT, news)
    except BaseException:
        return


@check("P10", kind="behaviour")
def test_dropped_subscriptions_stay_active(impl: Implementation) -> None:
    """The caller throws the subscription away; a bound method and a lambda go on being called."""
    agency, log = impl.NewsAgency(), []
    agency.subscribe(lambda news: log.append(news), SPORT)  # noqa: PLW0108 - a lambda that nobody holds
    agency.subscribe(Bound(log).hear, SPORT)
    gc.collect()
    agency.publish(SPORT, 1)
    equal(log, [1, 1], did="calls of a lambda and a bound method that nobody else holds")


@check("P10", kind="behaviour")
def test_news_is_let_go(impl: Implementation) -> None:
    """News for one that publishes and one that does nothing, raises, or interrupts; news for nobody."""
    for other in (Callback, Fails, Interrupts):
        agency, inner = impl.NewsAgency(), []

        def callback(news: Any, agency: Any = agency, inner: Any = inner) -> None:
            if not inner:
                again = Callback()
                inner.append(weakref.ref(again))
                agency.publish(SPORT, again)

        agency.subscribe(callback, SPORT)
        agency.subscribe(other(), SPORT)
        news = Callback()
        watches = [weakref.ref(news), inner]
        publish_quietly(agency, news)
        del news
        watches[1:] = [*inner, *Fails.raised]
        gc.collect()
        ensure([w() for w in watches] == [None] * len(watches),
               did=f"publish to one that publishes too, and one that is a {other.__name__}",
               want="nobody keeps the news, nor what was raised")  # fmt: skip
    news = Callback()
    watch = weakref.ref(news)
    agency.publish("nobody", news)
    del news
    gc.collect()
    ensure(watch() is None, did="publish to nobody", want="nobody keeps the news")


@check("P1", "P2", "P3", "P5", kind="behaviour")
def test_generated_lives_of_an_agency(impl: Implementation) -> None:
    """80 generated programs of 12 steps (seed 3); callbacks subscribe, cancel, publish, raise; as a model does."""
    for number in range(80):
        got = play(impl.NewsAgency(), random.Random(3_000 + number))
        want = play(Model(), random.Random(3_000 + number))
        equal(got, want, did=f"who got what in generated program {number}")


def play(agency: Any, chance: random.Random) -> list[Any]:  # noqa: C901 - a script
    """A program that depends on nothing but the chances; what the callbacks saw."""
    log: list[Any] = []
    subscriptions: list[Any] = []
    budget = [25]

    def tell(topic: str, news: str) -> None:
        try:
            agency.publish(topic, news)
        except ExceptionGroup as group:
            log.append([str(error) for error in group.exceptions])

    def step(by: str) -> None:
        deed, topic = (
            chance.choice(["subscribe", "cancel", "publish", "publish"]),
            chance.choice("st"),
        )
        if deed == "publish" and budget[0]:
            budget[0] -= 1
            tell(topic, f"{by}{budget[0]}")
        elif deed == "cancel" and subscriptions:
            chance.choice(subscriptions).cancel()
        else:
            subscriptions.append(agency.subscribe(callback(len(subscriptions)), topic))

    def callback(n: int) -> Callable[[Any], None]:
        def call(news: Any) -> None:
            log.append((n, news))
            mood = chance.random()
            if mood < 0.4:
                step(f"{n}.")
            if 0.35 < mood < 0.5:
                raise ValueError(f"{n} on {news}")

        return call

    for _ in range(12):
        step("-")
    return log


class Model:
    """The contract, as slow and plain as can be."""

    def __init__(self) -> None:
        self.all: list[list[Any]] = []
        self.queue: list[tuple[str, Any]] = []
        self.busy = False

    def subscribe(self, callback: Any, topic: str) -> "Model.Handle":
        """Append to the one list."""
        self.all.append([callback, topic, True])
        return Model.Handle(self.all[-1])

    class Handle:
        """Switches its entry off."""

        def __init__(self, entry: list[Any]) -> None:
            self.entry = entry

        def cancel(self) -> None:
            """Off."""
            self.entry[2] = False

    def publish(self, topic: str, news: Any) -> None:
        """Queue, and work the queue off unless somebody is at it."""
        self.queue.append((topic, news))
        if self.busy:
            return
        self.busy, errors = True, []
        while self.queue:
            topic, news = self.queue.pop(0)
            for entry in [entry for entry in self.all if entry[1] == topic and entry[2]]:
                try:
                    if entry[2]:
                        entry[0](news)
                except ValueError as error:
                    errors.append(error)
        self.busy = False
        if errors:
            raise ExceptionGroup("failures", errors)


@check("P13", kind="throughput")
def test_other_topics_cost_nothing(plain: Implementation) -> None:
    """300 news to one subscriber, beside 50 other topics with a subscription each and beside 5,000."""
    agencies: dict[int, Any] = {}

    def prepare(n: int) -> Callable[[], None]:
        if n not in agencies:
            agencies[n] = plain.NewsAgency()
            for number in range(n):
                agencies[n].subscribe(len, f"topic {number}")
            agencies[n].subscribe(lambda _: None, SPORT)
            for gone in [agencies[n].subscribe(len, SPORT) for _ in range(n // 5)]:
                gone.cancel()
        agency = agencies[n]

        def block() -> None:
            for number in range(300):
                agency.publish(SPORT, number)

        return block

    grows_at_most(prepare, small=50, large=5_000, limit=6.0,
                  did="300 publishes to one subscriber, beside 50 other topics and"
                  " after 10 to this one were cancelled; beside 5,000, after 1,000")  # fmt: skip


@check("P13", kind="throughput")
def test_comings_and_goings_cost_nothing_beside_other_topics(plain: Implementation) -> None:
    """300 times subscribe and cancel, beside 100 other topics with a subscription each and beside 4,000."""
    agencies: dict[int, Any] = {}

    def prepare(n: int) -> Callable[[], None]:
        if n not in agencies:
            agencies[n] = plain.NewsAgency()
            for number in range(n):
                agencies[n].subscribe(len, f"topic {number}")
        agency = agencies[n]

        def block() -> None:
            for _ in range(300):
                agency.subscribe(len, SPORT).cancel()

        return block

    grows_at_most(prepare, small=100, large=4_000, limit=6.0,
                  did="300 times subscribe and cancel beside 100 other topics, and beside 4,000")  # fmt: skip


@check("P13", kind="throughput")
def test_a_publish_costs_what_its_subscriptions_cost(plain: Implementation) -> None:
    """4,000 calls: as 40 news to 100 subscriptions, and as one news to 4,000."""
    agencies: dict[int, Any] = {}

    def prepare(n: int) -> Callable[[], None]:
        if n not in agencies:
            agencies[n] = plain.NewsAgency()
            for _ in range(n):
                agencies[n].subscribe(lambda _: None, SPORT)
        agency = agencies[n]

        def block() -> None:
            for number in range(4_000 // n):
                agency.publish(SPORT, number)

        return block

    grows_at_most(prepare, small=100, large=4_000, limit=6.0,
                  did="4,000 calls as 40 news to 100 subscriptions, and as one news to 4,000")  # fmt: skip
