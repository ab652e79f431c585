"""Worker pool: one lock, two conditions, and a count of free places.

* Places are counted, not read off the length of a queue. A `queue.Queue(maxsize=backlog)` would
  refuse a task although a worker is idle, if that worker has not fetched its task yet; and it
  cannot let go of a cancelled task in its middle. Here a cancelled task leaves at once, at the
  price of an ordered dict instead of a plain queue (about twice the memory per waiting task).
* Two conditions, so that a wake-up reaches somebody who can use it: `_work` for workers, `_room`
  for callers. With a single one every wake-up would have to be `notify_all`.
* No sentinels. Workers see `_closed` under the lock, so that a shutdown can neither be lost nor
  overtake a task, and never has to wait for a place in the queue it closes.
* Whoever takes a task out of `_waiting` is its one owner and tells the future so
  (`set_running_or_notify_cancel`); `concurrent.futures.wait` hangs on cancelled futures without.
* The place goes back before the future is settled: whoever sees the result can submit again, done
  callbacks included. No code of others runs under the lock.
* A thread is started per task until there are `workers` of them: idle threads are not counted,
  since a count that is wrong for a moment costs parallelism. A pool that gets one task at a time
  has more threads than it needs.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from contracts.patterns.worker_pool import PoolClosed, PoolFull

T = TypeVar("T")
log = logging.getLogger(__name__)


class WorkerPool:
    """At most `workers` tasks run, at most `workers + backlog` are accepted and unfinished."""

    def __init__(self, workers: int, backlog: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        if backlog < 0:
            raise ValueError(f"backlog must not be negative, not {backlog}")
        self._workers = workers
        self._free_places = workers + backlog
        self._waiting: OrderedDict[Future[Any], Callable[[], Any]] = OrderedDict()
        self._threads: list[threading.Thread] = []
        self._closed = False
        lock = threading.Lock()
        self._lock = lock
        self._work = threading.Condition(lock)
        self._room = threading.Condition(lock)

    def submit(
        self, task: Callable[..., T], *args: object, timeout: float | None = None
    ) -> Future[T]:
        """Wait for a place, then put the task at the end of the line. Constant time."""
        if timeout is not None and timeout < 0:
            raise ValueError(f"timeout must not be negative, not {timeout}")
        future: Future[T] = Future()
        future.add_done_callback(self._leave_if_cancelled)
        with self._lock:
            self._take_place(timeout)
            self._waiting[future] = partial(task, *args)
            self._work.notify()
        return future

    def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
        """Close, wake everybody, and then wait without the lock."""
        with self._lock:
            self._closed = True
            dropped = list(self._waiting) if cancel_pending else []
            for future in dropped:
                del self._waiting[future]
            self._work.notify_all()
            self._room.notify_all()
        for future in dropped:
            self._settle(future.cancel)
            future.set_running_or_notify_cancel()
        if wait and threading.current_thread() not in self._threads:
            for thread in self._threads:
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def _take_place(self, timeout: float | None) -> None:
        """Wait for a free place and take it, with the lock held."""
        self._room.wait_for(lambda: self._closed or self._free_places, timeout)
        if self._closed:
            raise PoolClosed("submit after shutdown")
        if not self._free_places:
            raise PoolFull(f"no place became free within {timeout} s")
        self._grow()
        self._free_places -= 1

    def _grow(self) -> None:
        """Start one more worker if there may be; before anything else, since this can fail."""
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._serve, name=f"worker-{len(self._threads)}")
            thread.start()
            self._threads.append(thread)

    def _serve(self) -> None:
        """What a worker does all its life. Holds nothing of a task while it waits for the next."""
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Wait for a task and run it; False when there will be no more."""
        with self._lock:
            taken = self._take_task()
        if taken is None:
            return False
        future, call = taken
        if future.set_running_or_notify_cancel():
            self._run(future, call)
        return True

    def _take_task(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        """Wait for the oldest waiting task, with the lock held; None at the end of the pool."""
        self._work.wait_for(lambda: self._waiting or self._closed)
        return self._waiting.popitem(last=False) if self._waiting else None

    def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
        try:
            settle = partial(future.set_result, call())
        except BaseException as error:  # noqa: BLE001 - the future is where it belongs
            settle = partial(future.set_exception, error)
        self._free_place()
        self._settle(settle)

    def _settle(self, settle: Callable[[], object]) -> None:
        """Make a future done; its callbacks, which run now, may raise what they like."""
        try:
            settle()
        except BaseException:  # SystemExit and the like, other exceptions stay in the future
            log.exception("a done callback raised")

    def _leave_if_cancelled(self, future: Future[Any]) -> None:
        """First callback of every future: whoever cancels a waiting task makes room at once."""
        if not future.cancelled():
            return
        with self._lock:
            was_waiting = self._waiting.pop(future, None) is not None
        if was_waiting:
            future.set_running_or_notify_cancel()
        self._free_place()

    def _free_place(self) -> None:
        with self._lock:
            self._free_places += 1
            self._room.notify()
