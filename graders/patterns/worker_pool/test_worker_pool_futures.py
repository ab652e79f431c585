"""Cancelled and finished tasks: who is told, what is let go."""

import concurrent.futures
import gc
import threading
import weakref
from concurrent.futures import Future
from typing import Any

from contracts.patterns.worker_pool import PoolFull
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate


class Thing:
    """Something a task is given, that can be seen to be gone."""

    def use(self, *_: object) -> None:
        """Do nothing."""

    def fail(self, *_: object) -> None:
        """Raise."""
        raise ValueError("no")


def nothing() -> None:
    """Do nothing."""


def is_accepted(pool: Any, task: Any, *args: object) -> bool:
    """Submit without waiting; whether the pool took it."""
    try:
        pool.submit(task, *args, timeout=0)
    except PoolFull:
        return False
    return True


@check("P7", kind="behaviour")
def test_a_waiting_task_is_cancelled(impl: Implementation) -> None:
    """A full pool of one busy worker; the waiting task is cancelled, twice."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate, ran = threading.Event(), list[str]()
        pool.submit(gate.wait)
        sim.settle()
        future = pool.submit(ran.append, "cancelled")
        equal(future.cancel(), True, did="cancel() of a waiting task")
        accepted = is_accepted(pool, ran.append, "next")
        equal(accepted, True, did="its worker still busy, submit(timeout=0) in its place: accepted")
        equal(future.cancel(), True, did="cancel() once more")
        equal(is_accepted(pool, ran.append, "too many"), False, did="one more submit: accepted")
        equal(future.cancelled(), True, did="cancelled() of it")
        gate.set()
        pool.shutdown()
        equal(ran, ["next"], did="'cancelled' was cancelled, 'next' not: tasks run")

    simulate(scene)


@check("P7", "P4", kind="concurrency")
def test_cancelling_lets_a_waiting_caller_in(impl: Implementation) -> None:
    """The pool is full and stays so, a caller waits; two waiting tasks are cancelled."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        waiting = [pool.submit(nothing) for _ in range(2)]
        start = sim.now()
        callers = [sim.spawn(lambda: pool.submit(nothing)) for _ in range(2)]
        for future in waiting:
            future.cancel()
        for caller in callers:
            caller.result()
        equal(sim.now(), start, did="two tasks cancelled, two callers let in, at")
        gate.set()
        pool.shutdown()

    explore(scene, schedules=70)


@check("P7", kind="behaviour")
def test_a_started_task_cannot_be_cancelled(impl: Implementation) -> None:
    """cancel() of a task that runs, and of one that has ended."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        gate = threading.Event()
        future = pool.submit(gate.wait)
        sim.settle()
        equal(future.running(), True, did="running() while the task runs")
        equal(future.cancel(), False, did="cancel() while the task runs")
        equal(is_accepted(pool, nothing), False, did="submit(timeout=0) after it: accepted")
        gate.set()
        equal(future.result(), True, did="result of the task")
        equal(future.cancel(), False, did="cancel() after its end")
        equal(future.cancelled(), False, did="cancelled() of it")
        pool.shutdown()

    simulate(scene)


@check("P7", "P3", "P10", kind="concurrency")
def test_cancel_against_the_worker(impl: Implementation) -> None:
    """A worker fetches a task while it is cancelled; as soon as it is, places are counted."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        ran, gate = list[int](), threading.Event()
        future = pool.submit(ran.append, 1)
        cancelled = sim.spawn(future.cancel).result()  # so the worker is a switch away
        did = f"cancel() of a task about to start answered {cancelled}: "
        if not cancelled:
            sim.settle()
            equal(future.done(), True, did=did + "done")
            equal(ran, [1], did=did + "runs")
        accepted = [is_accepted(pool, gate.wait) for _ in range(2)]
        equal(accepted, [True, False], did=did + "WorkerPool(1, 0) then accepted two more")
        gate.set()
        pool.shutdown()
        equal(ran, [] if cancelled else [1], did=did + "runs")

    explore(scene, schedules=120)


@check("P2", "P7", kind="behaviour")
def test_after_cancelled_tasks_all_workers_are_there(impl: Implementation) -> None:
    """Two busy workers, two waiting tasks are cancelled; then two tasks that wait for each other."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        gate, meeting = threading.Event(), threading.Barrier(2)
        running = [pool.submit(gate.wait) for _ in range(2)]
        sim.settle()
        for future in [pool.submit(nothing) for _ in range(2)]:
            future.cancel()
        gate.set()
        for future in running:
            future.result()
        sim.settle()
        numbers = sorted(future.result() for future in [pool.submit(meeting.wait) for _ in "ab"])
        equal(numbers, [0, 1], did="two tasks were cancelled, then two tasks met each other")
        pool.shutdown()

    simulate(scene)


@check("P7", "P9", kind="concurrency")
def test_cancel_against_cancel_pending(impl: Implementation) -> None:
    """A waiting task is cancelled by its owner and by shutdown(cancel_pending=True) at once."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        future = pool.submit(nothing)
        sim.together(future.cancel, lambda: pool.shutdown(wait=False, cancel_pending=True))
        equal(future.cancelled(), True, did="cancelled by its owner and by shutdown at once")
        gate.set()
        pool.shutdown()

    explore(scene, schedules=60)


def reported(futures: list[Future[Any]]) -> list[bool]:
    """Which futures concurrent.futures.wait calls done within a second."""
    done, _ = concurrent.futures.wait(futures, timeout=1)
    return [future in done for future in futures]


@check("P13", kind="behaviour")
def test_wait_reports_cancelled_futures(impl: Implementation) -> None:
    """A busy worker, two waiting tasks; one is cancelled before wait() is called, one after."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        early, late = pool.submit(nothing), pool.submit(nothing)
        early.cancel()
        equal(reported([early]), [True], did="a task cancelled, then wait(timeout=1): reported")
        waiting = sim.spawn(lambda: reported([late]))
        sim.settle()
        late.cancel()
        equal(waiting.result(), [True], did="wait(timeout=1), then cancelled: reported")
        gate.set()
        pool.shutdown()

    simulate(scene)


@check("P13", kind="behaviour")
def test_as_completed_reports_what_shutdown_cancelled(impl: Implementation) -> None:
    """One task runs, two wait; shutdown(cancel_pending=True); as_completed over all three."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate = threading.Event()
        futures = [pool.submit(gate.wait)]
        sim.settle()
        futures += [pool.submit(nothing) for _ in range(2)]
        reader = sim.spawn(lambda: list(concurrent.futures.as_completed(futures)))
        sim.settle()
        pool.shutdown(wait=False, cancel_pending=True)
        did = "shutdown(cancel_pending=True) cancelled two of three tasks, "
        equal(reported(futures[1:]), [True, True], did=did + "wait(timeout=1): reported")
        gate.set()
        equal(len(reader.result()), 3, did=did + "as_completed: reported")
        pool.shutdown()
        equal(reported(futures), [True] * 3, did=did + "wait(timeout=1) at the end: reported")

    simulate(scene)


@check("P13", kind="concurrency")
def test_wait_reports_whatever_races(impl: Implementation) -> None:
    """Two tasks; one is cancelled while a worker may be fetching it, and the pool closes."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        futures = [pool.submit(nothing) for _ in range(2)]
        sim.together(futures[1].cancel, lambda: pool.shutdown(cancel_pending=True))
        equal(reported(futures), [True, True], did="cancel() raced shutdown: reported by wait()")

    explore(scene, schedules=80)


def is_kept(*references: weakref.ref[Any]) -> list[bool]:
    """Which of the objects are still there."""
    gc.collect()
    return [reference() is not None for reference in references]


@check("P14", kind="behaviour")
def test_nothing_is_kept_of_a_finished_task(impl: Implementation) -> None:
    """A task returns, another raises; the workers are idle, the caller has dropped the futures."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        for method in ("use", "fail"):
            thing, argument = Thing(), Thing()
            future = pool.submit(getattr(thing, method), argument)
            references = weakref.ref(thing), weakref.ref(argument), weakref.ref(future)
            sim.settle()
            del thing, argument, future
            what = "returned" if method == "use" else "raised"
            did = f"a task {what}; the pool keeps its callable, argument, future"
            equal(is_kept(*references), [False] * 3, did=did)
        pool.shutdown()

    simulate(scene)


@check("P14", kind="behaviour")
def test_results_are_not_kept(impl: Implementation) -> None:
    """A task returns an object; the worker is idle."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        future = pool.submit(Thing)
        reference = weakref.ref(future.result())
        del future
        sim.settle()
        equal(is_kept(reference), [False], did="a task's result was dropped; the pool keeps it")
        pool.shutdown()

    simulate(scene)


@check("P14", kind="behaviour")
def test_nothing_is_kept_of_a_cancelled_task(impl: Implementation) -> None:
    """A busy worker; waiting tasks are cancelled, by their owner and by shutdown."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        for by_shutdown in (False, True):
            thing, argument = Thing(), Thing()
            future = pool.submit(thing.use, argument)
            references = weakref.ref(thing), weakref.ref(argument), weakref.ref(future)
            if by_shutdown:
                pool.shutdown(wait=False, cancel_pending=True)
            else:
                future.cancel()
            del thing, argument, future
            how = "shutdown(cancel_pending=True)" if by_shutdown else "cancel()"
            did = f"{how}, the worker busy; the pool keeps its callable, argument, future"
            equal(is_kept(*references), [False] * 3, did=did)
        gate.set()
        pool.shutdown()

    simulate(scene)


@check("P14", kind="concurrency")
def test_nothing_is_kept_of_a_task_cancelled_while_it_is_fetched(impl: Implementation) -> None:
    """A task is cancelled while the only worker may be fetching it; then the worker is idle."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        thing, argument = Thing(), Thing()
        future = pool.submit(thing.use, argument)
        references = weakref.ref(thing), weakref.ref(argument), weakref.ref(future)
        cancelled = future.cancel()
        sim.settle()
        del thing, argument, future
        if any(reference() for reference in references):  # cheaper than to collect each time
            did = f"cancel() answered {cancelled}; the pool keeps its callable, argument, future"
            equal(is_kept(*references), [False] * 3, did=did)
        pool.shutdown()

    explore(scene, schedules=50)


@check("P14", kind="behaviour")
def test_one_long_task_among_many_short_ones(impl: Implementation) -> None:
    """One worker is busy for long, the other runs 50 tasks; the futures are dropped."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        references: list[weakref.ref[Any]] = []
        for _ in range(50):
            future = pool.submit(nothing)
            references.append(weakref.ref(future))
            future.result()
        sim.settle()
        del future
        kept = sum(is_kept(*references))
        ensure(kept == 0, did="50 tasks ended, one long one runs", want="0 futures kept", got=kept)
        gate.set()
        pool.shutdown()

    simulate(scene)
