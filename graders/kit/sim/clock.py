"""Simulated time: what `time` and `datetime` answer inside a simulation; the real clock everywhere else."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, cast

from graders.kit.sim.locks import scheduler

_REAL: dict[str, Callable[..., Any]] = {
    name: getattr(time, name)
    for name in (
        "monotonic",
        "perf_counter",
        "time",
        "monotonic_ns",
        "perf_counter_ns",
        "time_ns",
        "sleep",
        "gmtime",
        "localtime",
        "clock_gettime",
        "clock_gettime_ns",
    )
}
_MONOTONIC_IDS = {
    getattr(time, name)
    for name in ("CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_BOOTTIME", "CLOCK_UPTIME_RAW")
    if hasattr(time, name)
}
from datetime import date as RealDate  # noqa: E402,N812 - the originals, kept before they are patched
from datetime import datetime as RealDatetime  # noqa: E402,N812


def monotonic() -> float:
    """Seconds on the simulated monotonic clock."""
    sched = scheduler()
    if sched is None:
        return cast(float, _REAL["monotonic"]())
    sched.clock_read = True
    return sched.now


def wall() -> float:
    """Seconds since the epoch on the simulated wall clock, which `jump_wall_clock` moves."""
    sched = scheduler()
    if sched is None:
        return cast(float, _REAL["time"]())
    sched.clock_read = True
    return sched.now + sched.wall_offset


def perf_counter() -> float:
    """As `monotonic`."""
    return monotonic() if scheduler() else cast(float, _REAL["perf_counter"]())


def monotonic_ns() -> int:
    """As `monotonic`, in nanoseconds."""
    return round(monotonic() * 1e9) if scheduler() else cast(int, _REAL["monotonic_ns"]())


def perf_counter_ns() -> int:
    """As `monotonic`, in nanoseconds."""
    return round(monotonic() * 1e9) if scheduler() else cast(int, _REAL["perf_counter_ns"]())


def wall_ns() -> int:
    """As `wall`, in nanoseconds."""
    return round(wall() * 1e9) if scheduler() else cast(int, _REAL["time_ns"]())


def clock_gettime(clock: int) -> float:
    """As `time.clock_gettime`; the clocks of CPU time stay real."""
    if scheduler() and clock in _MONOTONIC_IDS:
        return monotonic()
    if scheduler() and clock == time.CLOCK_REALTIME:
        return wall()
    return cast(float, _REAL["clock_gettime"](clock))


def clock_gettime_ns(clock: int) -> int:
    """As `time.clock_gettime_ns`; the clocks of CPU time stay real."""
    if scheduler() and clock in {*_MONOTONIC_IDS, time.CLOCK_REALTIME}:
        return round(clock_gettime(clock) * 1e9)
    return cast(int, _REAL["clock_gettime_ns"](clock))


def sleep(seconds: float) -> None:
    """Wait in simulated time; costs nothing real."""
    sched = scheduler()
    if sched is None:
        _REAL["sleep"](seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    sched.block("sleep", sched.after(seconds), "sleeps")


def gmtime(seconds: float | None = None) -> time.struct_time:
    """As `time.gmtime`, of simulated now by default."""
    return cast(time.struct_time, _REAL["gmtime"](wall() if seconds is None else seconds))


def localtime(seconds: float | None = None) -> time.struct_time:
    """As `time.localtime`, of simulated now by default."""
    return cast(time.struct_time, _REAL["localtime"](wall() if seconds is None else seconds))


class _LooksReal(type):
    """Makes `isinstance(x, datetime)` true for values made by the real class."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, RealDatetime if cls.__name__ == "datetime" else RealDate)


class SimDatetime(RealDatetime, metaclass=_LooksReal):
    """`datetime.datetime` whose `now`, `utcnow` and `today` read the simulated wall clock."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return RealDatetime.fromtimestamp(wall(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return RealDatetime.fromtimestamp(wall(), dt.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return RealDatetime.fromtimestamp(wall())  # noqa: DTZ006 - local time is what today() means


SimDatetime.__name__ = SimDatetime.__qualname__ = "datetime"


class SimDate(RealDate, metaclass=_LooksReal):
    """`datetime.date` whose `today` reads the simulated wall clock."""

    @classmethod
    def today(cls) -> Any:
        return RealDate.fromtimestamp(wall())  # noqa: DTZ012 - local time is what today() means


SimDate.__name__ = SimDate.__qualname__ = "date"

TIME_PATCHES: dict[str, Callable[..., Any]] = {
    "monotonic": monotonic,
    "perf_counter": perf_counter,
    "time": wall,
    "monotonic_ns": monotonic_ns,
    "perf_counter_ns": perf_counter_ns,
    "time_ns": wall_ns,
    "sleep": sleep,
    "gmtime": gmtime,
    "localtime": localtime,
    "clock_gettime": clock_gettime,
    "clock_gettime_ns": clock_gettime_ns,
}
