"""Wrong worker pools, one idea each: what people write, and what real libraries have shipped."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any

from contracts.patterns.worker_pool import PoolClosed, PoolFull
from solutions.patterns import worker_pool as reference

Taken = tuple[Future[Any], Callable[[], Any]]


class TakesTheTaskTwice:
    """Looks at the oldest task, lets go of the lock, and removes it later: two workers run it."""

    breaks = "P1"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            with self._lock:
                self._work.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return False
                future, call = next(iter(self._waiting.items()))
            with self._lock:
                self._waiting.pop(future, None)
            if future.running() or (not future.done() and future.set_running_or_notify_cancel()):
                self._run(future, call)
            return True


class IfForWhile:
    """`if` for `while` around wait(): a worker woken for a task that another one took dies.

    With it goes a task: "pop from an empty deque" is nobody's result.
    """

    breaks = "P6"

    class WorkerPool(reference.WorkerPool):
        def _take_task(self) -> Taken | None:
            if not self._waiting and not self._closed:
                self._work.wait()
            if self._closed and not self._waiting:
                return None
            return self._waiting.popitem(last=False)


class ThreadPerTask:
    """A semaphore lets `workers` threads run, but each task gets a thread of its own."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                runner = threading.Thread(target=self._run, args=(future, call))
                self._threads.append(runner)
                runner.start()
                runner.join()
            return True


class CallerRuns:
    """A full pool runs the task in the caller's thread, like Java's CallerRunsPolicy."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            if timeout is not None or self._free_places or self._closed:
                return super().submit(task, *args, timeout=timeout)
            future: Future[Any] = Future()
            future.set_running_or_notify_cancel()
            try:
                future.set_result(task(*args))
            except BaseException as error:
                future.set_exception(error)
            return future


class OneTaskAtATime:
    """Tasks run inside the lock that protects the pool's own state."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._one = threading.Lock()

        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            with self._one:
                super()._run(future, call)


class CountsIdleWorkersTooLate:
    """No new thread while one is idle, but the idle one may have been promised to another task."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._idle = 0

        def _grow(self) -> None:
            if not self._idle:
                super()._grow()

        def _take_task(self) -> Taken | None:
            self._idle += 1
            taken = super()._take_task()
            self._idle -= 1
            return taken


class WakesAll(threading.Condition):
    """Tells everybody, where the reference tells one."""

    def notify(self, n: int = 1) -> None:
        super().notify(max(n, 1_000))


class GrowsWithoutTheLock:
    """Counts the threads and starts one more when the lock has been given back: one too many.

    And one too late: shutdown has already joined those that it knew.
    """

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def _grow(self) -> None:
            pass

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            future = super().submit(task, *args, timeout=timeout)
            super()._grow()
            return future


class ALinePerWorker:
    """Tasks are dealt out to the workers' own lines in turn, and wait there behind a long one."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._lines: list[list[Future[Any]]] = [[] for _ in range(workers)]
            self._turn = 0
            self._work = WakesAll(self._lock)

        def _take_task(self) -> Taken | None:
            me = int(threading.current_thread().name.removeprefix("worker-"))
            while True:
                self._deal()
                if self._lines[me]:
                    future = self._lines[me].pop(0)
                    if future in self._waiting:
                        return future, self._waiting.pop(future)
                elif self._closed:
                    return None
                else:
                    self._work.wait()

        def _deal(self) -> None:
            dealt = {future for line in self._lines for future in line}
            for future in self._waiting:
                if future not in dealt:
                    self._lines[self._turn % len(self._threads)].append(future)
                    self._turn += 1


class FetchesTwo:
    """A worker that comes to the line takes two tasks with it, to save itself the way."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
                more = self._take_task() if self._waiting else None
            for future, call in [each for each in (taken, more) if each]:
                if future.set_running_or_notify_cancel():
                    self._run(future, call)
            return taken is not None


class IdleWorkersGoHome:
    """A worker that finds no task ends, and a later task gets a new thread."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._serving: list[threading.Thread] = []

        def _grow(self) -> None:
            if len(self._serving) < self._workers:
                thread = threading.Thread(target=self._serve)
                thread.start()
                self._threads.append(thread)
                self._serving.append(thread)

        def _take_task(self) -> Taken | None:
            if not self._waiting:
                self._serving.remove(threading.current_thread())
                return None
            return self._waiting.popitem(last=False)


class CapsItsThreads:
    """Never more than 32 threads, whatever was asked for, as the library's default is."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        def _grow(self) -> None:
            if len(self._threads) < 32:
                super()._grow()


class ACancelledTaskEndsAWorker:
    """A count says how often to fetch; who then finds nothing takes it for the end of the pool."""

    breaks = "P2"

    class WorkerPool(reference.WorkerPool):
        _fetches = 0

        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            super()._leave_if_cancelled(future)
            if future.cancelled():
                with self._lock:
                    self._fetches += 1
                    self._work.notify()

        def _take_task(self) -> Taken | None:
            self._work.wait_for(lambda: self._waiting or self._closed or self._fetches)
            if not self._waiting and not self._closed:
                self._fetches -= 1
            return self._waiting.popitem(last=False) if self._waiting else None


class QueueAsBacklog:
    """A `queue.Queue(maxsize=backlog)` is the bound: full although the worker is idle.

    The classic: the task still lies in the queue because its worker has not fetched it yet.
    """

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._backlog = backlog
            self._busy = 0

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            with self._lock:
                fetched = self._busy or len(self._waiting) < max(self._backlog, 1)
            if timeout == 0 and not fetched and not self._closed:
                raise PoolFull("the queue is full")
            return super().submit(task, *args, timeout=timeout)

        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            self._busy += 1
            super()._run(future, call)


class ZeroIsUnlimited:
    """`queue.Queue(0)` has no bound at all, and so has a backlog of 0."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            if not backlog:
                self._free_places = 1_000_000


class OneLineForAllPools:
    """The count of places is an attribute of the class, as are defaults in other languages."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        _taken = 0

        def _take_place(self, timeout: float | None) -> None:
            if timeout == 0 and self._taken >= self._places and not self._closed:
                raise PoolFull("no place")
            super()._take_place(timeout)
            type(self)._taken += 1

        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._places = workers + backlog

        def _free_place(self) -> None:
            with self._lock:
                type(self)._taken -= 1
            super()._free_place()


class PlaceGoesBackLast:
    """The place is given back by the worker after it has settled the future."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            try:
                settle = partial(future.set_result, call())
            except BaseException as error:
                settle = partial(future.set_exception, error)
            self._settle(settle)
            self._free_place()


class CountsOnlyTheBacklog:
    """Unlimited: tasks that run are not counted against the workers, nor the waiting ones."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._free_places += 1_000_000


class CheckThenTake:
    """Looks whether there is a place, lets go of the lock, and counts the place a moment later."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            super()._take_place(timeout)
            self._free_places += 1
            self._lock.release()
            self._lock.acquire()
            self._free_places -= 1


class UnlockedCount:
    """The worker gives its place back without the lock: a lost update loses a place."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def _free_place(self) -> None:
            self._free_places += 1
            with self._lock:
                self._room.notify()


class RaisingTasksKeepTheirPlace:
    """The place goes back only after a normal return."""

    breaks = "P3"

    class WorkerPool(reference.WorkerPool):
        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            try:
                result = call()
            except BaseException as error:
                self._settle(partial(future.set_exception, error))
                return
            self._free_place()
            self._settle(partial(future.set_result, result))


class TimeoutStartsAnew:
    """Every time the caller is woken, the whole timeout begins again."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            while not self._closed and not self._free_places:
                if not self._room.wait(timeout):
                    break
            super()._take_place(0)


class WallClockDeadline:
    """The deadline is read off `time.time()`, which somebody may set."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            end = time.time() + (timeout or 0)
            while not self._closed and not self._free_places:
                left = None if timeout is None else end - time.time()
                if left is not None and left <= 0:
                    break
                self._room.wait(left)
            super()._take_place(0)


class GivesUpWithTheWakeUp:
    """A caller whose time is up does not look again, and keeps the wake-up meant for another.

    Modelled on python/asyncio issue 270 and python/cpython PR 31910.
    """

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            end = time.monotonic() + (timeout or 0)
            while not self._closed and not self._free_places:
                self._room.wait(None if timeout is None else end - time.monotonic())
                if timeout is not None and time.monotonic() >= end and not self._closed:
                    raise PoolFull("timed out")
            super()._take_place(0)


class TimeoutForTheTask:
    """The timeout is taken for the task's: submit waits for the result, as long as it allows."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            future = super().submit(task, *args, timeout=timeout)
            if timeout:
                wait([future], timeout)
            return future


class ZeroMeansForEver:
    """`if timeout:` takes 0 for "no timeout given": a call that must not wait waits for ever."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            super()._take_place(timeout or None)


class WakesOnlyWhenFull:
    """A caller is woken only when the first place becomes free: the second one sleeps on."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def _free_place(self) -> None:
            with self._lock:
                self._free_places += 1
                if self._free_places == 1:
                    self._room.notify()


class RefusedTasksRun:
    """The task is put into the line first, and stays there when the caller gives up."""

    breaks = "P4"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            try:
                return super().submit(task, *args, timeout=timeout)
            except PoolFull:
                with self._lock:
                    self._free_places -= 1
                    self._waiting[Future()] = partial(task, *args)
                raise


class NewestFirst:
    """`pop()` where `popleft()` was meant."""

    breaks = "P5"

    class WorkerPool(reference.WorkerPool):
        def _take_task(self) -> Taken | None:
            self._work.wait_for(lambda: self._waiting or self._closed)
            return self._waiting.popitem() if self._waiting else None


class LastFillsTheGap:
    """A cancelled task leaves the line in constant time: the last one is put into its place."""

    breaks = "P5"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            with self._lock:
                line = list(self._waiting.items())
                for index, (waiting, _) in enumerate(line):
                    if waiting is future and future.cancelled():
                        line[index], line[-1] = line[-1], line[index]
                        break
                self._waiting = OrderedDict(line)
            super()._leave_if_cancelled(future)


class OwnTasksFirst:
    """What a task submits to its own pool goes to the head of the line, as with work stealing."""

    breaks = "P5"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            future = super().submit(task, *args, timeout=timeout)
            with self._lock:
                if threading.current_thread() in self._threads and future in self._waiting:
                    self._waiting.move_to_end(future, last=False)
            return future


class ExceptionNotBaseException:
    """`except Exception`: SystemExit ends the worker, its task vanishes, result() hangs.

    Modelled on python/cpython PR 16103 (gh-66587).
    """

    breaks = "P6"

    class WorkerPool(reference.WorkerPool):
        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            try:
                settle = partial(future.set_result, call())
            except Exception as error:
                settle = partial(future.set_exception, error)
            self._free_place()
            self._settle(settle)


class WrapsExceptions:
    """The future gets a new RuntimeError that tells about the task's exception."""

    breaks = "P6"

    class WorkerPool(reference.WorkerPool):
        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            def wrapped() -> Any:
                try:
                    return call()
                except Exception as error:
                    raise RuntimeError(f"task failed: {error}") from error

            super()._run(future, wrapped)


class CallbackKillsWorker:
    """`set_result` inside the `try`: a done callback's SystemExit ends in `set_exception`."""

    breaks = "P6"

    class WorkerPool(reference.WorkerPool):
        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            try:
                result = call()
                self._free_place()
                future.set_result(result)
            except BaseException as error:
                if not future.done():
                    self._free_place()
                future.set_exception(error)


class CancelledTasksKeepTheirPlace:
    """A cancelled task stays in line; its place is free when a worker comes across it."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            pass

        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                self._run(future, call)
            else:
                self._free_place()
            return True


class CancelWakesNobody:
    """A cancelled task gives its place back, but the caller that waits for it is not told."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            if future.cancelled():
                with self._lock:
                    was_waiting = self._waiting.pop(future, None)
                    self._free_places += 1
                if was_waiting:
                    future.set_running_or_notify_cancel()


class CancelledPlacesCountTwice:
    """A task cancelled just as its worker fetches it gives its place back twice."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                self._run(future, call)
            else:
                self._free_place()
            return True


class PlaceWaitsForTheWorker:
    """A task cancelled just as its worker fetches it: the worker gives the place back, later."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            if not future.cancelled():
                return
            with self._lock:
                was_waiting = self._waiting.pop(future, None) is not None
            if was_waiting:
                future.set_running_or_notify_cancel()
                self._free_place()

        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                self._run(future, call)
            else:
                self._free_place()
            return True


class RunsCancelledTasks:
    """Never asks the future whether it may start."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            if future.cancelled():
                self._free_place()

        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                self._run(future, call)
            else:
                call()
            return True


class NeverRunning:
    """Futures go from pending to done: a task that runs can be "cancelled", and runs on."""

    breaks = "P7"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if not future.cancelled():
                self._run(future, call)
            else:
                future.set_running_or_notify_cancel()
            return True


class ClosesAtOnce:
    """A worker that sees the flag goes home, whatever still waits in line."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def _take_task(self) -> Taken | None:
            self._work.wait_for(lambda: self._waiting or self._closed)
            return None if self._closed else self._waiting.popitem(last=False)


class ChecksBeforeItLocks:
    """A worker looks for work without the lock, then waits: a notify in between is lost."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def _run_next(self) -> bool:
            if not self._waiting and not self._closed:
                with self._lock:
                    self._work.wait()
            with self._lock:
                self._work.wait_for(lambda: self._waiting or self._closed)
            return super()._run_next()


class NotifyForNotifyAll:
    """Shutdown wakes one worker; the others sleep for ever."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._work.notify_all = self._work.notify  # type: ignore[method-assign]


class WaitsForTasksOnly:
    """shutdown() returns when the last task has ended; threads and callbacks are not waited for.

    Modelled on carllerche/futures-pool PR 4, the other way round.
    """

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._places = workers + backlog

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(wait=False, cancel_pending=cancel_pending)
            if wait and threading.current_thread() not in self._threads:
                with self._lock:
                    self._room.wait_for(lambda: self._free_places == self._places)
                    self._room.notify()


class WaitsAMinute:
    """Joins each worker with a timeout, "so that shutdown cannot hang"."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(False, cancel_pending)
            if wait and threading.current_thread() not in self._threads:
                for thread in self._threads:
                    thread.join(60)


class SentinelIntoTheFullQueue:
    """Shutdown puts stop tokens into the bounded queue, and waits until there is room for them.

    Modelled on AirHelp/eventboss PR 56.
    """

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                if not cancel_pending:
                    self._room.wait_for(lambda: self._closed or self._free_places)
            super().shutdown(wait, cancel_pending)


class StolenToken:
    """Each shutdown puts in one stop token, and the worker that takes it does not put it back.

    Modelled on elastic/ml-cpp PR 343.
    """

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._tokens = 0

        def _take_task(self) -> Taken | None:
            self._work.wait_for(lambda: self._waiting or self._tokens)
            if self._waiting:
                return self._waiting.popitem(last=False)
            self._tokens -= 1
            return None

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                self._tokens += not self._closed
            super().shutdown(wait, cancel_pending)


class BlockThatRaisesCancels:
    """A `with` block that raises does not let the accepted tasks run."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def __exit__(self, exc_type: Any, exc: Any, traceback: Any) -> None:
            self.shutdown(cancel_pending=exc is not None)


class SwallowsExceptions:
    """`__exit__` answers True: what the block raised is gone."""

    breaks = "P8"

    class WorkerPool(reference.WorkerPool):
        def __exit__(self, exc_type: Any, exc: Any, traceback: Any) -> Any:
            self.shutdown()
            return True


class CancelsAfterWaiting:
    """cancel_pending is looked at when the workers have ended; by then all has been run."""

    breaks = "P9"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(wait, cancel_pending=False)
            if cancel_pending:
                super().shutdown(wait=False, cancel_pending=True)


class DropsPendingSilently:
    """cancel_pending empties the line and forgets the futures: result() hangs."""

    breaks = "P9"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            if cancel_pending:
                with self._lock:
                    self._waiting.clear()
            super().shutdown(wait)


class SubmitLooksTooEarly:
    """Closed or not is looked up before the lock is taken: a future is put where nobody looks.

    No caller waits here, so only the race with shutdown shows it.
    """

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            if self._closed or timeout is not None or not self._free_places:
                return super().submit(task, *args, timeout=timeout)
            future: Future[Any] = Future()
            future.add_done_callback(self._leave_if_cancelled)
            with self._lock:
                self._room.wait_for(lambda: self._free_places)
                self._grow()
                self._free_places -= 1
                self._waiting[future] = partial(task, *args)
                self._work.notify()
            return future


class WorkersMaySubmitToTheEnd:
    """While a closed pool still works, its own tasks may go on submitting."""

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def _take_place(self, timeout: float | None) -> None:
            own = threading.current_thread() in self._threads
            if not (own and self._closed and self._free_places):
                super()._take_place(timeout)
            else:
                self._free_places -= 1


class WaitingCallersAreNotTold:
    """Shutdown wakes the workers only: a caller waiting for a place sleeps until there is one."""

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._room.notify_all = lambda: None  # type: ignore[method-assign]


class OnlyOneWaitingCallerIsTold:
    """`notify` for `notify_all`, towards the callers that wait for a place."""

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._room.notify_all = self._room.notify  # type: ignore[method-assign]


class ClosedButFullSaysFull:
    """A full pool that has been shut down lets callers wait, and then says PoolFull."""

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            with self._lock:
                if self._closed and timeout is not None and not self._free_places:
                    raise PoolFull("no place")
            return super().submit(task, *args, timeout=timeout)


class ACallbackEndsTheCancelling:
    """The line is emptied, then one future after the other cancelled, until a callback raises."""

    breaks = "P10"

    class WorkerPool(reference.WorkerPool):
        def _settle(self, settle: Callable[[], object]) -> None:
            if threading.current_thread() in self._threads:
                super()._settle(settle)
            else:
                settle()


class SecondShutdownDoesNothing:
    """`if self._closed: return` at the top: the second call neither waits nor cancels."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                if self._closed:
                    return
            super().shutdown(wait, cancel_pending)


class SecondShutdownRaises:
    """A pool that is closed cannot be closed: the second call raises."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                if self._closed and not cancel_pending and not wait:
                    raise PoolClosed("closed already")
            super().shutdown(wait, cancel_pending)


class WorkerWaitsForTheOthers:
    """A task that shuts its own pool down joins all other workers."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(False, cancel_pending)
            for thread in self._threads if wait else ():
                if thread is not threading.current_thread():
                    thread.join()


class AnyWorkerIsMine:
    """Whether a caller is a worker is asked of the thread: workers of other pools do not wait."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            worker = threading.current_thread().name.startswith("worker-")
            super().shutdown(wait and not worker, cancel_pending)


class KnowsItsWorkersByNumber:
    """`get_ident()` tells who is a worker; the number of one that has ended goes to a caller."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            numbers = [thread.ident for thread in self._threads]
            super().shutdown(wait and threading.get_ident() not in numbers, cancel_pending)


class WorkersAreWorkersInTasksOnly:
    """A flag says that a task runs; a done callback that shuts down waits for the other workers."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._own = threading.local()

        def _run(self, future: Future[Any], call: Callable[[], Any]) -> None:
            def flagged() -> Any:
                self._own.in_task = True
                try:
                    return call()
                finally:
                    self._own.in_task = False

            super()._run(future, flagged)

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(False, cancel_pending)
            if wait and not getattr(self._own, "in_task", False):
                for thread in self._threads:
                    if thread is not threading.current_thread():
                        thread.join()


class WorkerJoinsItself:
    """A task that shuts its own pool down gets "cannot join current thread", as in the library."""

    breaks = "P11"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            super().shutdown(False, cancel_pending)
            for thread in self._threads if wait else ():
                thread.join()


class CallbacksUnderTheLock:
    """Cancels with the (reentrant) lock held: callbacks run while everybody else is locked out."""

    breaks = "P12"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._lock = threading.RLock()  # type: ignore[assignment]
            self._work = threading.Condition(self._lock)
            self._room = threading.Condition(self._lock)

        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                super().shutdown(False, cancel_pending)
            super().shutdown(wait)


class WaitsWithTheDoorShut:
    """A caller that waits for a place holds a lock that every other caller needs.

    Modelled on celery/billiard PR 457.
    """

    breaks = "P12"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._door = threading.Lock()

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            with self._door:
                return super().submit(task, *args, timeout=timeout)


class CancelledButNotReported:
    """Cancelled futures are forgotten: `concurrent.futures.wait` waits for them for ever.

    Modelled on python/cpython issues 87893 and 109934.
    """

    breaks = "P13"

    class WorkerPool(reference.WorkerPool):
        def shutdown(self, wait: bool = True, cancel_pending: bool = False) -> None:
            with self._lock:
                self._closed = True
                dropped, self._waiting = self._waiting, OrderedDict()
                if not cancel_pending:
                    dropped, self._waiting = self._waiting, dropped
            for future in dropped:
                future.cancel()
            super().shutdown(wait)


class ReportedWhenAWorkerComesAcross:
    """A cancelled future is reported when a worker comes to it, behind all that is before it.

    Modelled on python/cpython issue 92001.
    """

    breaks = "P13"

    class WorkerPool(reference.WorkerPool):
        def _leave_if_cancelled(self, future: Future[Any]) -> None:
            if future.cancelled():
                self._free_place()

        def _run_next(self) -> bool:
            with self._lock:
                taken = self._take_task()
            if taken is None:
                return False
            future, call = taken
            if future.set_running_or_notify_cancel():
                self._run(future, call)
            return True


class IdleWorkerKeepsTheLastTask:
    """A local variable of the worker's loop holds the last task until the next one comes."""

    breaks = "P14"

    class WorkerPool(reference.WorkerPool):
        def _serve(self) -> None:
            while True:
                with self._lock:
                    self._work.wait_for(lambda: self._waiting or self._closed)
                    if not self._waiting:
                        return
                    future, call = self._waiting.popitem(last=False)
                if future.set_running_or_notify_cancel():
                    self._run(future, call)


class KeepsWhatItDidNotRun:
    """The loop forgets a task when it has run, but `continue` passes that line by."""

    breaks = "P14"

    class WorkerPool(reference.WorkerPool):
        def _serve(self) -> None:
            while True:
                with self._lock:
                    taken = self._take_task()
                if taken is None:
                    return
                future, call = taken
                if not future.set_running_or_notify_cancel():
                    continue
                self._run(future, call)
                del taken, future, call


class KeepsAllFutures:
    """A list of all futures ever given out, to wait for them at the end."""

    breaks = "P14"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(workers, backlog)
            self._given_out: list[Future[Any]] = []

        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            future = super().submit(task, *args, timeout=timeout)
            self._given_out.append(future)
            return future


class LooksEveryTenthOfASecond:
    """`get(timeout=0.1)` in a loop, to see whether the pool has been closed."""

    breaks = "P15"

    class WorkerPool(reference.WorkerPool):
        def _take_task(self) -> Taken | None:
            while not self._waiting and not self._closed:
                self._work.wait(0.1)
            return self._waiting.popitem(last=False) if self._waiting else None


class SleepsBetweenLooks:
    """A worker without work sleeps for a little while and looks again."""

    breaks = "P15"

    class WorkerPool(reference.WorkerPool):
        def _take_task(self) -> Taken | None:
            while not self._waiting and not self._closed:
                self._lock.release()
                time.sleep(0.01)
                self._lock.acquire()
            return self._waiting.popitem(last=False) if self._waiting else None


class TakesAnyNumber:
    """Zero workers: nobody ever runs anything. Nobody is told so."""

    breaks = "P16"

    class WorkerPool(reference.WorkerPool):
        def __init__(self, workers: int, backlog: int) -> None:
            super().__init__(max(workers, 1), max(backlog, 0))


class NegativeTimeoutMeansZero:
    """A negative timeout is taken for "do not wait"."""

    breaks = "P16"

    class WorkerPool(reference.WorkerPool):
        def submit(
            self, task: Callable[..., Any], *args: object, timeout: float | None = None
        ) -> Future[Any]:
            timeout = timeout if timeout is None else max(timeout, 0)
            return super().submit(task, *args, timeout=timeout)
