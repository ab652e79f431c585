"""Waits that are shorter than a float of seconds can tell."""

import threading
import time

from graders.kit.sim import Sim, explore, install

install()


def test_a_wait_shorter_than_floats_can_tell_makes_progress() -> None:
    """Code that sleeps for what rounding has left over gets on, as with a real clock; a wait of 0 takes no time."""

    def scene(sim: Sim) -> None:
        start, lock, other = sim.now(), threading.Lock(), threading.Event()
        lock.acquire()
        thread = threading.Thread(target=other.wait)
        thread.start()
        waits = (time.sleep, sim.sleep, lambda rest: lock.acquire(timeout=rest), thread.join)
        for wait in waits:
            before = sim.now()
            wait(0)
            assert sim.now() == before
            wait(1e-15)
            assert before < sim.now() < start + 1e-9
        other.set()

    outcome = explore(scene, schedules=1)
    assert outcome.failure is None, outcome.failure
