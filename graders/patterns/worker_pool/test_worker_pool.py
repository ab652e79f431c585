"""What a caller sees of a pool: results, order, exceptions, bad arguments."""

import threading
import time
from concurrent.futures import CancelledError, Future
from typing import Any

from contracts.patterns.worker_pool import PoolFull
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic


@check("P1", kind="behaviour")
def test_a_future_gets_the_result(impl: Implementation) -> None:
    """One worker; submit(divmod, 17, 5)."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        future = pool.submit(divmod, 17, 5)
        ensure(
            isinstance(future, Future),
            did="submit(divmod, 17, 5)",
            want="a concurrent.futures.Future",
            got=type(future).__name__,
        )
        equal(future.result(), (3, 2), did="submit(divmod, 17, 5).result()")
        pool.shutdown()

    simulate(scene)


@check("P1", kind="behaviour")
def test_any_object_is_a_result(impl: Implementation) -> None:
    """Tasks that return None, False, an exception object, a future."""
    values = [None, False, ValueError("a value, not raised"), Future[int]()]

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=4)
        for value in values:
            future = pool.submit(lambda value=value: value)
            ensure(
                future.result() is value,
                did=f"a task returned {value!r}",
                want="the very same object as result",
                got=future.result(),
            )
        pool.shutdown()

    simulate(scene)


@check("P1", kind="concurrency")
def test_two_callers_two_workers(impl: Implementation) -> None:
    """Two callers submit one task each to a pool of two workers."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        ran: list[int] = []
        sim.together(lambda: pool.submit(ran.append, 1), lambda: pool.submit(ran.append, 2))
        pool.shutdown()
        equal(sorted(ran), [1, 2], did="two callers submitted tasks 1 and 2, then shutdown()")

    explore(scene, schedules=80)


@check("P1", kind="concurrency")
def test_two_workers_never_run_the_same_task(impl: Implementation) -> None:
    """Three tasks wait while both workers are busy; then both become free at the same moment."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=3)
        ran: list[int] = []
        gate = threading.Event()
        for _number in range(2):
            pool.submit(gate.wait)
        futures = [pool.submit(lambda n=n: ran.append(n) or n) for n in range(3)]
        gate.set()
        did = "tasks 0, 1, 2 waited for two busy workers"
        equal([future.result() for future in futures], [0, 1, 2], did=did)
        pool.shutdown()
        equal(sorted(ran), [0, 1, 2], did=did)

    explore(scene, schedules=60)


@check("P5", kind="behaviour")
def test_waiting_tasks_start_in_order(impl: Implementation) -> None:
    """One worker, tasks 1 to 5 wait; the one that runs submits 6, its done callback 7."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=7)
        gate, order = threading.Event(), list[int]()
        first = pool.submit(lambda: gate.wait() and pool.submit(order.append, 6))
        first.add_done_callback(lambda _: pool.submit(order.append, 7))
        sim.settle()
        for number in range(1, 6):
            pool.submit(order.append, number)
        gate.set()
        sim.settle()
        pool.shutdown()
        did = "1 to 5 waited for one worker, its task submitted 6, the done callback of that 7"
        equal(order, [1, 2, 3, 4, 5, 6, 7], did=did)

    simulate(scene)


@check("P5", kind="behaviour")
def test_of_two_waiting_tasks_the_older_gets_the_free_worker(impl: Implementation) -> None:
    """Two busy workers, c and d wait; then one worker becomes free."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=2)
        gates = {name: threading.Event() for name in "abcd"}
        started: list[str] = []

        def task(name: str) -> None:
            started.append(name)
            gates[name].wait()

        for name in "abcd":
            pool.submit(task, name)
            sim.settle()
        gates["b"].set()
        sim.settle()
        equal(started, ["a", "b", "c"], did="a and b ran, c and d waited; b has ended")
        for gate in gates.values():
            gate.set()
        pool.shutdown()

    simulate(scene)


@check("P5", kind="behaviour")
def test_order_with_a_cancelled_task_and_a_waiting_caller(impl: Implementation) -> None:
    """Tasks 1 to 4 wait, 2 is cancelled, and a caller waits to submit 5."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=4)
        gate, order = threading.Event(), list[int]()
        pool.submit(gate.wait)
        futures = [pool.submit(order.append, number) for number in (1, 2, 3, 4)]
        sim.spawn(lambda: pool.submit(order.append, 5))
        sim.settle()
        futures[1].cancel()
        sim.settle()
        gate.set()
        sim.settle()
        pool.shutdown()
        equal(
            order, [1, 3, 4, 5], did="1 to 4 waited, a caller waited to submit 5, 2 was cancelled"
        )

    simulate(scene)


ANYTHING: list[BaseException] = [
    ValueError("no"),
    StopIteration(),
    TimeoutError(),
    CancelledError(),
    PoolFull("the task's own"),
    GeneratorExit(),
    SystemExit(3),
    KeyboardInterrupt(),
]


def throw(error: BaseException) -> None:
    """Raise it."""
    raise error


@check("P6", kind="behaviour")
def test_everything_a_task_raises_is_in_its_future(impl: Implementation) -> None:
    """One worker; tasks raise all sorts of exceptions, one after another."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        for error in ANYTHING:
            future = pool.submit(throw, error)
            ensure(
                future.exception() is error,
                did=f"a task raised {error!r}",
                want="this very object as the future's exception()",
                got=future.exception(),
            )
        equal(pool.submit(len, "abc").result(), 3, did="then submit(len, 'abc')")
        pool.shutdown()

    simulate(scene)


@check("P6", "P2", kind="concurrency")
def test_after_exceptions_all_workers_are_there(impl: Implementation) -> None:
    """Two workers; two tasks raise; then two tasks that wait for each other."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=2, backlog=1)
        for error in (SystemExit(1), ValueError("no")):
            pool.submit(throw, error).exception()
        meeting = threading.Barrier(2)
        futures = [pool.submit(meeting.wait) for _ in range(2)]
        numbers = sorted(future.result() for future in futures)
        equal(numbers, [0, 1], did="two tasks raised, then two tasks met each other")
        pool.shutdown()

    explore(scene, schedules=50)


@check("P6", kind="behaviour")
def test_a_raising_callback_stops_no_worker(impl: Implementation) -> None:
    """A done callback raises SystemExit, the next one KeyboardInterrupt; one worker."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        for error in (SystemExit(1), KeyboardInterrupt()):
            gate = threading.Event()
            future = pool.submit(lambda gate=gate: gate.wait() and "done")

            def callback(_: Future[Any], error: BaseException = error) -> None:
                raise error

            future.add_done_callback(callback)
            gate.set()
            equal(future.result(), "done", did=f"its done callback raised {error!r}")
        equal(pool.submit(len, "abc").result(), 3, did="then submit(len, 'abc')")
        pool.shutdown()

    simulate(scene)


@check("P6", kind="behaviour")
def test_a_task_that_raises_has_its_callbacks_called(impl: Implementation) -> None:
    """A task raises; its future has a done callback."""

    def scene(_: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=1)
        gate, seen = threading.Event(), list[object]()
        error = ValueError("no")

        def task() -> None:
            gate.wait()
            raise error

        pool.submit(task).add_done_callback(lambda future: seen.append(future.exception()))
        gate.set()
        pool.shutdown()
        ensure(seen == [error], did="a task raised", want="one call of its callback", got=seen)

    simulate(scene)


@check("P16", kind="contract")
def test_bad_constructor_arguments(impl: Implementation) -> None:
    """WorkerPool(0, 1), WorkerPool(-1, 1), WorkerPool(1, -1)."""

    def scene(_: Sim) -> None:
        before = threading.active_count()
        for workers, backlog in ((0, 1), (-1, 1), (1, -1), (0, 0)):
            did = f"WorkerPool(workers={workers}, backlog={backlog})"
            arguments = {"workers": workers, "backlog": backlog}
            raises(ValueError, lambda arguments=arguments: impl.WorkerPool(**arguments), did=did)
        equal(threading.active_count(), before, did="four pools were refused: threads")

    simulate(scene)


@check("P16", kind="contract")
def test_negative_timeout(impl: Implementation) -> None:
    """submit(task, timeout=-0.001), to a pool with a free place; timeout=-1, to a full one."""

    def scene(sim: Sim) -> None:
        pool = impl.WorkerPool(workers=1, backlog=0)
        ran: list[int] = []
        start = sim.now()

        def submit(timeout: float) -> object:
            return pool.submit(ran.append, 1, timeout=timeout)

        did = "submit(task, timeout=-0.001) with a free place"
        raises(ValueError, lambda: submit(-0.001), did=did)
        pool.submit(time.sleep, 5, timeout=0)
        raises(ValueError, lambda: submit(-1), did="submit(task, timeout=-1) to a full pool")
        equal(sim.now(), start, did="both refused: time passed")
        pool.shutdown()
        equal(ran, [], did="a task was refused with ValueError: runs of it")

    simulate(scene)
