"""The one primitive everything else is built on: a lock that knows the scheduler.

Outside a simulation (or in a thread that is not simulated) it is an ordinary lock.
"""

from _thread import TIMEOUT_MAX, get_ident
from _thread import allocate_lock as real_lock
from types import TracebackType
from typing import cast

from graders.kit.sim import runtime
from graders.kit.sim.scheduler import Scheduler
from graders.kit.sim.thread import SimThread


def scheduler() -> Scheduler | None:
    """The scheduler of the calling thread, None if it is not simulated."""
    listener = runtime.listener
    return cast(Scheduler, listener) if listener.ident == get_ident() else None


class SimLock:
    """`threading.Lock`. `owner` is the simulated thread that acquired it last, for messages only."""

    __slots__ = ("__weakref__", "_real", "owner", "waiters")

    def __init__(self) -> None:
        self._real = real_lock()
        self.owner: SimThread | None = None
        self.waiters: list[SimThread] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.Lock.acquire`; a switch point comes first."""
        sched = scheduler()
        if sched is None:
            return self._real.acquire(blocking, timeout)
        self._check(blocking, timeout)
        if not sched.aborting:
            sched.step(sched.current.site)
        if self._real.acquire(False):
            self.owner = sched.current
            return True
        return (
            blocking
            and timeout != 0
            and self._wait(sched, None if timeout < 0 else sched.after(timeout))
        )

    @staticmethod
    def _check(blocking: bool, timeout: float) -> None:
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")

    def _wait(self, sched: Scheduler, deadline: float | None) -> bool:
        while True:
            self.waiters.append(sched.current)
            woken = sched.block(self, deadline, "waits")
            if not woken and sched.current in self.waiters:
                self.waiters.remove(sched.current)
            if self._real.acquire(False):
                self.owner = sched.current
                return True
            if not woken:
                return False

    def release(self) -> None:
        """As `threading.Lock.release`; everybody who waits may try again."""
        self._real.release()
        self.owner = None
        if self.waiters:
            sched = scheduler()
            waiters, self.waiters = self.waiters, []
            for waiter in waiters:
                if sched is not None:
                    sched.wake(waiter, self)

    def locked(self) -> bool:
        """As `threading.Lock.locked`."""
        return self._real.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._real = real_lock()
        self.waiters = []

    def __repr__(self) -> str:
        return f"<{'locked' if self.locked() else 'unlocked'} lock>"

    acquire_lock, release_lock, locked_lock = acquire, release, locked
