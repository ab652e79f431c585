"""Disturbances: a thread that stands still at a point, and one that is interrupted where it waits."""

import threading
import time
from functools import partial
from pathlib import Path

from graders.kit.sim import Interrupts, Sim, Stop, explore, install, load

install()

ADD = """
class Counter:
    n = 0
    def add(self):
        n = self.n
        self.n = n + 1
"""


def test_a_stop_is_at_every_point_in_turn(tmp_path: Path) -> None:
    """A stopped between reading and writing loses what B wrote meanwhile; elsewhere nothing is lost."""
    (tmp_path / "counter.py").write_text(ADD, encoding="utf-8")
    module = load("stopped_counter", tmp_path / "counter.py")
    results: list[tuple[int, int, float]] = []

    def scene(sim: Sim) -> None:
        for points in range(1, 6):
            counter, start, before = module.Counter(), sim.now(), sim.steps
            stop = Stop(sim, points, 10.0)
            held = sim.spawn(partial(stop.here, counter.add))
            sim.settle()
            counter.add()
            held.join()
            assert sim.steps > before
            results.append((points, counter.n, sim.now() - start))

    assert explore(scene, schedules=1).failure is None
    assert {n for _, n, _ in results} == {1, 2}
    stopped = [seconds for *_, seconds in results]
    assert stopped == sorted(stopped, reverse=True), (
        "points of an add, then none is left to stop at"
    )
    assert (stopped[0], stopped[-1]) == (10.0, 0.0)


def test_an_interrupt_arrives_where_its_thread_waits() -> None:
    """Asleep, or woken and not gone on: KeyboardInterrupt. In line for a lock that is held a moment: not now."""

    def scene(sim: Sim) -> None:
        ctrl_c, event, lock = Interrupts(sim), threading.Event(), threading.Lock()
        seen: list[str] = []

        def job(name: str) -> None:
            try:
                if name == "for a lock":
                    with lock:
                        seen.append(f"{name} went on")
                else:
                    event.wait() if name == "for an event" else time.sleep(5)
                    seen.append(f"{name} went on")
            except KeyboardInterrupt:
                seen.append(f"{name} interrupted at {sim.now() - start:g}")

        start, names = sim.now(), ("for an event", "for a while", "for a lock", "for nothing")
        with lock:
            handles = [sim.spawn(partial(job, name), name) for name in names[:3]]
            sim.sleep(1)
            for name in names:
                ctrl_c.send(name)
                sim.settle()
        for handle in handles:
            handle.join()
        assert seen == [
            "for an event interrupted at 1",
            "for a while interrupted at 1",
            "for a lock went on",
        ]

    assert explore(scene, schedules=20).failure is None


def test_at_rest_whoever_is_blocked_is_asleep() -> None:
    """A lock that is held for long is waited for as anything else."""

    def scene(sim: Sim) -> None:
        ctrl_c, lock = Interrupts(sim), threading.Lock()

        def job() -> str:
            try:
                lock.acquire()
            except KeyboardInterrupt:
                return "interrupted"
            return "went on"

        with lock:
            handle = sim.spawn(job, "in line")
            sim.settle()
            ctrl_c.send("in line", at_rest=True)
            assert handle.result() == "interrupted"

    assert explore(scene, schedules=20).failure is None
