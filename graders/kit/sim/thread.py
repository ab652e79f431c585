"""A thread under the scheduler."""

from _thread import allocate_lock as real_lock
from typing import Any


class SimThread:
    """The scheduler's record of one real thread; `number` is its place in the order of creation.

    `seen_ident` is what `get_ident()` tells the implementation: the system uses numbers of ended threads
    again, but when is luck; here the next thread always gets the smallest one that is free.
    """

    __slots__ = (
        "aborts",
        "baton",
        "blocked_on",
        "deadline",
        "done",
        "ident",
        "joiners",
        "name",
        "number",
        "ready",
        "seen_ident",
        "site",
        "timed_out",
        "waits",
    )

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name = number, name
        self.baton = real_lock()
        self.baton.acquire()
        self.ident = self.seen_ident = 0
        self.ready, self.done, self.timed_out = True, False, False
        self.deadline: float | None = None
        self.blocked_on: Any = None
        self.joiners: list[SimThread] = []
        self.site = -1
        self.aborts = 0
        self.waits = 0
