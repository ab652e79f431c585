"""What a busy machine and Ctrl-C do to a simulated thread: a stop at any point, and an interrupt where it waits."""

from _thread import get_ident
from collections.abc import Callable
from typing import Any, TypeVar

from graders.kit.sim.scene import Sim
from graders.kit.sim.thread import SimThread

T = TypeVar("T")


class Stop:
    """Stops one thread for some seconds when it passes its nth point, as a busy machine may.

    Made inside a scene, for one job of one thread: `sim.spawn(lambda: stop.here(job))`.
    """

    def __init__(self, sim: Sim, points: int, seconds: float) -> None:
        self._sim, self._left, self._seconds, self._ident = sim, points, seconds, 0
        scheduler: Any = sim._sched
        self._step, scheduler.step = scheduler.step, self._pass_point

    def here(self, job: Callable[[], T]) -> T:
        """Do the job in this thread, which is the one to be stopped."""
        self._ident = get_ident()
        try:
            return job()
        finally:
            self._ident = 0

    def _pass_point(self, site: int) -> None:
        if get_ident() == self._ident:
            self._left -= 1
            if self._left == 0:
                self._sim.sleep(self._seconds)
        self._step(site)


class Interrupts:
    """Raises KeyboardInterrupt in a thread where it waits, as Ctrl-C does in the main thread. One for each scene."""

    def __init__(self, sim: Sim) -> None:
        scheduler: Any = sim._sched
        self._scheduler = scheduler
        self._block, scheduler.block = scheduler.block, self._blocked
        self._victim: SimThread | None = None
        self._asleep: set[SimThread] = set()

    def send(self, name: str, *, at_rest: bool = False) -> None:
        """To the thread of this name if it sleeps, or has just been woken and not gone on.

        In line for a lock that somebody holds for a moment is not asleep. At rest, after `sim.settle()`, nobody holds
        one for a moment: then whoever is blocked is asleep.
        """
        for thread in self._scheduler.threads:
            on = thread.blocked_on
            if thread.name == name and on is not None and (at_rest or thread in self._asleep):
                self._victim = thread
                self._scheduler.wake(thread, on)

    def _blocked(self, on: Any, *args: Any) -> bool:
        me: SimThread = self._scheduler.current
        if getattr(on, "owner", me) is me:
            self._asleep.add(me)
        woken = self._block(on, *args)
        self._asleep.discard(me)
        if me is self._victim:
            self._victim = None
            raise KeyboardInterrupt
        return bool(woken)
