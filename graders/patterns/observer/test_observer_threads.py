"""The agency shared by threads, under explored schedules."""

import threading
import time
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

SPORT, WEATHER = "sport", "weather"


def noting(log: list[Any], sim: Sim | None = None) -> Callable[[Any], None]:
    """A callback that writes news down; with a simulation, others may run before and after."""

    def callback(news: Any) -> None:
        if sim is not None:
            sim.point()
        log.append(news)
        if sim is not None:
            sim.point()

    return callback


def failures_of(job: Callable[[], object]) -> list[BaseException]:
    """What subscribers raised during a publish."""
    try:
        job()
    except ExceptionGroup as group:
        return list(group.exceptions)
    return []


@check("P6", kind="concurrency")
def test_two_publishers_one_order(impl: Implementation) -> None:
    """A publishes 1 and 2, B publishes 3, and looks each time whether it has arrived; two subscribers listen."""

    def scene(sim: Sim) -> None:
        agency, one, two = impl.NewsAgency(), [], []
        agency.subscribe(noting(one, sim), SPORT)
        agency.subscribe(noting(two, sim), SPORT)

        def publish(*all_news: int) -> list[bool]:
            return [(agency.publish(SPORT, news), news in two)[1] for news in all_news]

        got = sim.together(lambda: publish(1, 2), lambda: publish(3))
        equal(
            got,
            [[True, True], [True]],
            did="whether the news had been delivered when publish returned",
        )
        equal(sorted(one), [1, 2, 3], did="news of the first subscriber, sorted")
        equal(two, one, did="the order of the second subscriber, and of the first")
        ensure(
            one.index(1) < one.index(2),
            did="the order of news 1 and 2, published one after the other",
            got=one,
        )

    explore(scene)


@check("P6", kind="concurrency")
def test_a_slow_callback_is_waited_for(impl: Implementation) -> None:
    """The callback takes two minutes; A and B publish, each looks whether its news has arrived."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []

        def slow(news: int) -> None:
            log.append(("begins", news))
            time.sleep(120)
            log.append(("ends", news))

        def publish(news: int) -> bool:
            agency.publish(SPORT, news)
            return ("ends", news) in log

        both = [[("begins", news), ("ends", news)] for news in (1, 2)]
        agency.subscribe(slow, SPORT)
        got = sim.together(lambda: publish(1), lambda: publish(2))
        equal(got, [True, True], did="whether the news had been delivered when publish returned")
        ensure(
            log in ([*both[0], *both[1]], [*both[1], *both[0]]),
            did="what the callback wrote down",
            want="it ends with one news before it begins with the other",
            got=log,
        )

    simulate(scene)


@check("P6", kind="concurrency")
def test_nobody_s_failures_are_another_s(impl: Implementation) -> None:
    """A publishes 'a', B publishes 'b'; the subscriber raises an exception that names the news."""

    def scene(sim: Sim) -> None:
        agency = impl.NewsAgency()

        def bad(news: str) -> None:
            sim.point()
            raise ValueError(news)

        agency.subscribe(bad, SPORT)
        got = sim.together(
            *[lambda n=n: failures_of(lambda: agency.publish(SPORT, n)) for n in ("a", "b")]
        )
        equal(
            [[str(e) for e in errors] for errors in got],
            [["a"], ["b"]],
            did="failures raised to A and to B",
        )

    explore(scene)


@check("P5", "P6", kind="concurrency")
def test_news_from_callbacks_of_two_threads(impl: Implementation) -> None:
    """A publishes 1, B publishes 2; a callback publishes 10 times the news each time."""

    def scene(sim: Sim) -> None:
        agency, one, two = impl.NewsAgency(), [], []

        def callback(news: int) -> None:
            one.append(news)
            if news < 10:
                agency.publish(SPORT, news * 10)
                sim.point()

        def publish(news: int) -> bool:
            agency.publish(SPORT, news)
            return news * 10 in two

        agency.subscribe(callback, SPORT)
        agency.subscribe(noting(two, sim), SPORT)
        got = sim.together(lambda: publish(1), lambda: publish(2))
        equal(sorted(one), [1, 2, 10, 20], did="news of the first subscriber, sorted")
        equal(two, one, did="the order of the second subscriber, and of the first")
        equal(
            got,
            [True, True],
            did="whether inner news had been delivered when the outermost publish returned",
        )

    explore(scene)


@check("P6", kind="concurrency")
def test_publishers_of_several_topics(impl: Implementation) -> None:
    """Three threads publish on two topics; one subscriber listens to both."""

    def scene(sim: Sim) -> None:
        agency, both, sport = impl.NewsAgency(), [], []
        for topic in (SPORT, WEATHER):
            agency.subscribe(noting(both, sim), topic)
        agency.subscribe(noting(sport), SPORT)
        sim.together(
            *[
                lambda n=n, t=t: agency.publish(t, n)
                for n, t in ((1, SPORT), (2, WEATHER), (3, SPORT))
            ]
        )
        equal(sorted(both), [1, 2, 3], did="news of the subscriber to both topics, sorted")
        equal(sport, [n for n in both if n != 2], did="the order of the one topic, and of both")

    explore(scene, schedules=200)


@check("P6", kind="concurrency")
def test_one_order_over_all_topics(impl: Implementation) -> None:
    """A publishes on 'sport', B on 'weather'; two subscribers listen to both."""

    def scene(sim: Sim) -> None:
        agency, one, two = impl.NewsAgency(), [], []
        for topic in (SPORT, WEATHER):
            agency.subscribe(noting(one, sim), topic)
            agency.subscribe(noting(two, sim), topic)
        sim.together(lambda: agency.publish(SPORT, 1), lambda: agency.publish(WEATHER, 2))
        equal(sorted(one), [1, 2], did="news of the first subscriber, sorted")
        equal(two, one, did="the order of the second subscriber, and of the first")

    explore(scene, schedules=150)


@check("P6", kind="concurrency")
def test_threads_of_the_same_name(impl: Implementation) -> None:
    """Two threads that are both named 'editor' publish."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        agency.subscribe(noting(log, sim), SPORT)

        def publish(news: int) -> bool:
            threading.current_thread().name = "editor"
            agency.publish(SPORT, news)
            return news in log

        got = sim.together(lambda: publish(1), lambda: publish(2))
        equal(got, [True, True], did="whether the news had been delivered when publish returned")

    explore(scene, schedules=150)


@check("P4", "P6", kind="concurrency")
def test_an_interrupt_frees_the_turn(impl: Implementation) -> None:
    """A's news interrupts (KeyboardInterrupt) while B waits for its turn."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []

        def callback(news: int) -> None:
            sim.point()
            if news == 1:
                raise KeyboardInterrupt
            log.append(news)

        agency.subscribe(callback, SPORT)

        def interrupted() -> None:
            raises(
                KeyboardInterrupt,
                lambda: agency.publish(SPORT, 1),
                did="publish(1), the subscriber interrupts",
            )

        sim.together(interrupted, lambda: agency.publish(SPORT, 2))
        agency.publish(SPORT, 3)
        equal(log, [2, 3], did="news that was delivered")

    explore(scene, schedules=150)


@check("P9", kind="concurrency")
def test_no_subscription_is_lost(impl: Implementation) -> None:
    """Three threads subscribe to one topic that has no subscribers yet."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        sim.together(
            *[
                lambda n=n: agency.subscribe(lambda news: log.append((n, news)), SPORT)
                for n in range(3)
            ]
        )
        agency.publish(SPORT, "x")
        equal(
            sorted(log),
            [(0, "x"), (1, "x"), (2, "x")],
            did="who got the news after three threads subscribed",
        )

    explore(scene)


@check("P9", kind="concurrency")
def test_the_last_goes_while_another_comes(impl: Implementation) -> None:
    """A cancels the only subscription of a topic; B subscribes to it and publishes."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        only = agency.subscribe(lambda _: None, SPORT)

        def come() -> None:
            agency.subscribe(log.append, SPORT)
            agency.publish(SPORT, 1)

        sim.together(only.cancel, come)
        agency.publish(SPORT, 2)
        equal(log, [1, 2], did="news since subscribe had returned")

    explore(scene)


@check("P9", kind="concurrency")
def test_comings_and_goings_during_news(impl: Implementation) -> None:
    """A publishes, B cancels one of two and subscribes another, C subscribes to another topic."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        first = agency.subscribe(lambda news: log.append(("first", news)), SPORT)
        agency.subscribe(lambda news: log.append(("stays", news)), SPORT)

        def change() -> None:
            first.cancel()
            agency.subscribe(lambda news: log.append(("new", news)), SPORT)

        sim.together(
            lambda: agency.publish(SPORT, 1),
            change,
            lambda: agency.subscribe(lambda news: log.append(("w", news)), WEATHER),
        )
        equal(log.count(("stays", 1)), 1, did="calls of the one that stays, for the first news")
        ensure(
            log.count(("first", 1)) <= 1 and log.count(("new", 1)) <= 1,
            did="calls for the first news",
            got=log,
        )
        log.clear()
        agency.publish(SPORT, 2)
        agency.publish(WEATHER, 3)
        want = [("new", 2), ("stays", 2), ("w", 3)]
        equal(sorted(log), want, did="calls for the news after all this, sorted")

    explore(scene)


@check("P1", "P6", kind="concurrency")
def test_callbacks_run_in_the_publishing_thread(impl: Implementation) -> None:
    """Two threads publish; the callback writes down its thread."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), {}
        agency.subscribe(lambda news: log.__setitem__(news, threading.current_thread().name), SPORT)

        def publish(news: str) -> str:
            agency.publish(SPORT, news)
            return threading.current_thread().name

        one, two = sim.together(lambda: publish("a"), lambda: publish("b"))
        equal(
            log,
            {"a": one, "b": two},
            did="the thread in which each news was delivered, and the one that published",
        )

    explore(scene, schedules=150)
