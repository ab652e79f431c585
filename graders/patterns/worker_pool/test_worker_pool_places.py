"""The bound: how many tasks a pool accepts, and what a caller goes through when it is full."""

import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.patterns.worker_pool import PoolClosed, PoolFull
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


def nothing() -> None:
    """Do nothing."""


def is_accepted(pool: Any, task: Callable[..., object], *args: object) -> bool:
    """Submit without waiting; whether the pool took it."""
    try:
        pool.submit(task, *args, timeout=0)
    except PoolFull:
        return False
    return True


def count_places(pool: Any) -> int:
    """Fill the pool with tasks that wait, count them, and let them go."""
    gate = threading.Event()
    count = 0
    while count < 20 and is_accepted(pool, gate.wait):
        count += 1
    gate.set()
    return count


@check("P3", kind="concurrency")
def test_places_do_not_depend_on_how_fast_workers_fetch(impl: Implementation) -> None:
    """A new pool of 2 workers and a backlog of 1; tasks that wait, submitted with timeout=0."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        equal(count_places(pool), 3, did="WorkerPool(2, 1): tasks accepted one after another")
        pool.shutdown()

    explore(scene, schedules=50)


@check("P3", kind="behaviour")
def test_places_of_busy_pools(impl: Implementation) -> None:
    """Pools of several sizes, their workers busy; tasks submitted until PoolFull."""

    def scene(sim: Sim) -> None:
        for workers, backlog in ((1, 0), (1, 1), (1, 4), (3, 0), (3, 2)):
            pool = impl.WorkerPool(workers=workers, backlog=backlog)
            gate, accepted = threading.Event(), 0
            while accepted < 20 and is_accepted(pool, gate.wait):
                accepted += 1
                sim.settle()
            gate.set()
            pool.shutdown()
            equal(accepted, workers + backlog, did=f"WorkerPool({workers}, {backlog}): accepted")

    simulate(scene)


@check("P3", kind="concurrency")
def test_whoever_sees_the_result_finds_the_place_free(impl: Implementation) -> None:
    """One place; a task ends (returns, raises), its result is awaited, the next is submitted."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        for task in (lambda: 1, lambda: 1 / 0, lambda: 1):
            future = pool.submit(task, timeout=0)
            future.exception()
        pool.shutdown()

    explore(scene, schedules=60)


@check("P3", "P12", kind="behaviour")
def test_a_done_callback_finds_the_place_free(impl: Implementation) -> None:
    """One place; the done callback of a task submits the next one with timeout=0."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        gate, called = threading.Event(), threading.Event()
        outcome: list[bool] = []

        def callback(_: object) -> None:
            outcome.append(is_accepted(pool, nothing))
            called.set()

        pool.submit(gate.wait).add_done_callback(callback)
        gate.set()
        called.wait()
        equal(outcome, [True], did="a done callback submitted with timeout=0: accepted")
        pool.shutdown()

    simulate(scene)


@check("P3", kind="concurrency")
def test_two_callers_one_place(impl: Implementation) -> None:
    """One place left; two callers submit with timeout=0 at the same time."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait)
        both = sim.together(
            lambda: is_accepted(pool, gate.wait), lambda: is_accepted(pool, gate.wait)
        )
        gate.set()
        pool.shutdown()
        equal(sorted(both), [False, True], did="two callers, one place left: accepted")

    explore(scene, schedules=80)


@check("P3", kind="concurrency")
def test_two_tasks_end_at_once(impl: Implementation) -> None:
    """Two workers finish at the same moment; then two tasks are submitted with timeout=0."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        meeting = threading.Barrier(2)
        futures = [pool.submit(meeting.wait) for _ in range(2)]
        for future in futures:
            future.result()
        accepted = [is_accepted(pool, nothing) for _ in range(2)]
        equal(accepted, [True, True], did="two tasks ended together; two more, timeout=0: accepted")
        pool.shutdown()

    explore(scene, schedules=250)


@check("P3", kind="behaviour")
def test_no_place_leaks_and_none_is_invented(impl: Implementation) -> None:
    """Refused, timed out, raising and cancelled tasks; then the places are counted."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        for _round in range(2):
            gate = threading.Event()
            first = pool.submit(lambda gate=gate: gate.wait() and 1 / 0)
            sim.settle()
            waiting = [pool.submit(nothing) for _ in range(2)]
            equal(is_accepted(pool, nothing), False, did="a fourth task for three places")
            raises(PoolFull, lambda: pool.submit(nothing, timeout=1), did="the same, timeout=1")
            waiting[0].cancel()
            waiting[0].cancel()
            equal(first.cancel(), False, did="the only worker runs the first of them; its cancel()")
            gate.set()
            first.exception()
            sim.settle()
        equal(count_places(pool), 3, did="after all that, places of WorkerPool(1, 2)")
        pool.shutdown()

    simulate(scene)


@check("P4", kind="timing")
def test_submit_waits_until_a_place_is_free(impl: Implementation) -> None:
    """The only place is taken for 5 s; one caller submits without timeout, then with timeout=20."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        for timeout in (None, 20):
            start = sim.now()
            pool.submit(time.sleep, 5, timeout=timeout)
            equal(sim.now(), start, did=f"submit(timeout={timeout}), a place is free: returned at")
            sim.settle()
            future = pool.submit(len, "abc", timeout=timeout)
            equal(sim.now() - start, 5.0, did=f"submit(timeout={timeout}) waited, in seconds")
            equal(future.result(), 3, did="the task that had to wait for its place")
        pool.shutdown()

    simulate(scene)


@check("P4", kind="timing")
def test_pool_full_after_exactly_the_timeout(impl: Implementation) -> None:
    """The only place is taken for 100 s; callers with timeout 0, 0.25 and 7."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        ran: list[float] = []
        pool.submit(time.sleep, 100)
        for timeout in (0, 0.25, 7.0):
            start = sim.now()
            raises(
                PoolFull,
                lambda timeout=timeout: pool.submit(ran.append, timeout, timeout=timeout),
                did=f"submit(timeout={timeout}) to a full pool",
            )
            equal(sim.now() - start, float(timeout), did=f"submit(timeout={timeout}) gave up after")
        pool.shutdown()
        equal(ran, [], did="refused tasks that were run")

    simulate(scene)


@check("P4", kind="timing")
def test_a_place_that_goes_to_somebody_else_does_not_prolong_the_timeout(
    impl: Implementation,
) -> None:
    """A caller waits with timeout=4; at 1, 2 and 3 s the place becomes free and is taken again."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        rest = [1.0, 1.0, 50.0]

        def again(_: object) -> None:
            if not rest:
                return
            try:
                pool.submit(time.sleep, rest.pop(0), timeout=0).add_done_callback(again)
            except (PoolFull, PoolClosed):
                rest.clear()

        pool.submit(time.sleep, 1.0).add_done_callback(again)
        start = sim.now()
        try:
            pool.submit(nothing, timeout=4)
            accepted = True
        except PoolFull:
            accepted = False
        waited = sim.now() - start
        ensure(
            waited in (1.0, 2.0, 3.0) if accepted else waited == 4.0,
            did="submit(timeout=4), the place free for a moment at 1, 2 and 3 s",
            want="accepted at one of these moments, or PoolFull after 4 s",
            got=f"{'accepted' if accepted else 'PoolFull'} after {waited} s",
        )
        pool.shutdown()

    explore(scene, schedules=60)


@check("P4", kind="timing")
def test_the_wall_clock_has_no_say(impl: Implementation) -> None:
    """A caller waits with timeout=10; after 3 s the wall clock is set an hour ahead, or back."""

    def scene(sim: Sim) -> None:
        for jump in (3600.0, -3600.0):
            pool = impl.WorkerPool(workers=1, backlog=0)
            pool.submit(time.sleep, 100)
            start = sim.now()

            def caller(pool: Any = pool) -> float:
                raises(PoolFull, lambda: pool.submit(nothing, timeout=10), did="submit(timeout=10)")
                return sim.now()

            waiting = sim.spawn(caller)
            sim.sleep(3)
            sim.jump_wall_clock(jump)
            did = f"wall clock set by {jump} s after 3 s; submit(timeout=10) gave up after"
            equal(waiting.result() - start, 10.0, did=did)
            pool.shutdown()

    simulate(scene)


@check("P4", kind="concurrency")
def test_a_caller_that_gives_up_takes_no_wake_up_with_it(impl: Implementation) -> None:
    """A place becomes free at 5 s; one caller's timeout ends just then, another has none."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        start = sim.now()
        pool.submit(time.sleep, 5)

        def impatient() -> None:
            try:
                pool.submit(nothing, timeout=5)
            except PoolFull:
                return

        def patient() -> None:
            pool.submit(nothing)
            equal(sim.now() - start, 5.0, did="a place became free at 5 s; submit() waited")

        sim.together(impatient, patient)
        pool.shutdown()

    explore(scene, schedules=90)


@check("P4", kind="concurrency")
def test_two_places_wake_two_callers(impl: Implementation) -> None:
    """Two callers wait; two tasks end at the same moment."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        for _ in range(2):
            pool.submit(time.sleep, 5)
        start = sim.now()

        def caller() -> float:
            pool.submit(time.sleep, 50)
            return sim.now() - start

        waited = sim.together(caller, caller)
        equal(waited, [5.0, 5.0], did="two places became free after 5 s; two callers waited")
        pool.shutdown()

    explore(scene, schedules=60)


@check("P4", kind="concurrency")
def test_every_waiting_caller_gets_its_turn(impl: Implementation) -> None:
    """One place, three callers at the same time, without timeout."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        ran: list[int] = []
        sim.together(
            *(lambda number=number: pool.submit(ran.append, number) for number in range(3))
        )
        pool.shutdown()
        equal(sorted(ran), [0, 1, 2], did="three callers, one place: tasks that ran")

    explore(scene, schedules=80)
