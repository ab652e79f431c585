"""The timer of a benchmark: CPU time, plus the time a single thread has slept.

The processor time of a process hardly depends on what else the machine does. Alone it would call a
call that sleeps fast; so on Linux, which says how long a thread waited for a processor, sleep counts too.
"""

import os
import threading
import time
from typing import Final

DELAYS: Final = "/proc/thread-self/schedstat"  # time on a processor, time waiting for one, slices
SLEEP_COUNTS: Final = os.path.exists(DELAYS)  # noqa: PTH110 - asked once, no path is kept
PINS: Final = hasattr(os, "sched_setaffinity")
PROCESSORS: Final = sorted(os.sched_getaffinity(0)) if PINS else []

_alone = False


def choose() -> None:
    """Decide how the next operation is timed: sleep counts where there is one thread only."""
    global _alone  # a timer takes no argument
    _alone = SLEEP_COUNTS and threading.active_count() == 1


def settle(number: int) -> None:
    """Run on the processor whose turn it is in the pass of this number: the same for everybody.

    Two processors of a shared machine may differ by half. A process with several threads is left alone.
    """
    if PINS and threading.active_count() == 1:
        os.sched_setaffinity(0, {PROCESSORS[number % len(PROCESSORS)]})


def counts_sleep() -> bool:
    """Whether the operation at hand is timed with its sleep."""
    return _alone


def seconds() -> float:
    """The instant in seconds; only differences mean something."""
    return time.process_time() + (_asleep() if _alone else 0.0)


def _asleep() -> float:
    """How long this thread has neither computed nor waited for a processor, up to a constant."""
    while True:
        before = _delay()
        asleep = time.perf_counter() - time.thread_time() - before
        if _delay() == before:  # else it lost the processor between two of these readings
            return asleep


def _delay() -> float:
    with open(DELAYS, "rb", buffering=0) as file:  # noqa: PTH123 - as short as can be
        return int(file.read().split()[1]) / 1e9
