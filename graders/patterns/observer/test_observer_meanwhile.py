"""What other threads may do while callbacks run, and what cancel does to a delivery under way."""

import threading
from typing import Any

from graders.kit import Implementation, Sim, check, equal, explore

SPORT, WEATHER = "sport", "weather"


@check("P7", kind="concurrency")
def test_callbacks_may_wait_for_subscribe_and_cancel(impl: Implementation) -> None:
    """A callback waits on 1 until another is cancelled and a new one subscribed, on its own 2 for its own cancel."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        begun, changed = [[threading.Event(), threading.Event()] for _ in range(2)]

        def callback(news: int) -> None:
            begun[news - 1].set()
            changed[news - 1].wait()
            if news == 1:
                agency.publish(SPORT, 2)

        def change() -> None:
            begun[0].wait()
            agency.subscribe(lambda news: log.append(("new", news)), SPORT)
            cancel(old)
            changed[0].set()
            begun[1].wait()
            cancel(running)
            changed[1].set()

        old = agency.subscribe(lambda news: log.append(("old", news)), SPORT)
        running = agency.subscribe(callback, SPORT)
        sim.together(lambda: agency.publish(SPORT, 1), change)
        agency.publish(SPORT, 3)
        equal(log, [("old", 1), ("new", 2), ("new", 3)], did="news of the old and the new")

    def cancel(subscription: Any) -> None:
        equal(subscription.active, True, did="active before cancel() while a callback runs")
        subscription.cancel()
        equal(subscription.active, False, did="active after cancel() while a callback runs")

    explore(scene)


@check("P7", kind="concurrency")
def test_callbacks_may_start_threads_and_join_them(impl: Implementation) -> None:
    """A callback starts a thread that subscribes, cancels, and publishes on another agency, and joins it."""

    def scene(_: Sim) -> None:
        agency, other, log = impl.NewsAgency(), impl.NewsAgency(), []
        other.subscribe(lambda news: log.append(("other", news)), SPORT)

        def change() -> None:
            agency.subscribe(log.append, WEATHER)
            agency.subscribe(log.append, SPORT).cancel()
            other.publish(SPORT, 0)

        def callback(news: Any) -> None:
            thread = threading.Thread(target=change)
            thread.start()
            thread.join()

        agency.subscribe(callback, SPORT)
        agency.publish(SPORT, 1)
        agency.publish(WEATHER, 2)
        equal(log, [("other", 0), 2], did="news of the other agency, and of who came in the thread")

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
    """A and B cancel the same subscription, and B publishes then; C cancels another, the third stays."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        subscriptions = [agency.subscribe(lambda news, n=n: log.append(n), SPORT) for n in range(3)]

        def cancel() -> None:
            subscriptions[0].cancel()
            equal(subscriptions[0].active, False, did="active when cancel() had returned")
            agency.publish(SPORT, 1)

        sim.together(subscriptions[0].cancel, cancel, subscriptions[1].cancel)
        equal(
            [s.active for s in subscriptions], [False, False, True], did="active after the cancels"
        )
        equal([n for n in log if n != 1], [2], did="who, but the one of C, got news of B's publish")
        log.clear()
        agency.publish(SPORT, 2)
        equal(log, [2], did="who is called after the cancels")

    explore(scene)


@check("P1", "P7", kind="concurrency")
def test_publishers_in_the_queue_hold_up_nobody(impl: Implementation) -> None:
    """A's callback waits until C has subscribed and cancelled, while B's news 2 waits for its turn."""

    def scene(sim: Sim) -> None:
        agency, log = impl.NewsAgency(), []
        begun, changed = threading.Event(), threading.Event()
        old = agency.subscribe(lambda news: log.append(("old", news)), SPORT)

        def callback(news: int) -> None:
            begun.set()
            changed.wait()
            log.append(("stays", news))

        def change() -> None:
            begun.wait()
            sim.settle()
            agency.subscribe(lambda news: log.append(("new", news)), SPORT)
            old.cancel()
            equal(old.active, False, did="active after cancel()")
            changed.set()

        agency.subscribe(callback, SPORT)
        sim.together(
            lambda: agency.publish(SPORT, 1),
            lambda: (begun.wait(), agency.publish(SPORT, 2)),
            change,
        )
        want = [("old", 1), ("stays", 1), ("stays", 2), ("new", 2)]
        equal(log, want, did="who got what: the delivery of 2 begins after the changes")

    explore(scene, schedules=150)


@check("P2", kind="concurrency")
def test_who_is_cancelled_by_another_thread_before_its_turn(impl: Implementation) -> None:
    """The first of three waits until another thread has cancelled the third and subscribed a fourth."""

    def scene(_: Sim) -> None:
        agency, log, subscriptions = impl.NewsAgency(), [], []
        begun, changed = threading.Event(), threading.Event()

        def first(news: int) -> None:
            log.append(("first", news))
            begun.set()
            changed.wait()

        def change() -> None:
            begun.wait()
            subscriptions[2].cancel()
            agency.subscribe(lambda news: log.append(("fourth", news)), SPORT)
            changed.set()

        second, third = (lambda news, n=n: log.append((n, news)) for n in ("second", "third"))
        subscriptions += [agency.subscribe(each, SPORT) for each in (first, second, third)]
        thread = threading.Thread(target=change)
        thread.start()
        agency.publish(SPORT, 1)
        thread.join()
        equal(log, [("first", 1), ("second", 1)], did="who got news 1")
        agency.publish(SPORT, 2)
        equal(log[2:], [("first", 2), ("second", 2), ("fourth", 2)], did="who got news 2")

    explore(scene, schedules=150)
