"""The end of a pool: what still runs, what is cancelled, who is told, and that nothing is left."""

import threading
import time
from concurrent.futures import CancelledError, Future
from typing import Any

from contracts.patterns.worker_pool import PoolClosed
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


def nothing() -> None:
    """Do nothing."""


@check("P8", kind="timing")
def test_accepted_tasks_still_run(impl: Implementation) -> None:
    """One worker runs for a day, three tasks of 1 s wait; shutdown()."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=3)
        start = sim.now()
        futures = [pool.submit(time.sleep, seconds) for seconds in (86_400, 1, 1, 1)]
        pool.shutdown()
        did = "86,400 s running, 3 x 1 s waiting; shutdown()"
        equal([future.done() for future in futures], [True] * 4, did=did + ": futures done")
        equal(sim.now() - start, 86_403.0, did=did + " returned after")

    simulate(scene)


@check("P8", kind="concurrency")
def test_no_thread_and_no_task_is_left(impl: Implementation) -> None:
    """Three workers, one idle, one just finished, one busy; then shutdown()."""

    def scene(_: Sim) -> None:
        before = set(threading.enumerate())
        pool = impl.WorkerPool(workers=3, backlog=1)
        futures = [pool.submit(nothing), pool.submit(nothing)]
        pool.shutdown()
        did = "two tasks on three workers; shutdown()"
        equal([future.done() for future in futures], [True, True], did=did + ": futures done")
        left = sorted(thread.name for thread in set(threading.enumerate()) - before)
        equal(left, [], did=did + ": threads left")

    explore(scene, schedules=80)


@check("P8", kind="behaviour")
def test_shutdown_of_an_unused_pool(impl: Implementation) -> None:
    """WorkerPool(2, 0), never used; shutdown()."""

    def scene(_: Sim) -> None:
        before = threading.active_count()
        pool = impl.WorkerPool(workers=2, backlog=0)
        pool.shutdown()
        equal(threading.active_count(), before, did="made a pool, shutdown(): threads")

    explore(scene, schedules=40)


@check("P8", kind="timing")
def test_shutdown_without_waiting(impl: Implementation) -> None:
    """A full pool; shutdown(wait=False) returns at once, and the tasks still run."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        ran: list[int] = []
        start = sim.now()
        futures = [pool.submit(lambda n=n: time.sleep(2) or ran.append(n)) for n in range(3)]
        pool.shutdown(wait=False)
        equal(sim.now(), start, did="shutdown(wait=False) of a full pool returned at")
        for future in futures:
            future.result()
        equal(ran, [0, 1, 2], did="three tasks accepted, then shutdown(wait=False): runs")
        equal(sim.now() - start, 6.0, did="three tasks of 2 s, one worker, took, in seconds")

    simulate(scene)


@check("P8", kind="concurrency")
def test_workers_end_after_a_shutdown_that_did_not_wait(impl: Implementation) -> None:
    """Two workers, three tasks, shutdown(wait=False) and nothing more."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        futures = [pool.submit(nothing) for _ in range(3)]
        pool.shutdown(wait=False)
        for future in futures:
            future.result()

    explore(scene, schedules=60)


@check("P8", kind="timing")
def test_shutdown_waits_for_done_callbacks(impl: Implementation) -> None:
    """The done callback of the last task takes 3 s."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        gate, called = threading.Event(), list[float]()
        future = pool.submit(gate.wait)
        future.add_done_callback(lambda _: time.sleep(3) or called.append(sim.now()))
        gate.set()
        start = sim.now()
        pool.shutdown()
        equal(sim.now() - start, 3.0, did="a done callback took 3 s; shutdown() returned after")
        equal(called, [sim.now()], did="when shutdown() returned, the callback had ended at")

    simulate(scene)


@check("P8", kind="behaviour")
def test_with_block(impl: Implementation) -> None:
    """A with block over WorkerPool(1, 1): two tasks of 1 s; the second time the block raises."""

    def scene(sim: Sim) -> None:
        for error in (None, KeyError("from the block")):
            pool = impl.WorkerPool(workers=1, backlog=1)
            start, futures = sim.now(), list[Future[None]]()

            def block(pool: Any = pool, futures: Any = futures, error: Any = error) -> None:
                with pool as entered:
                    ensure(entered is pool, did="with pool as x", want="x is pool", got=entered)
                    futures.extend(pool.submit(time.sleep, 1) for _ in range(2))
                    if error:
                        raise error

            if error is None:
                block()
            else:
                got = raises(KeyError, block, did="a with block raised KeyError")
                ensure(got is error, did="a with block raised", want="the same error", got=got)
            did = "two tasks of 1 s in a with block" + (" that raised" if error else "")
            equal(sim.now() - start, 2.0, did=did + ": it was left after, in seconds")
            done = [future.done() and not future.cancelled() for future in futures]
            equal(done, [True, True], did=did + ": tasks that ran")
            raises(PoolClosed, lambda pool=pool: pool.submit(nothing), did="submit() after it")

    simulate(scene)


@check("P9", kind="timing")
def test_cancel_pending(impl: Implementation) -> None:
    """One task runs for 5 s, two wait; shutdown(cancel_pending=True)."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        ran: list[int] = []
        start = sim.now()
        running = pool.submit(lambda: time.sleep(5) or "ended")
        sim.settle()
        waiting = [pool.submit(ran.append, number) for number in (1, 2)]
        closing = sim.spawn(lambda: pool.shutdown(cancel_pending=True))
        sim.settle()
        did = "one task ran, two waited; shutdown(cancel_pending=True)"
        equal(
            [f.cancelled() for f in waiting], [True, True], did=did + ": cancelled, while it waits"
        )
        equal(running.running(), True, did=did + ": the running task runs on")
        closing.join()
        equal(sim.now() - start, 5.0, did=did + " returned after")
        equal(running.result(), "ended", did=did + ": result of the running task")
        equal(ran, [], did=did + ": waiting tasks that were run")

    simulate(scene)


@check("P9", kind="behaviour")
def test_cancel_pending_without_waiting(impl: Implementation) -> None:
    """One task runs, two wait, a thread waits for a result; then shutdown cancels."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate, called = threading.Event(), list[bool]()
        running = pool.submit(gate.wait)
        sim.settle()
        waiting = [pool.submit(nothing) for _ in range(2)]
        waiting[0].add_done_callback(lambda future: called.append(future.cancelled()))
        reader = sim.spawn(
            lambda: raises(CancelledError, waiting[1].result, did="result() of a cancelled task")
        )
        sim.settle()
        pool.shutdown(wait=False, cancel_pending=True)
        did = "shutdown(wait=False, cancel_pending=True) returned"
        equal([f.cancelled() for f in waiting], [True, True], did=did + ": cancelled")
        equal(called, [True], did=did + ": callbacks called")
        reader.result()
        gate.set()
        equal(running.result(), True, did=did + ": result of the running task")
        pool.shutdown()

    simulate(scene)


@check("P9", "P10", kind="concurrency")
def test_cancel_pending_against_workers(impl: Implementation) -> None:
    """Two workers fetch three tasks while shutdown(cancel_pending=True) runs."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        ran: list[int] = []
        futures = [pool.submit(ran.append, number) for number in range(3)]
        pool.shutdown(cancel_pending=True)
        did = "three tasks, two workers, shutdown(cancel_pending=True)"
        equal([f.done() for f in futures], [True] * 3, did=did + ": futures done")
        kept = [number for number in range(3) if not futures[number].cancelled()]
        equal(sorted(ran), kept, did=did + ": tasks run, against those not cancelled")

    explore(scene, schedules=70)


@check("P11", kind="concurrency")
def test_several_threads_shut_down(impl: Implementation) -> None:
    """Two tasks, then two threads call shutdown() and one shutdown(wait=False); then once more."""

    def scene(sim: Sim) -> None:
        before = threading.active_count()
        pool = impl.WorkerPool(workers=2, backlog=0)
        futures = [pool.submit(nothing) for _ in range(2)]

        def close() -> list[bool]:
            pool.shutdown()
            return [future.done() for future in futures]

        one, two, _ = sim.together(close, close, lambda: pool.shutdown(wait=False))
        did = "two threads called shutdown(), a third shutdown(wait=False)"
        equal([*one, *two], [True] * 4, did=did + ": futures done when they returned")
        pool.shutdown()
        equal(threading.active_count(), before, did=did + ": threads")

    explore(scene, schedules=80)


@check("P11", kind="timing")
def test_a_later_shutdown_waits_too(impl: Implementation) -> None:
    """One worker is busy for 5 s, one ends; shutdown(wait=False), then two threads shutdown()."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        start = sim.now()
        for seconds in (0.5, 5):
            pool.submit(time.sleep, seconds)
        pool.shutdown(wait=False)

        sim.sleep(1)

        def close() -> float:
            pool.shutdown()
            return sim.now() - start

        closing = [sim.spawn(close) for _ in range(2)]
        times = [each.result() for each in closing]
        equal(times, [5.0, 5.0], did="a task ends at 5 s; two calls of shutdown() returned at")
        pool.shutdown()
        equal(sim.now() - start, 5.0, did="shutdown() of an ended pool returned at")

    simulate(scene)


@check("P11", "P9", kind="timing")
def test_a_later_shutdown_cancels_too(impl: Implementation) -> None:
    """A task of 5 s and two more wait; shutdown() waits; at 1 s shutdown(cancel_pending=True)."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        start = sim.now()
        futures = [pool.submit(time.sleep, 5) for _ in range(3)]
        patient = sim.spawn(lambda: pool.shutdown() or sim.now() - start)
        sim.sleep(1)
        pool.shutdown(wait=False, cancel_pending=True)
        cancelled = [future.cancelled() for future in futures]
        did = "shutdown() waited, then shutdown(cancel_pending=True)"
        equal(cancelled, [False, True, True], did=did + ": cancelled")
        equal(patient.result(), 5.0, did=did + ": the first call returned at")

    simulate(scene)


@check("P11", kind="timing")
def test_a_worker_shuts_down(impl: Implementation) -> None:
    """A task calls shutdown(wait=True) while another worker is busy for 5 s and a task waits."""

    def scene(sim: Sim) -> None:
        for cancel in (False, True):
            pool = impl.WorkerPool(workers=2, backlog=1)
            start = sim.now()
            gate = threading.Event()

            def task(pool: Any = pool, cancel: bool = cancel, gate: Any = gate) -> float:
                gate.wait()
                pool.shutdown(wait=True, cancel_pending=cancel)
                return sim.now()

            pool.submit(time.sleep, 5)
            closing = pool.submit(task)
            sim.settle()
            last = pool.submit(len, "abc")
            gate.set()
            did = f"a task called shutdown(wait=True, cancel_pending={cancel})"
            equal(closing.result(), start, did=did + ": it returned at")
            raises(PoolClosed, lambda pool=pool: pool.submit(nothing), did=did + "; submit")
            pool.shutdown()
            equal(last.cancelled(), cancel, did=did + ": the waiting task was cancelled")

    simulate(scene)


@check("P11", kind="timing")
def test_a_done_callback_shuts_down(impl: Implementation) -> None:
    """The done callback of a task calls shutdown() while the other worker is busy for 5 s."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        start, gate, returned = sim.now(), threading.Event(), list[float]()
        pool.submit(time.sleep, 5)
        future = pool.submit(gate.wait)
        future.add_done_callback(lambda _: pool.shutdown() or returned.append(sim.now() - start))
        gate.set()
        pool.shutdown()
        equal(returned, [0.0], did="a done callback called shutdown(): it returned at")

    simulate(scene)


@check("P11", kind="timing")
def test_a_worker_of_another_pool_waits(impl: Implementation) -> None:
    """A task of one pool calls shutdown() of another, which is busy for 5 s."""

    def scene(sim: Sim) -> None:
        mine, other = impl.WorkerPool(workers=1, backlog=0), impl.WorkerPool(workers=1, backlog=0)
        start = sim.now()
        other.submit(time.sleep, 5)
        closing = mine.submit(lambda: other.shutdown() or sim.now() - start)
        did = "a worker called shutdown() of another pool, busy for 5 s: it returned after"
        equal(closing.result(), 5.0, did=did)
        mine.shutdown()

    simulate(scene)


@check("P11", kind="concurrency")
def test_two_workers_shut_down(impl: Implementation) -> None:
    """Two tasks call shutdown() at the same time, a done callback too, and the caller."""

    def scene(_: Sim) -> None:
        before = threading.active_count()
        pool = impl.WorkerPool(workers=2, backlog=0)
        gate = threading.Event()
        futures = [pool.submit(lambda: gate.wait() and pool.shutdown()) for _ in range(2)]
        futures[0].add_done_callback(lambda _: pool.shutdown())
        gate.set()
        pool.shutdown()
        equal([f.result() for f in futures], [None, None], did="two tasks called shutdown()")
        equal(threading.active_count(), before, did="two tasks and the caller shut down: threads")

    explore(scene, schedules=60)
