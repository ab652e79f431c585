"""What a scene holds in its hands: threads, time and the order of things."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from graders.kit.sim.failure import Abort
from graders.kit.sim.legend import describe
from graders.kit.sim.scheduler import Scheduler

T = TypeVar("T")


class Handle(Generic[T]):
    """A job that runs in a thread of its own. Not itself safe for use by several threads."""

    def __init__(self, job: Callable[[], T], name: str) -> None:
        self._job = job
        self._value: T | None = None
        self._error: BaseException | None = None
        self._asked = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._job()
        except Abort:
            raise
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        """Whether the job has ended."""
        return not self._thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` simulated seconds; answers whether it has come."""
        self._thread.join(timeout)
        return self.done

    def result(self) -> T:
        """Wait for the end; the job's result, or its exception."""
        self.join()
        self._asked = True
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def raise_unseen(self) -> None:
        """Raise the job's exception if nobody has asked for the result."""
        if self.done and not self._asked:
            self.result()


class Sim:
    """Handed to a scene, which runs in the main thread of the simulation."""

    def __init__(self, sched: Scheduler) -> None:
        self._sched = sched
        self._spawned: list[Handle[Any]] = []
        self.legend: dict[str, str] = {}

    def together(self, *jobs: Callable[[], T]) -> list[T]:
        """Run the jobs in threads A, B, C …, wait for all; their results, or the first one's exception."""
        handles = [self._start(job, _letter(index)) for index, job in enumerate(jobs)]
        for handle in handles:
            handle.join()
        return [handle.result() for handle in handles]

    def spawn(self, job: Callable[[], T], name: str | None = None) -> Handle[T]:
        """Run one job in a thread of its own while the scene goes on."""
        handle = self._start(job, name or f"spawned {len(self._spawned) + 1}")
        self._spawned.append(handle)
        return handle

    def _start(self, job: Callable[[], T], name: str) -> Handle[T]:
        self.legend[name] = describe(job)
        return Handle(job, name)

    def close(self) -> None:
        """The scene is over: an exception of a spawned job that nobody has seen is raised now."""
        for handle in self._spawned:
            handle.raise_unseen()

    def now(self) -> float:
        """Simulated seconds, as `time.monotonic()`."""
        return self._sched.now

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._sched.block("sleep", self._sched.after(seconds), "sleeps")

    def pass_time(self, seconds: float) -> None:
        """Let simulated time go by while this thread runs on and the others stay where they are.

        A real machine may stop a thread anywhere for a while: this shows readings that have grown stale.
        """
        self._sched.pass_time(seconds)

    def point(self) -> None:
        """A switch point in the grader's own code."""
        self._sched.step(self._sched.current.site)

    @property
    def steps(self) -> int:
        """The points that all threads have passed so far: a cost that is the same on every machine."""
        return self._sched.count

    def settle(self) -> None:
        """Let the other threads run until each is finished or blocked; no simulated time passes."""
        self._sched.settle()

    def jump_wall_clock(self, seconds: float) -> None:
        """Set the wall clock forwards or backwards; the monotonic clock does not notice."""
        self._sched.wall_offset += seconds


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"A{index}"
