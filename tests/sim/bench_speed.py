"""How many schedules a second the simulation runs: `python tests/sim/bench_speed.py` prints machine and figure.

Three threads call three methods of ten lines each, with a lock, a condition and a dict between them.
"""

import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from graders.kit.sim import Sim, explore, install, load  # noqa: E402

REAL_CLOCK = time.perf_counter
SCHEDULES = 3_000
SOURCE = Path(__file__).with_name("bench_store.py")


def scene_of(module: Any) -> Any:
    """Three threads on one store."""

    def scene(sim: Sim) -> None:
        store = module.Store(2)
        sim.together(lambda: store.put("a", 1), lambda: store.put("b", 2), lambda: store.take("a"))

    return scene


def measure() -> float:
    """Schedules a second, the best of three."""
    install()
    scene = scene_of(load("bench_store", SOURCE))
    best = 0.0
    for seed in range(3):
        start = REAL_CLOCK()
        outcome = explore(scene, schedules=SCHEDULES, seed=seed)
        assert outcome.failure is None, outcome.failure
        best = max(best, outcome.schedules / (REAL_CLOCK() - start))
    return best


def machine() -> str:
    """What the figure was measured on."""
    return f"CPython {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}"


if __name__ == "__main__":
    print(f"{measure():,.0f} schedules a second ({machine()})")
