"""Who is told, in which order, and what changes on the way do."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial
from typing import Any

from graders.kit import Implementation, check, ensure, equal
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

SPORT, WEATHER = "sport", "weather"


def noting(log: list[Any], name: str) -> Callable[[Any], None]:
    """A callback that writes down who got what."""
    return lambda news: log.append((name, news))


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
    """Topics that look alike, one subscriber each; news of each."""
    topics = ["sport", "sports", "Sport", " sport", "sport ", "", "*", "#", ">", "spor?", "spor[t]"]
    topics += [f"sport{mark}{rest}" for mark in "/.:" for rest in ("", "tennis", "*")]
    topics += ["caf\u00e9", "cafe\u0301", "CAF\u00c9"]
    agency, log = impl.NewsAgency(), []
    for topic in topics:
        agency.subscribe(noting(log, topic), topic)
    for topic in topics:
        log.clear()
        agency.publish(topic, 1)
        equal(log, [(topic, 1)], did=f"who got the news of {topic!r}")


class Desk(StrEnum):
    """Topics as an enumeration."""

    SPORT = "sport"


@check("P1", kind="behaviour")
def test_equal_texts_are_one_topic(impl: Implementation) -> None:
    """Subscribers of 'sport', of an equal text made at run time, of a member of a StrEnum; news of each."""
    half = SPORT[:2]
    made, again = (f"{half}{rest}" for rest in ("ort", "ort"))  # not the same objects
    agency, log = impl.NewsAgency(), []
    for name, topic in (("text", SPORT), ("made", made), ("member", Desk.SPORT)):
        agency.subscribe(noting(log, name), topic)
    for topic in (SPORT, again, Desk.SPORT):
        log.clear()
        agency.publish(topic, 1)
        want = [("text", 1), ("made", 1), ("member", 1)]
        equal(log, want, did=f"who got the news of {topic!r}")


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


@check("P1", "P8", "P12", kind="behaviour")
def test_each_of_two_subscriptions_is_cancelled_alone(impl: Implementation) -> None:
    """f, g, f again; the second f is cancelled twice, and subscribed once more."""
    agency, log = impl.NewsAgency(), []
    f, g = noting(log, "f"), noting(log, "g")
    agency.subscribe(f, SPORT)
    agency.subscribe(g, SPORT)
    second = agency.subscribe(f, SPORT)
    second.cancel()
    agency.publish(SPORT, 1)
    equal(log, [("f", 1), ("g", 1)], did="calls after subscribing f, g, f and cancelling the last")
    agency.subscribe(f, SPORT)
    second.cancel()
    equal(second.active, False, did="active of the old one, when f was subscribed anew")
    log.clear()
    agency.publish(SPORT, 2)
    want = [("f", 2), ("g", 2), ("f", 2)]
    equal(log, want, did="calls after f was subscribed anew and the old one cancelled once more")


@check("P1", kind="behaviour")
def test_everything_that_can_be_called_will_do(impl: Implementation) -> None:
    """A class, a builtin, a bound method, a partial, an object that is false; all return something."""
    agency, log = impl.NewsAgency(), []

    class Made:
        def __init__(self, news: Any) -> None:
            log.append(("class", news))

        def hear(self, news: Any) -> bool:
            log.append(("method", news))
            return False

    class Falsy(Made):
        def __call__(self, news: Any) -> str:
            log.append(("false", news))
            return "stop"

        def __bool__(self) -> bool:
            return False

    thing = Falsy(0)
    log.clear()
    for callback in (thing, Made, thing.hear, partial(lambda a, b: log.append((a, b)), "partial")):
        agency.subscribe(callback, SPORT)
    agency.subscribe(log.append, SPORT)
    agency.publish(SPORT, 1)
    want = [("false", 1), ("class", 1), ("method", 1), ("partial", 1), 1]
    equal(
        log, want, did="calls of an object that is false, a class, a method, a partial, a builtin"
    )


class Awaitable:
    """Something to await."""

    def __await__(self) -> Iterator[Any]:
        raise AssertionError


@check("P1", kind="behaviour")
def test_results_are_ignored(impl: Implementation) -> None:
    """Callbacks return False, True, None, a text, a generator, something to await; the same news twice."""
    agency, log = impl.NewsAgency(), []
    results = [False, True, None, "stop", 0, NotImplemented, StopIteration(), Awaitable()]
    results.append(log.append(("generator", "run")) for _ in range(1))
    for index, result in enumerate(results):
        agency.subscribe(lambda news, n=index, r=result: (log.append((n, news)), r)[1], SPORT)
    for _ in range(2):
        agency.publish(SPORT, "same")
    want = [(index, "same") for index in range(len(results))] * 2
    equal(log, want, did="calls for the same news published twice")


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

        subscriptions += [
            agency.subscribe(lambda news, n=n, call=callback: call(news, n), SPORT)
            for n in range(5)
        ]
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

    subscriptions += [
        agency.subscribe(second if n == 1 else noting_name(log, str(n)), SPORT) for n in range(5)
    ]
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
