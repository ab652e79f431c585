"""The agency in one thread: order, changes on the way, failures, news from callbacks."""

import gc
import random
import weakref
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import grows_at_most
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

SPORT, WEATHER = "sport", "weather"


def noting(log: list[Any], name: str) -> Callable[[Any], None]:
    """A callback that writes down who got what."""
    return lambda news: log.append((name, news))


def failing(log: list[Any], name: str, error: BaseException) -> Callable[[Any], None]:
    """A callback that writes down who got what, and raises."""

    def callback(news: Any) -> None:
        log.append((name, news))
        raise error

    return callback


def group_of(job: Callable[[], object], did: str) -> list[BaseException]:
    """The exceptions of the ExceptionGroup that `job` raises."""
    group = raises(ExceptionGroup, job, did=did)
    return list(group.exceptions)


@check("P1", kind="behaviour")
def test_everybody_is_told_in_order(impl: Implementation) -> None:
    """Three subscribers of 'sport', one of 'weather'; two news of 'sport', one of 'weather'."""
    agency, log = impl.NewsAgency(), []
    for name in ("c", "a"):
        agency.subscribe(noting(log, name), SPORT)
    agency.subscribe(noting(log, "w"), WEATHER)
    agency.subscribe(noting(log, "b"), SPORT)
    agency.publish(SPORT, 1)
    agency.publish(WEATHER, 2)
    agency.publish(SPORT, 3)
    want = [("c", 1), ("a", 1), ("b", 1), ("w", 2), ("c", 3), ("a", 3), ("b", 3)]
    equal(log, want, did="who got what, in order")


@check("P1", kind="behaviour")
def test_topics_match_exactly(impl: Implementation) -> None:
    """Nine topics that look alike, one subscriber each; news of each."""
    topics = ["sport", "sport/tennis", "sport/", "sports", "Sport", " sport", "", "*", "sport/*"]
    agency, log = impl.NewsAgency(), []
    for topic in topics:
        agency.subscribe(noting(log, topic), topic)
    for topic in topics:
        log.clear()
        agency.publish(topic, 1)
        equal(log, [(topic, 1)], did=f"who got the news of {topic!r}")


@check("P1", kind="behaviour")
def test_the_order_survives_comings_and_goings(impl: Implementation) -> None:
    """Twenty subscribers; every third is cancelled, then two more subscribe."""
    agency, log = impl.NewsAgency(), []
    subscriptions = [agency.subscribe(noting(log, f"s{n}"), SPORT) for n in range(20)]
    for subscription in subscriptions[::3]:
        subscription.cancel()
    for name in ("x", "y"):
        agency.subscribe(noting(log, name), SPORT)
    agency.publish(SPORT, 0)
    want = [f"s{n}" for n in range(20) if n % 3] + ["x", "y"]
    equal([name for name, _ in log], want, did="the order of delivery")


@check("P1", kind="behaviour")
def test_the_same_callback_twice_is_two_subscriptions(impl: Implementation) -> None:
    """One function subscribed twice, and to another topic; then the first is cancelled."""
    agency, log = impl.NewsAgency(), []
    callback = log.append
    first = agency.subscribe(callback, SPORT)
    agency.subscribe(callback, SPORT)
    agency.subscribe(callback, WEATHER)
    agency.publish(SPORT, 1)
    equal(log, [1, 1], did="calls after subscribing the same function twice")
    first.cancel()
    agency.publish(SPORT, 2)
    equal(log, [1, 1, 2], did="calls after one of the two was cancelled")


class Equal:
    """Callables that are all equal to each other."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def __call__(self, news: Any) -> None:
        self.log.append(news)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)

    def __hash__(self) -> int:
        return 1


@check("P1", kind="behaviour")
def test_equal_callbacks_are_not_the_same(impl: Implementation) -> None:
    """Two callables that are equal, and one that cannot be hashed; the second is cancelled."""
    agency, one, two, three = impl.NewsAgency(), [], [], []

    class Unhashable(Equal):
        __hash__ = None  # type: ignore[assignment]

    agency.subscribe(Equal(one), SPORT)
    second = agency.subscribe(Equal(two), SPORT)
    agency.subscribe(Unhashable(three), SPORT)
    second.cancel()
    agency.publish(SPORT, 1)
    equal(
        [one, two, three],
        [[1], [], [1]],
        did="calls after the second of two equal ones was cancelled",
    )


@check("P1", kind="behaviour")
def test_news_is_handed_on_as_it_is(impl: Implementation) -> None:
    """None, an empty list, an exception object, a tuple."""
    agency, log = impl.NewsAgency(), []
    agency.subscribe(log.append, "")
    for news in (None, [], ValueError("news"), (1, 2), object()):
        log.clear()
        agency.publish("", news)
        ensure(
            len(log) == 1 and log[0] is news,
            did=f"publish('', {news!r})",
            want="that very object",
            got=log,
        )


@check("P1", kind="behaviour")
def test_agencies_share_nothing(impl: Implementation) -> None:
    """Two agencies, one subscriber each."""
    one, two, log = impl.NewsAgency(), impl.NewsAgency(), []
    one.subscribe(noting(log, "one"), SPORT)
    two.subscribe(noting(log, "two"), SPORT)
    one.publish(SPORT, 1)
    equal(log, [("one", 1)], did="publish by the first of two agencies")


@check("P2", kind="behaviour")
def test_cancelling_oneself_skips_nobody(impl: Implementation) -> None:
    """The first, a middle and the last of five cancel themselves when called."""
    for index in (0, 2, 4):
        agency, log, subscriptions = impl.NewsAgency(), [], []

        def callback(
            news: Any, n: int, index: int = index, log: Any = log, subs: Any = subscriptions
        ) -> None:
            log.append(n)
            if n == index:
                subs[n].cancel()

        for n in range(5):
            subscriptions.append(
                agency.subscribe(lambda news, n=n, call=callback: call(news, n), SPORT)
            )
        agency.publish(SPORT, 1)
        agency.publish(SPORT, 2)
        want = [0, 1, 2, 3, 4, *(n for n in range(5) if n != index)]
        equal(log, want, did=f"two news, number {index} cancels itself at the first")


@check("P2", kind="behaviour")
def test_cancelling_others_on_the_way(impl: Implementation) -> None:
    """The second of five cancels the first, the third and the last."""
    agency, log, subscriptions = impl.NewsAgency(), [], []

    def second(news: Any) -> None:
        log.append("1")
        for n in (0, 2, 4):
            subscriptions[n].cancel()

    for n in range(5):
        subscriptions.append(
            agency.subscribe(second if n == 1 else noting_name(log, str(n)), SPORT)
        )
    agency.publish(SPORT, 1)
    equal(log, ["0", "1", "3"], did="who was called when the second cancelled 0, 2 and 4")
    agency.publish(SPORT, 2)
    equal(log, ["0", "1", "3", "1", "3"], did="who was called in all after the next news")


def noting_name(log: list[Any], name: str) -> Callable[[Any], None]:
    """A callback that writes down its name."""
    return lambda _: log.append(name)


@check("P2", kind="behaviour")
def test_subscribing_on_the_way(impl: Implementation) -> None:
    """Each call of the first subscriber subscribes one more; a cancelled one is replaced on the way."""
    agency, log = impl.NewsAgency(), []
    last: list[Any] = []

    def first(news: Any) -> None:
        log.append("first")
        agency.subscribe(noting_name(log, f"new{news}"), SPORT)
        last[0].cancel()
        last[0] = agency.subscribe(noting_name(log, f"last{news}"), SPORT)

    agency.subscribe(first, SPORT)
    last.append(agency.subscribe(noting_name(log, "last"), SPORT))
    agency.publish(SPORT, 1)
    equal(log, ["first"], did="calls for the first news")
    log.clear()
    agency.publish(SPORT, 2)
    equal(log, ["first", "new1"], did="calls for the second news")


@check("P2", kind="behaviour")
def test_subscribing_to_another_topic_on_the_way(impl: Implementation) -> None:
    """A callback subscribes to a topic that was empty, and cancels the only one of another."""
    agency, log = impl.NewsAgency(), []
    only = agency.subscribe(noting(log, "only"), WEATHER)

    def callback(_: Any) -> None:
        only.cancel()
        agency.subscribe(noting(log, "late"), "new topic")

    agency.subscribe(callback, SPORT)
    agency.publish(SPORT, 1)
    agency.publish(WEATHER, 2)
    agency.publish("new topic", 3)
    equal(log, [("late", 3)], did="calls after both changes")


@check("P3", kind="behaviour")
def test_a_failure_stops_nobody(impl: Implementation) -> None:
    """Of five subscribers the first, the third and the last raise."""
    agency, log = impl.NewsAgency(), []
    errors = [ValueError("1"), KeyError("3"), RuntimeError("5")]
    for n in range(5):
        name = str(n + 1)
        agency.subscribe(noting(log, name) if n % 2 else failing(log, name, errors[n // 2]), SPORT)
    got = group_of(lambda: agency.publish(SPORT, 0), "publish, three of five subscribers raise")
    equal([name for name, _ in log], ["1", "2", "3", "4", "5"], did="who was called")
    ensure(len(got) == 3 and all(a is b for a, b in zip(got, errors, strict=True)),
           did="the exceptions of the group", want="the three, in order", got=got)  # fmt: skip
    log.clear()
    group_of(lambda: agency.publish(SPORT, 0), "publish once more")
    equal(len(log), 5, did="calls for the next news")


@check("P3", kind="behaviour")
def test_one_failure_is_a_group_too(impl: Implementation) -> None:
    """The only subscriber raises; then it raises an ExceptionGroup of its own."""
    for error in (ValueError("no"), ExceptionGroup("mine", [KeyError("k")])):
        agency = impl.NewsAgency()
        agency.subscribe(failing([], "a", error), SPORT)
        got = group_of(
            lambda agency=agency: agency.publish(SPORT, 1),
            f"publish, the only subscriber raises {error!r}",
        )
        ensure(
            len(got) == 1 and got[0] is error,
            did="the exceptions of the group",
            want=repr(error),
            got=got,
        )


@check("P3", kind="behaviour")
def test_without_a_failure_nothing_is_raised(impl: Implementation) -> None:
    """A failing subscriber is cancelled; a callback returns an exception object."""
    agency = impl.NewsAgency()
    bad = agency.subscribe(failing([], "a", ValueError()), SPORT)
    agency.subscribe(lambda _: ValueError("returned, not raised"), SPORT)
    bad.cancel()
    equal(agency.publish(SPORT, 1), None, did="publish without a failing subscriber")


@check("P4", kind="behaviour")
def test_interrupts_pass_through(impl: Implementation) -> None:
    """A subscriber raises KeyboardInterrupt, SystemExit, GeneratorExit; then it is cancelled and news goes on."""
    for error in (KeyboardInterrupt(), SystemExit(3), GeneratorExit()):
        agency, log = impl.NewsAgency(), []
        agency.subscribe(noting(log, "before"), SPORT)
        bad = agency.subscribe(failing(log, "bad", error), SPORT)
        agency.subscribe(noting(log, "after"), SPORT)
        try:
            agency.publish(SPORT, 1)
            caught: BaseException | None = None
        except BaseException as raised:  # noqa: BLE001 - that is what is looked at
            caught = raised
        ensure(
            caught is error,
            did=f"publish, a subscriber raises {error!r}",
            want="that very exception",
            got=caught,
        )
        bad.cancel()
        log.clear()
        agency.publish(SPORT, 2)
        equal(
            [call for call in log if call[1] == 2],
            [("before", 2), ("after", 2)],
            did="calls for the next news",
        )


@check("P5", kind="behaviour")
def test_news_from_a_callback_waits(impl: Implementation) -> None:
    """A publishes 2 and 3 when it gets 1; B and C listen."""
    agency, log = impl.NewsAgency(), []

    def a(news: Any) -> None:
        log.append(("A", news))
        if news == 1:
            agency.publish(SPORT, 2)
            agency.publish(SPORT, 3)
            log.append(("A", "done"))

    agency.subscribe(a, SPORT)
    agency.subscribe(noting(log, "B"), SPORT)
    agency.publish(SPORT, 1)
    want = [("A", 1), ("A", "done"), ("B", 1), ("A", 2), ("B", 2), ("A", 3), ("B", 3)]
    equal(log, want, did="who got what, in order, when publish(1) had returned")


@check("P5", kind="behaviour")
def test_chains_of_news(impl: Implementation) -> None:
    """Each news below 40 makes two subscribers publish on another topic; 1,000 deep in a chain."""
    agency, log = impl.NewsAgency(), []

    def count(news: int) -> None:
        log.append(news)
        if news < 1_000:
            agency.publish(SPORT if news % 2 else WEATHER, news + 1)

    agency.subscribe(count, SPORT)
    agency.subscribe(count, WEATHER)
    agency.publish(SPORT, 0)
    equal(
        log, list(range(1_001)), did="a chain of 1,000 news, each published by the callback before"
    )


@check("P5", kind="behaviour")
def test_who_listens_to_waiting_news(impl: Implementation) -> None:
    """A gets 1, publishes 2, then subscribes N and cancels C: 2 is delivered after that."""
    agency, log, subscriptions = impl.NewsAgency(), [], []

    def a(news: Any) -> None:
        log.append(("A", news))
        if news == 1:
            agency.publish(SPORT, 2)
            agency.subscribe(noting(log, "N"), SPORT)
            subscriptions[0].cancel()

    agency.subscribe(a, SPORT)
    subscriptions.append(agency.subscribe(noting(log, "C"), SPORT))
    agency.publish(SPORT, 1)
    equal(
        log,
        [("A", 1), ("A", 2), ("N", 2)],
        did="who got what: the delivery of 2 begins after the changes",
    )


@check("P5", kind="behaviour")
def test_failures_of_inner_news_surface_outside(impl: Implementation) -> None:
    """A publishes 2 when it gets 1; B raises on both; the inner publish must not raise."""
    agency, seen = impl.NewsAgency(), []
    errors = {1: ValueError("one"), 2: ValueError("two")}

    def a(news: Any) -> None:
        if news == 1:
            try:
                agency.publish(SPORT, 2)
            except BaseException as error:  # noqa: BLE001 - that is what is looked at
                seen.append(error)

    def b(news: Any) -> None:
        raise errors[news]

    agency.subscribe(a, SPORT)
    agency.subscribe(b, SPORT)
    got = group_of(lambda: agency.publish(SPORT, 1), "publish(1), B raises on 1 and on 2")
    equal(seen, [], did="what the inner publish raised")
    ensure(
        got == [errors[1], errors[2]],
        did="the exceptions of the group",
        want="both, in order",
        got=got,
    )
    quiet = agency.subscribe(lambda _: None, WEATHER)
    agency.publish(WEATHER, 0)
    quiet.cancel()


@check("P8", "P12", kind="behaviour")
def test_cancel_and_active(impl: Implementation) -> None:
    """One subscription of three is cancelled three times, once from its own callback."""
    agency, log = impl.NewsAgency(), []
    first = agency.subscribe(noting(log, "first"), SPORT)
    other = agency.subscribe(noting(log, "other"), SPORT)
    own: list[Any] = []

    def callback(news: Any) -> None:
        equal(own[0].active, True, did="active in its own callback, before cancel()")
        equal(own[0].cancel(), None, did="what cancel() returns")
        own[0].cancel()
        equal(own[0].active, False, did="active in its own callback, after cancel()")
        log.append(("own", news))

    own.append(agency.subscribe(callback, SPORT))
    equal([first.active, other.active], [True, True], did="active of two new subscriptions")
    agency.publish(SPORT, 1)
    first.cancel()
    first.cancel()
    agency.publish(SPORT, 2)
    want = [("first", 1), ("other", 1), ("own", 1), ("other", 2)]
    equal(log, want, did="calls for two news, with cancels after the first")
    equal(
        [first.active, other.active, own[0].active], [False, True, False], did="active in the end"
    )


class Callback:
    """A callable that can be watched being let go."""

    def __call__(self, news: Any) -> None:
        """Do nothing."""


class Fails(Callback):
    """One that raises."""

    def __call__(self, news: Any) -> None:
        raise ValueError


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


def publish_quietly(agency: Any) -> None:
    """Publish once; whatever subscribers raise is not looked at here."""
    try:
        agency.publish(SPORT, 1)
    except Exception:
        return


@check("P10", kind="behaviour")
def test_dropped_subscriptions_stay_active(impl: Implementation) -> None:
    """The caller throws the subscription away; a bound method and a lambda go on being called."""
    agency, log = impl.NewsAgency(), []
    agency.subscribe(lambda news: log.append(news), SPORT)  # noqa: PLW0108 - a lambda that nobody holds
    agency.subscribe(Equal(log).__call__, SPORT)
    gc.collect()
    agency.publish(SPORT, 1)
    equal(log, [1, 1], did="calls of a lambda and a bound method that nobody else holds")


@check("P10", kind="behaviour")
def test_news_is_let_go(impl: Implementation) -> None:
    """News with and without subscribers, and news from a callback."""
    agency = impl.NewsAgency()
    inner: list[Any] = []

    def callback(news: Any) -> None:
        if not inner:
            again = Callback()
            inner.append(weakref.ref(again))
            agency.publish(SPORT, again)

    agency.subscribe(callback, SPORT)
    news = Callback()
    watches = [weakref.ref(news)]
    agency.publish(SPORT, news)
    agency.publish("nobody", news)
    del news
    gc.collect()
    ensure(
        [w() for w in [*watches, *inner]] == [None, None],
        did="news, after it was delivered",
        want="nobody keeps it",
    )


@check("P11", kind="contract")
def test_bad_arguments(impl: Implementation) -> None:
    """Callbacks that are none, topics that are no text, news for nobody."""
    agency, log = impl.NewsAgency(), []
    agency.subscribe(log.append, SPORT)
    for bad in (None, 3, "text", [len]):
        raises(
            TypeError,
            lambda bad=bad: agency.subscribe(bad, SPORT),
            did=f"subscribe({bad!r}, 'sport')",
        )
    for topic in (None, 3, b"sport", ("sport",)):
        raises(
            TypeError,
            lambda t=topic: agency.subscribe(log.append, t),
            did=f"subscribe(callback, {topic!r})",
        )
        raises(TypeError, lambda t=topic: agency.publish(t, 1), did=f"publish({topic!r}, 1)")
    equal(agency.publish("nobody listens", 1), None, did="publish to a topic without subscribers")
    agency.publish(SPORT, 7)
    equal(log, [7], did="calls after all these mistakes")


@check("P1", "P2", "P5", kind="behaviour")
def test_generated_lives_of_an_agency(impl: Implementation) -> None:
    """80 generated programs of 12 steps (seed 3); callbacks subscribe, cancel and publish; compared with a model."""
    for number in range(80):
        got = play(impl.NewsAgency(), random.Random(3_000 + number))
        want = play(Model(), random.Random(3_000 + number))
        equal(got, want, did=f"who got what in generated program {number}")


def play(agency: Any, chance: random.Random) -> list[Any]:
    """A program that depends on nothing but the chances; what the callbacks saw."""
    log: list[Any] = []
    subscriptions: list[Any] = []
    budget = [25]

    def step(by: str) -> None:
        deed, topic = (
            chance.choice(["subscribe", "cancel", "publish", "publish"]),
            chance.choice("st"),
        )
        if deed == "publish" and budget[0]:
            budget[0] -= 1
            agency.publish(topic, f"{by}{budget[0]}")
        elif deed == "cancel" and subscriptions:
            chance.choice(subscriptions).cancel()
        else:
            subscriptions.append(agency.subscribe(callback(len(subscriptions)), topic))

    def callback(n: int) -> Callable[[Any], None]:
        def call(news: Any) -> None:
            log.append((n, news))
            if chance.random() < 0.4:
                step(f"{n}.")

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
        self.busy = True
        while self.queue:
            topic, news = self.queue.pop(0)
            for entry in [entry for entry in self.all if entry[1] == topic and entry[2]]:
                if entry[2]:
                    entry[0](news)
        self.busy = False


@check("P13", kind="throughput")
def test_other_topics_cost_nothing(plain: Implementation) -> None:
    """300 news to one subscriber, beside 200 subscriptions to other topics and beside 20,000."""
    agencies: dict[int, Any] = {}

    def prepare(n: int) -> Callable[[], None]:
        if n not in agencies:
            agencies[n] = plain.NewsAgency()
            for number in range(n):
                agencies[n].subscribe(len, f"topic {number % 50}")
            agencies[n].subscribe(lambda _: None, SPORT)
        agency = agencies[n]

        def block() -> None:
            for number in range(300):
                agency.publish(SPORT, number)

        return block

    grows_at_most(prepare, small=200, large=5_000, limit=6.0,
                  did="300 × publish to one subscriber; 200 subscriptions to other topics against 5,000")  # fmt: skip
