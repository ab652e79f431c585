"""Callers and the end of a pool: who is refused, who is told, and that no future is lost."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from contracts.patterns.worker_pool import PoolClosed
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


def nothing() -> None:
    """Do nothing."""


def try_submit(pool: Any, task: Callable[..., Any], *args: object) -> Future[Any] | None:
    """Submit as long as it takes; None if the pool is closed."""
    try:
        future: Future[Any] = pool.submit(task, *args)
    except PoolClosed:
        return None
    return future


@check("P10", kind="behaviour")
def test_submit_after_shutdown(impl: Implementation) -> None:
    """Submit to a pool closed with free places, to a full one that still works, to an ended one."""

    def scene(sim: Sim) -> None:
        start = sim.now()
        for backlog in (0, 1):
            pool = impl.WorkerPool(workers=1, backlog=backlog)
            gate, ran = threading.Event(), list[int]()
            pool.submit(gate.wait)
            pool.shutdown(wait=False)
            for timeout in (None, 0, 5):
                raises(
                    PoolClosed,
                    lambda: pool.submit(ran.append, 1, timeout=timeout),  # noqa: B023
                    did=f"backlog={backlog}, one task runs, shutdown, submit(timeout={timeout})",
                )
            gate.set()
            pool.shutdown()
            raises(PoolClosed, lambda: pool.submit(ran.append, 1), did="submit after the end")  # noqa: B023
            equal(ran, [], did="tasks that were refused and yet run")
        equal(sim.now(), start, did="refused at once: time")

    simulate(scene)


@check("P10", kind="timing")
def test_waiting_callers_are_told_at_once(impl: Implementation) -> None:
    """Three callers wait for a place, one of them with timeout=60; shutdown after 2 s."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        start, ran = sim.now(), list[int]()
        pool.submit(time.sleep, 30)

        def caller(timeout: float | None) -> float:
            raises(
                PoolClosed,
                lambda: pool.submit(ran.append, 1, timeout=timeout),
                did=f"submit(timeout={timeout}) waits for a place; shutdown",
            )
            return sim.now() - start

        def closer() -> float:
            sim.sleep(2)
            pool.shutdown()
            return sim.now() - start

        times = sim.together(lambda: caller(None), lambda: caller(60), lambda: caller(None), closer)
        did = "shutdown() at 2 s, the task ends at 30 s: three callers and shutdown() returned at"
        equal(times, [2.0, 2.0, 2.0, 30.0], did=did)
        equal(ran, [], did="refused tasks that were run")

    explore(scene, schedules=40)


@check("P10", kind="concurrency")
def test_submit_against_shutdown(impl: Implementation) -> None:
    """One caller submits while another shuts the pool down; a worker is idle."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        pool.submit(nothing).result()
        ran: list[int] = []
        future, _ = sim.together(lambda: try_submit(pool, ran.append, 1), pool.shutdown)
        pool.shutdown()
        did = "submit() raced shutdown(); "
        if future is None:
            equal(ran, [], did=did + "PoolClosed was raised: runs of the task")
        else:
            equal(future.done(), True, did=did + "a future was returned: it is done")
            equal(ran, [1], did=did + "a future was returned: runs of the task")

    explore(scene, schedules=150)


@check("P10", "P8", kind="concurrency")
def test_first_submit_against_shutdown(impl: Implementation) -> None:
    """One caller submits the first task of a new pool while another shuts it down and waits."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        future, _ = sim.together(lambda: try_submit(pool, nothing), pool.shutdown)
        if future is not None:
            equal(future.done(), True, did="first submit() raced shutdown(): accepted, and done")

    explore(scene, schedules=60)


@check("P10", kind="concurrency")
def test_waiting_callers_against_a_free_place_and_shutdown(impl: Implementation) -> None:
    """Two callers want the place of a task that ends while the pool is shut down."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        ran: list[int] = []
        pool.submit(nothing)
        first, second, _ = sim.together(
            lambda: try_submit(pool, ran.append, 1),
            lambda: try_submit(pool, ran.append, 2),
            lambda: pool.shutdown(wait=False),
        )
        pool.shutdown()
        accepted = [n for n, future in ((1, first), (2, second)) if future is not None]
        done = [future.done() for future in (first, second) if future is not None]
        equal(done, [True] * len(done), did="submits raced shutdown(): accepted futures done")
        equal(sorted(ran), accepted, did="submits raced shutdown(): runs, against accepted")

    explore(scene, schedules=120)


@check("P10", kind="behaviour")
def test_a_callback_that_raises_loses_no_future(impl: Implementation) -> None:
    """Two tasks wait; shutdown(cancel_pending=True), and the first one's callback raises."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        futures = [pool.submit(nothing) for _ in range(2)]
        for future in futures:
            future.add_done_callback(lambda _: sys.exit())
        with contextlib.suppress(SystemExit):
            pool.shutdown(wait=False, cancel_pending=True)
        gate.set()
        pool.shutdown()
        did = "shutdown(cancel_pending=True), callbacks raised SystemExit: waiting futures done"
        equal([future.done() for future in futures], [True, True], did=did)

    simulate(scene)


@check("P10", "P12", kind="timing")
def test_a_task_that_submits_during_shutdown(impl: Implementation) -> None:
    """One task waits for a place in its own full pool, another submits later; shutdown."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        start = sim.now()
        waiting = pool.submit(lambda: try_submit(pool, nothing))
        late = pool.submit(lambda: time.sleep(3) or try_submit(pool, nothing))
        sim.sleep(1)
        pool.shutdown()
        ensure(
            waiting.result() is None and late.result() is None,
            did="shutdown() while a task waits to submit to its own pool",
            want="PoolClosed for it, and for the task that submits later",
            got=(waiting.result(), late.result()),
        )
        equal(sim.now() - start, 3.0, did="shutdown() returned with the last task, at")

    simulate(scene)


@check("P10", "P3", kind="behaviour")
def test_pools_know_nothing_of_each_other(impl: Implementation) -> None:
    """Two pools of one place; the second is used while the first is full, and after its end."""

    def scene(_: Sim) -> None:
        one, two = impl.WorkerPool(workers=1, backlog=0), impl.WorkerPool(workers=1, backlog=0)
        gate = threading.Event()
        one.submit(gate.wait)
        did = "one pool is full, the other gets len('abc') with timeout=0"
        equal(two.submit(len, "abc", timeout=0).result(), 3, did=did)
        gate.set()
        one.shutdown()
        did = "one pool is shut down, the other gets len('abc') with timeout=0"
        equal(two.submit(len, "abc", timeout=0).result(), 3, did=did)
        two.shutdown()

    simulate(scene)
