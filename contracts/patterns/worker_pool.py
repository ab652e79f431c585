"""Worker pool: a fixed number of threads run the tasks of many callers, with a bounded backlog.

Seen in production as the thread pools of web servers and database drivers (Java's
ThreadPoolExecutor, Go's worker goroutines behind a channel, `concurrent.futures`). The pool keeps
a burst of work from starting a thousand threads; its bound pushes back on whoever produces faster
than the workers can follow.

Decided here, because real pools disagree:

* The pool has `workers + backlog` places. A task holds one from the moment `submit` accepts it
  until it has returned or raised, or is cancelled. Submit has to wait only if all are taken: a
  worker that has not got round to fetching its task yet never makes a pool look full. With a
  backlog of 0 a task is accepted only while fewer than `workers` are unfinished.
* A full pool makes `submit` wait, at most `timeout` seconds. Nothing is dropped, nothing is run in
  the caller's thread. Which of several waiting calls gets a free place is left open.
* Accepted tasks start in the order in which they were accepted.
* A future is a `concurrent.futures.Future`. Everything a task raises goes there, `SystemExit` and
  `KeyboardInterrupt` too: a task can end neither its worker nor the program.
* `shutdown` lets accepted tasks finish unless it is told to cancel those that have not started.
  A task that runs is never interrupted.
* A worker does not wait for itself: from a task (or a done callback that a worker runs),
  `shutdown(wait=True)` closes the pool and returns at once, as with `wait=False`. (Numbers of
  threads are used again: whoever has the `get_ident()` of a worker that has ended is no worker.)
* A task may submit to its own pool. There is no exception for it: if the pool is full it waits
  for a place like anybody else, and tasks that all do so wait for ever. Give them a timeout.
* A done callback may raise anything, also while `shutdown` or `cancel()` calls it: what is no
  `Exception` may leave that call, but no other future is lost by it.
* Left open: when threads are started, whether they are daemons, what becomes of a pool that nobody
  shuts down, whether `wait` reports a cancelled future before or after its done callbacks, and
  which error comes first if a closed pool is given a bad argument.
* Time is `time.monotonic()`: setting the wall clock changes nothing.
"""

from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Final, Protocol, Self, TypeVar

TITLE: Final = "Worker pool"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("WorkerPool",)
PROMISES: Final = {
    "P1": "Every accepted task that is not cancelled is run exactly once, with its arguments, and"
    " its future gets what it returns.",
    "P2": "Never more than `workers` tasks run at a time, all of them on the same at most `workers`"
    " threads of the pool's own; and no accepted task waits while fewer than `workers` of them are"
    " busy: that many tasks really run at the same time.",
    "P3": "Submit accepts at once while fewer than `workers + backlog` accepted tasks are"
    " unfinished, and never accepts one more than that; a task that has run gives its place back"
    " before its future is done.",
    "P4": "On a full pool submit waits until a place is free, or raises PoolFull after exactly"
    " `timeout` seconds; a refused task is never run, and no free place stays unused while a call"
    " waits for one.",
    "P5": "Tasks start in the order in which they were accepted.",
    "P6": "Whatever a task raises, SystemExit and KeyboardInterrupt included, reaches its future as"
    " that very exception, and neither it nor an exception of a done callback stops a worker.",
    "P7": "Cancelling the future of a task that has not started answers True, the task never runs,"
    " and its place is free when cancel() returns; cancelling the future of a task that runs or"
    " has ended answers False and changes nothing.",
    "P8": "After shutdown the accepted tasks still run; with wait=True (also at the end of a"
    " with block) it returns when every future is done, every done callback that a worker runs"
    " has returned, and no thread of the pool is left; with wait=False it returns at once.",
    "P9": "shutdown(cancel_pending=True) cancels every task that has not started, before it"
    " returns and before it waits; running tasks end as usual.",
    "P10": "From shutdown on submit raises PoolClosed, full or not; calls that wait for a place"
    " raise it at once; and whatever races, each submit either raises and its task never runs, or"
    " returns a future that will be done.",
    "P11": "shutdown may be called again and by several threads at once: each call does what it"
    " says with what is left; a call by a worker never waits.",
    "P12": "Tasks, done callbacks and waiting calls hold nobody up: the pool can be used from"
    " inside tasks and callbacks, and by everybody else meanwhile.",
    "P13": "concurrent.futures.wait and as_completed report every future as soon as it is done,"
    " cancelled ones included.",
    "P14": "The pool keeps nothing of a task that is finished or cancelled: neither the callable,"
    " nor its arguments, its result or its future.",
    "P15": "Nobody polls: an idle pool does nothing, however long, and what a worker or a call"
    " waits for reaches it at that instant.",
    "P16": "Bad arguments raise ValueError, and nothing has changed.",
}

T = TypeVar("T")


class PoolFull(RuntimeError):
    """No place became free within the timeout; the task was not accepted and will not run."""


class PoolClosed(RuntimeError):
    """The pool has been shut down; the task was not accepted and will not run."""


class WorkerPool(Protocol):
    """Runs tasks in a fixed number of threads. Every method may be called from any thread.

    Pools know nothing of each other: for one, the workers of another are callers like any other.

    The pool calls tasks, and settles futures (which calls their done callbacks), with nothing
    locked. Leaving a `with` block is `shutdown()`, also when the block raises; the exception goes
    on.
    """

    def submit(
        self, task: Callable[..., T], /, *args: object, timeout: float | None = None
    ) -> Future[T]:
        """Accept `task(*args)` to be run by a worker, and return its future.

        Returns at once if a place is free. Otherwise waits for one, at most `timeout` seconds
        counted from the call: `None` waits as long as it takes, 0 does not wait. If a place
        becomes free at the very instant at which the timeout ends, either outcome is right.

        The future behaves as those of `ThreadPoolExecutor` do: `running()` while the task runs;
        `cancel()` answers True as long as it has not started; `result()`, `exception()` and done
        callbacks as usual. A done callback runs in the worker that ran the task (which takes its
        next task when the callback has returned), or in the thread that cancels. Nobody but the
        pool sets the future's result.

        Raises:
            PoolClosed: the pool has been shut down, before the call or while it waits.
            PoolFull: no place became free in time.
            ValueError: `timeout` is negative.
        """
        ...

    def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
        """Accept no more tasks; those accepted still run. May be called any number of times.

        With `cancel_pending` the tasks that have not started are cancelled, as by the `cancel()`
        of their futures, whatever an earlier call said. (A task that a worker has already fetched
        counts as started.)

        With `wait` the call returns when everything is over (P8), also if an earlier call did
        not wait. Called by one of the pool's own workers it never waits.
        """
        ...

    def __enter__(self) -> Self:
        """Return the pool itself."""
        ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Call `shutdown()` and wait; exceptions of the block are not swallowed."""
        ...


class NewWorkerPool(Protocol):
    """How a WorkerPool is made."""

    def __call__(self, workers: int, backlog: int) -> WorkerPool:
        """Make a pool of `workers` threads in which `backlog` more tasks may wait.

        Raises `ValueError` if `workers` is less than 1 or `backlog` less than 0.
        """
        ...
