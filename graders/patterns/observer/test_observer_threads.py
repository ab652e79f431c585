"""The agency shared by threads, under explored schedules."""

import threading
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises

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
    """A publishes 1 and 2, B publishes 3; two subscribers listen."""

    def scene(sim: Sim) -> None:
        agency, one, two = impl.NewsAgency(), [], []
        agency.subscribe(noting(one, sim), SPORT)
        agency.subscribe(noting(two, sim), SPORT)
        sim.together(
            lambda: (agency.publish(SPORT, 1), agency.publish(SPORT, 2)),
            lambda: agency.publish(SPORT, 3),
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
def test_publish_returns_when_its_news_is_delivered(impl: Implementation) -> None:
    """Two threads publish; each looks whether its own news has arrived when publish returns."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        agency.subscribe(noting(log, sim), SPORT)

        def publish(news: int) -> bool:
            agency.publish(SPORT, news)
            return news in log

        got = sim.together(lambda: publish(1), lambda: publish(2))
        equal(got, [True, True], did="whether the news had been delivered when publish returned")

    explore(scene)


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


@check("P7", kind="concurrency")
def test_callbacks_may_wait_for_subscribe_and_cancel(impl: Implementation) -> None:
    """A callback waits until another thread has subscribed one and cancelled one."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        begun, changed = threading.Event(), threading.Event()
        old = agency.subscribe(log.append, SPORT)

        def callback(_: Any) -> None:
            begun.set()
            changed.wait()

        def change() -> None:
            begun.wait()
            old.cancel()
            agency.subscribe(lambda news: log.append(("new", news)), SPORT)
            equal(old.active, False, did="active after cancel() while a callback runs")
            changed.set()

        agency.subscribe(callback, SPORT)
        sim.together(lambda: agency.publish(SPORT, 1), change)
        agency.publish(SPORT, 2)
        equal(log, [1, ("new", 2)], did="news of the cancelled and of the new subscriber")

    explore(scene)


@check("P7", kind="concurrency")
def test_callbacks_may_start_threads_and_join_them(impl: Implementation) -> None:
    """A callback starts a thread that subscribes and cancels, and joins it."""

    def scene(_: Sim) -> None:
        agency, log = impl.NewsAgency(), []

        def change() -> None:
            agency.subscribe(log.append, WEATHER)
            agency.subscribe(log.append, SPORT).cancel()

        def callback(news: Any) -> None:
            thread = threading.Thread(target=change)
            thread.start()
            thread.join()

        agency.subscribe(callback, SPORT)
        agency.publish(SPORT, 1)
        agency.publish(WEATHER, 2)
        equal(log, [2], did="news of those who subscribed in the callback's thread")

    explore(scene, schedules=150)


@check("P8", kind="concurrency")
def test_nothing_comes_after_cancel(impl: Implementation) -> None:
    """A publishes twice, B cancels and then publishes: none of that comes to the cancelled one."""

    def scene(sim: Sim) -> None:
        agency, log, late = impl.NewsAgency(), [], []
        subscription = agency.subscribe(log.append, SPORT)
        agency.subscribe(late.append, SPORT)

        def cancel() -> None:
            subscription.cancel()
            agency.publish(SPORT, "after")

        sim.together(lambda: agency.publish(SPORT, 1), cancel)
        equal(
            [news for news in log if news == "after"],
            [],
            did="news published after cancel() had returned",
        )
        equal(sorted(late, key=str), [1, "after"], did="news of the other subscriber")

    explore(scene)


@check("P8", "P12", kind="concurrency")
def test_cancel_by_two_threads(impl: Implementation) -> None:
    """A and B cancel the same subscription, C another; the fourth stays."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        subscriptions = [agency.subscribe(lambda news, n=n: log.append(n), SPORT) for n in range(3)]
        sim.together(subscriptions[0].cancel, subscriptions[0].cancel, subscriptions[1].cancel)
        equal(
            [s.active for s in subscriptions], [False, False, True], did="active after the cancels"
        )
        agency.publish(SPORT, 1)
        equal(log, [2], did="who is called after the cancels")

    explore(scene)


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
        equal(log, [("stays", 2), ("new", 2), ("w", 3)], did="calls for the news after all this")

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
