"""The threads: how many, really parallel, in nobody's way, silent with nothing to do."""

import threading
import time
from typing import Any

from contracts.patterns.worker_pool import PoolClosed, PoolFull
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate

LONG = 1e9


def nothing() -> None:
    """Do nothing."""


def outcome_of_submit(pool: Any, timeout: float | None = 0) -> str:
    """Submit a task that does nothing; what came of it."""
    try:
        pool.submit(nothing, timeout=timeout)
    except (PoolFull, PoolClosed) as error:
        return "PoolFull" if isinstance(error, PoolFull) else "PoolClosed"
    return "accepted"


@check("P2", kind="concurrency")
def test_workers_work_at_the_same_time(impl: Implementation) -> None:
    """Three workers; a first task ends; then three tasks that wait for each other."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=3, backlog=0)
        pool.submit(nothing).result()
        meeting = threading.Barrier(3)
        futures = [pool.submit(meeting.wait) for _ in range(3)]
        met = sorted(future.result() for future in futures)
        equal(met, [0, 1, 2], did="three tasks waited for each other on three workers")
        pool.shutdown()

    explore(scene, schedules=50)


@check("P2", kind="behaviour")
def test_many_workers(impl: Implementation) -> None:
    """Forty workers, forty tasks that wait for each other."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=40, backlog=0)
        meeting = threading.Barrier(40)
        futures = [pool.submit(meeting.wait) for _ in range(40)]
        met = sorted(future.result() for future in futures)
        equal(met, list(range(40)), did="forty tasks waited for each other on forty workers")
        pool.shutdown()

    simulate(scene)


@check("P2", kind="concurrency")
def test_a_worker_just_become_free_is_not_counted_twice(impl: Implementation) -> None:
    """Two workers, one has just ended a task; two callers submit tasks that wait for each other."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        meeting = threading.Barrier(2)
        pool.submit(nothing)
        sim.together(lambda: pool.submit(meeting.wait), lambda: pool.submit(meeting.wait))
        pool.shutdown()

    explore(scene, schedules=80)


@check("P2", kind="concurrency")
def test_a_task_does_not_wait_behind_a_busy_worker(impl: Implementation) -> None:
    """A long and three short tasks wait for two busy workers; then both become free."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=4)
        gate, long = threading.Event(), threading.Event()
        for _number in range(2):
            pool.submit(gate.wait)
        pool.submit(long.wait)
        short = [pool.submit(nothing) for _ in range(3)]
        gate.set()
        for future in short:
            future.result()
        long.set()
        pool.shutdown()

    explore(scene, schedules=40)


@check("P2", kind="timing")
def test_never_more_than_workers(impl: Implementation) -> None:
    """Seven tasks of 1 s for two workers; a caller has to wait for places."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        running, peak = 0, 0

        def task() -> None:
            nonlocal running, peak
            running += 1
            peak = max(peak, running)
            time.sleep(1)
            running -= 1

        start = sim.now()
        for _ in range(7):
            pool.submit(task)
        pool.shutdown()
        equal(peak, 2, did="seven tasks on two workers: most that ran at a time")
        equal(sim.now() - start, 4.0, did="seven tasks of 1 s on two workers took, in seconds")

    explore(scene, schedules=60)


@check("P2", kind="concurrency")
def test_two_first_callers_one_worker(impl: Implementation) -> None:
    """Two callers submit the first tasks of a new pool of one worker."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        threads: list[threading.Thread] = []

        def task() -> None:
            threads.append(threading.current_thread())
            time.sleep(1)

        sim.together(lambda: pool.submit(task), lambda: pool.submit(task))
        pool.shutdown()
        did = "two first tasks, one worker: threads that ran tasks, tasks that ran"
        equal((len(set(threads)), len(threads)), (1, 2), did=did)

    explore(scene, schedules=80)


@check("P2", kind="behaviour")
def test_tasks_run_on_the_same_few_threads(impl: Implementation) -> None:
    """Twelve tasks of two callers, two every second, some of them raise; two workers."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        threads: set[threading.Thread] = set()

        def task(number: int) -> None:
            threads.add(threading.current_thread())
            if number % 3 == 0:
                raise SystemExit(number)

        def caller() -> threading.Thread:
            for number in range(6):
                pool.submit(task, number)
                time.sleep(1)
            return threading.current_thread()

        callers = sim.together(caller, caller)
        pool.shutdown()
        ensure(
            1 <= len(threads) <= 2 and not threads & {*callers, threading.current_thread()},
            did="12 tasks, two callers, WorkerPool(2, 1)",
            want="1 or 2 threads ran them, none of them a caller",
            got=sorted(thread.name for thread in threads),
        )

    simulate(scene)


@check("P12", kind="concurrency")
def test_a_task_submits_to_its_own_pool(impl: Implementation) -> None:
    """Two workers; a task submits another one and waits for its result."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        outer = pool.submit(lambda: pool.submit(len, "abc").result() + 1)
        equal(outer.result(), 4, did="a task submitted len('abc') and added 1 to its result")
        pool.shutdown()

    explore(scene, schedules=60)


@check("P12", "P4", kind="timing")
def test_a_task_submits_to_its_own_full_pool(impl: Implementation) -> None:
    """One place; the task that holds it submits with timeout=0, then with timeout=3."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)

        def task() -> tuple[str, str, float]:
            start = sim.now()
            return outcome_of_submit(pool, 0), outcome_of_submit(pool, 3), sim.now() - start

        did = "a task submitted to its own full pool with timeout=0, then 3; in total seconds"
        equal(pool.submit(task).result(), ("PoolFull", "PoolFull", 3.0), did=did)
        pool.shutdown()

    simulate(scene)


@check("P12", kind="behaviour")
def test_a_running_task_holds_up_nobody(impl: Implementation) -> None:
    """A task waits for another thread that uses the pool: submits, cancels, shuts down."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)

        def other() -> str:
            future = pool.submit(nothing)
            answers = [outcome_of_submit(pool), str(future.cancel()), outcome_of_submit(pool)]
            pool.shutdown(wait=False)
            return " ".join([*answers, outcome_of_submit(pool)])

        future = pool.submit(lambda: sim.spawn(other).result())
        want = "PoolFull True accepted PoolClosed"
        equal(future.result(), want, did="a task waited for a thread that used the pool")
        pool.shutdown()

    simulate(scene)


@check("P12", kind="timing")
def test_a_slow_callback_holds_up_only_its_worker(impl: Implementation) -> None:
    """The done callback of a task takes 10 s; meanwhile a caller uses the pool."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait).add_done_callback(lambda _: time.sleep(10))
        start = sim.now()
        gate.set()
        sim.settle()
        futures = [pool.submit(len, "abc"), pool.submit(len, "abcd")]
        did = "while a done callback slept for 10 s, two tasks on the other worker"
        equal([future.result() for future in futures], [3, 4], did=did)
        pool.shutdown(wait=False)
        equal(sim.now(), start, did=did + ": ended at")
        pool.shutdown()
        equal(sim.now() - start, 10.0, did="shutdown() returned when the callback had")

    simulate(scene)


@check("P12", "P4", kind="timing")
def test_a_waiting_caller_holds_up_nobody(impl: Implementation) -> None:
    """A caller waits for a place; others submit with timeout=0 and 1, cancel, shut down."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate = threading.Event()
        pool.submit(gate.wait)
        sim.settle()
        pending = pool.submit(nothing)
        waiting = sim.spawn(lambda: outcome_of_submit(pool, None))
        sim.settle()
        start = sim.now()
        equal(outcome_of_submit(pool, 0), "PoolFull", did="submit(timeout=0), a caller waits")
        equal(outcome_of_submit(pool, 1), "PoolFull", did="submit(timeout=1), a caller waits")
        equal(sim.now() - start, 1.0, did="both together took, in seconds")
        equal(pending.cancel(), True, did="cancel() of a waiting task, a caller waits")
        equal(waiting.result(), "accepted", did="the caller that waited")
        waiting = sim.spawn(lambda: outcome_of_submit(pool, None))
        sim.settle()
        pool.shutdown(wait=False)
        equal(sim.now() - start, 1.0, did="then shutdown(wait=False): time that passed")
        equal(waiting.result(), "PoolClosed", did="the next caller that waited")
        gate.set()
        pool.shutdown()

    simulate(scene)


@check("P12", kind="behaviour")
def test_callbacks_of_cancelled_tasks_use_the_pool(impl: Implementation) -> None:
    """Done callbacks submit, cancel, and wait for a thread that submits; cancel() calls them."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=4)
        gate, answers = threading.Event(), list[object]()
        pool.submit(gate.wait)
        sim.settle()
        first, second = pool.submit(nothing), pool.submit(nothing)

        def callback(_: object) -> None:
            answers.append(outcome_of_submit(pool))
            answers.append(second.cancel())
            answers.append(sim.spawn(lambda: outcome_of_submit(pool)).result())

        first.add_done_callback(callback)
        first.cancel()
        did = "first.cancel() called a callback: submit, second.cancel(), submit in a thread"
        equal(answers, ["accepted", True, "accepted"], did=did)
        gate.set()
        pool.shutdown()

    simulate(scene)


@check("P12", kind="behaviour")
def test_callbacks_during_shutdown_use_the_pool(impl: Implementation) -> None:
    """shutdown(cancel_pending=True) calls done callbacks: they and a thread use the pool."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=2)
        gate, answers = threading.Event(), list[object]()
        pool.submit(gate.wait)
        sim.settle()

        def callback(_: object) -> None:
            answers.append(outcome_of_submit(pool, None))
            answers.append(sim.spawn(lambda: outcome_of_submit(pool)).result())
            pool.shutdown(wait=False, cancel_pending=True)

        for _ in range(2):
            pool.submit(nothing).add_done_callback(callback)
        pool.shutdown(wait=False, cancel_pending=True)
        did = "shutdown(cancel_pending=True) called two callbacks that submit, also in a thread"
        equal(answers, ["PoolClosed"] * 4, did=did)
        gate.set()
        pool.shutdown()

    simulate(scene)


@check("P15", kind="timing")
def test_an_idle_pool_does_nothing(impl: Implementation) -> None:
    """Two workers with nothing to do for 30 years; more than 3,000 steps are polling."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        for _ in range(2):
            pool.submit(nothing).result()
        sim.sleep(LONG)
        pool.shutdown()

    simulate(scene, max_steps=3_000)


@check("P15", kind="timing")
def test_waiting_calls_do_nothing(impl: Implementation) -> None:
    """A submit and a shutdown wait for 30 years; more than 3,000 steps are polling."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        start = sim.now()
        pool.submit(time.sleep, LONG)
        pool.submit(time.sleep, LONG)
        equal(sim.now() - start, LONG, did="submit() waited for a place, in seconds")
        pool.shutdown()
        equal(sim.now() - start, 2 * LONG, did="shutdown() waited for a task, in seconds")

    simulate(scene, max_steps=3_000)


@check("P15", kind="timing")
def test_everything_happens_at_once(impl: Implementation) -> None:
    """A pool idle for 0.8125 s; a task starts, a caller gets a place, shutdown ends: no delay."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        pool.submit(nothing).result()
        start = sim.now()
        sim.sleep(0.8125)
        did = "an idle pool got a task after 0.8125 s: it ran after"
        equal(pool.submit(sim.now).result() - start, 0.8125, did=did)
        for _ in range(2):
            pool.submit(time.sleep, 0.40625)
        did = "the places were taken for 0.40625 s more: the next task ran after"
        equal(pool.submit(sim.now).result() - start, 1.21875, did=did)
        sim.sleep(0.5625)
        pool.shutdown()
        equal(sim.now() - start, 1.78125, did="shutdown() after 0.5625 s more: returned after")

    simulate(scene)


@check("P15", kind="timing")
def test_shutdown_ends_with_the_last_task(impl: Implementation) -> None:
    """shutdown() called at 0.375 s waits for a task that ends at 0.8125 s, and no longer."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=0)
        start = sim.now()
        pool.submit(time.sleep, 0.8125)
        sim.sleep(0.375)
        pool.shutdown()
        equal(sim.now() - start, 0.8125, did="the last task ended at 0.8125 s; shutdown returned")
        raises(PoolClosed, lambda: pool.submit(nothing), did="submit() after that")

    simulate(scene)
