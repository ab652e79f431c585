"""The standard library's executor behind the contract, and two right pools built otherwise."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Self

from contracts.patterns.worker_pool import PoolClosed, PoolFull


def refuse_bad_numbers(workers: int, backlog: int) -> None:
    """The ValueErrors of the constructor."""
    if workers < 1 or backlog < 0:
        raise ValueError(f"workers={workers}, backlog={backlog}")


class BoundedExecutor:
    """concurrent.futures.ThreadPoolExecutor behind a count of places, as people bound it.

    Its own inbox is unbounded, a caller cannot wait for it, and cancelled tasks stay in it until a
    worker comes across them.
    """

    requires = ()
    fails: ClassVar = {
        "P6": "an exception of a done callback that is no Exception ends the worker",
        "P12": "shutdown(cancel_futures=True) calls done callbacks with the executor's lock held",
        "P13": "a cancelled future is reported when a worker comes across it, after shutdown never",
        "P14": "a cancelled task stays in the inbox, with its future, until a worker comes to it",
    }

    class WorkerPool:
        def __init__(self, workers: int, backlog: int) -> None:
            refuse_bad_numbers(workers, backlog)
            self._executor = ThreadPoolExecutor(workers)
            self._free_places = workers + backlog
            self._room = threading.Condition()
            self._own = threading.local()
            self._closed = False

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            if timeout is not None and timeout < 0:
                raise ValueError("negative timeout")
            with self._room:
                self._room.wait_for(lambda: self._closed or self._free_places > 0, timeout)
                if self._closed:
                    raise PoolClosed
                if self._free_places <= 0:
                    raise PoolFull
                self._free_places -= 1
                future = self._executor.submit(self._run, task, args)
            future.add_done_callback(self._free_if_cancelled)
            return future

        def _run(self, task: Callable[..., Any], args: tuple[Any, ...]) -> Any:
            self._own.is_worker = True
            try:
                return task(*args)
            finally:
                self._free_place()

        def _free_if_cancelled(self, future: Future[Any]) -> None:
            if future.cancelled():
                self._free_place()

        def _free_place(self) -> None:
            with self._room:
                self._free_places += 1
                self._room.notify()

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._room:
                self._closed = True
                self._room.notify_all()
            wait = wait and not hasattr(self._own, "is_worker")
            self._executor.shutdown(wait, cancel_futures=cancel_pending)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.shutdown()


class _Item:
    """A task in the inbox; whoever empties it owns it."""

    def __init__(self, future: Future[Any], call: Callable[[], Any]) -> None:
        self._content: list[tuple[Future[Any], Callable[[], Any]]] = [(future, call)]

    def take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        try:
            return self._content.pop()
        except IndexError:
            return None


class QueueAndSentinels:
    """A semaphore for places, an unbounded queue of tasks, one stop token per worker.

    Threads are started at once. The future is a subclass that tells the pool of its cancellation,
    and leaves an empty shell in the queue.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class WorkerPool:
        def __init__(self, workers: int, backlog: int) -> None:
            refuse_bad_numbers(workers, backlog)
            self._inbox: queue.Queue[_Item | None] = queue.Queue()
            self._places = threading.Semaphore(workers + backlog)
            self._gate = threading.Lock()
            self._closed = False
            self._waiting_callers = 0
            self._threads = [threading.Thread(target=self._serve) for _ in range(workers)]
            for thread in self._threads:
                thread.start()

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            if timeout is not None and timeout < 0:
                raise ValueError("negative timeout")
            self._wait_for_place(timeout)
            future = _OwnFuture(self)
            future.item = _Item(future, lambda: task(*args))
            with self._gate:
                if not self._closed:
                    self._inbox.put(future.item)
                    return future
            self._places.release()
            raise PoolClosed

        def _wait_for_place(self, timeout: float | None) -> None:
            with self._gate:
                if self._closed:
                    raise PoolClosed
                self._waiting_callers += 1
            got = self._places.acquire(timeout=timeout)
            with self._gate:
                self._waiting_callers -= 1
            if not got:
                raise PoolClosed if self._closed else PoolFull

        def _serve(self) -> None:
            while (item := self._inbox.get()) is not None:
                self._run(item)
                del item

        def _run(self, item: _Item) -> None:
            if not (taken := item.take()):
                return
            future, call = taken
            if not future.set_running_or_notify_cancel():
                return
            error: BaseException | None = None
            result = None
            try:
                result = call()
            except BaseException as raised:
                error = raised
            self._places.release()
            try:
                future.set_exception(error) if error is not None else future.set_result(result)
            except BaseException:
                error = None

        def discard(self, future: Future[Any], item: _Item) -> None:
            """Give back the place of a task that was cancelled before it started."""
            self._places.release()
            if item.take():
                future.set_running_or_notify_cancel()

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._gate:
                first, self._closed = not self._closed, True
                if first:
                    for _ in self._threads:
                        self._inbox.put(None)
                    self._places.release(self._waiting_callers + 1)
            if cancel_pending:
                self._cancel_all()
            if wait and threading.current_thread() not in self._threads:
                for thread in self._threads:
                    thread.join()

        def _cancel_all(self) -> None:
            tokens = 0
            while True:
                try:
                    item = self._inbox.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    tokens += 1
                elif taken := item.take():
                    taken[0].cancel()
                    taken[0].set_running_or_notify_cancel()
            for _ in range(tokens):
                self._inbox.put(None)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.shutdown()


class _OwnFuture(Future[Any]):
    """A future that tells its pool when it has been cancelled."""

    item: _Item

    def __init__(self, pool: QueueAndSentinels.WorkerPool) -> None:
        super().__init__()
        self._pool = pool
        self._told = threading.Lock()

    def cancel(self) -> bool:
        """Cancel, once tell the pool."""
        cancelled = super().cancel()
        if cancelled and self._told.acquire(blocking=False):
            self._pool.discard(self, self.item)
        return cancelled


class OneCondition:
    """One condition and `notify_all` for everything; a deque of lists; threads only when needed.

    The number of unfinished tasks is compared with the places, idle workers are counted against
    waiting tasks, and a deadline is kept by hand.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class WorkerPool:
        def __init__(self, workers: int, backlog: int) -> None:
            refuse_bad_numbers(workers, backlog)
            self._workers, self._places = workers, workers + backlog
            self._line: deque[tuple[Future[Any], Callable[..., Any], tuple[object, ...]]] = deque()
            self._unfinished = self._busy = 0
            self._threads: set[threading.Thread] = set()
            self._open = True
            self._changed = threading.Condition(threading.RLock())

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            if timeout is not None and timeout < 0:
                raise ValueError("negative timeout")
            deadline = None if timeout is None else time.monotonic() + timeout
            future: Future[Any] = Future()
            future.add_done_callback(self._on_done)
            with self._changed:
                while self._open and self._unfinished >= self._places:
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        raise PoolFull
                    self._changed.wait(left)
                if not self._open:
                    raise PoolClosed
                self._unfinished += 1
                self._line.append((future, task, args))
                needed = min(self._workers, self._busy + len(self._line))
                if len(self._threads) < needed:
                    thread = threading.Thread(target=self._serve, daemon=True)
                    self._threads.add(thread)
                    thread.start()
                self._changed.notify_all()
            return future

        def _serve(self) -> None:
            while True:
                with self._changed:
                    while self._open and not self._line:
                        self._changed.wait()
                    if not self._line:
                        return
                    future, task, args = self._line.popleft()
                    self._busy += 1
                    starts = future.set_running_or_notify_cancel()
                if starts:
                    self._run(future, task, args)
                del future, task, args
                with self._changed:
                    self._busy -= 1

        def _run(
            self, future: Future[Any], task: Callable[..., Any], args: tuple[object, ...]
        ) -> None:
            result, error = None, None
            try:
                result = task(*args)
            except BaseException as raised:
                error = raised
            self._give_back()
            try:
                if error is None:
                    future.set_result(result)
                else:
                    future.set_exception(error)
            except BaseException:
                return
            finally:
                error = None

        def _give_back(self) -> None:
            with self._changed:
                self._unfinished -= 1
                self._changed.notify_all()

        def _on_done(self, future: Future[Any]) -> None:
            if not future.cancelled():
                return
            with self._changed:
                entry = next((entry for entry in self._line if entry[0] is future), None)
                if entry is not None:
                    self._line.remove(entry)
                    future.set_running_or_notify_cancel()
            self._give_back()

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._changed:
                self._open = False
                self._changed.notify_all()
                pending = [entry[0] for entry in self._line] if cancel_pending else []
            for future in pending:
                future.cancel()
            if wait and threading.current_thread() not in self._threads:
                for thread in list(self._threads):
                    thread.join()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.shutdown()
