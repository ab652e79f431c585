"""Threads and time under control: explores the schedules of ordinary `threading` code in simulated time.

One thread runs at a time; who runs is decided at points written into the implementation's code and at every lock.
The search is bounded (no proof), assumes sequential consistency, and treats calls into C as atomic. It knows
nothing of pytest or of this project's topics.

    install()                                   # before the implementation is imported
    module = load("name", Path("pool.py"))      # with its switch points
    outcome = explore(scene)                    # scene(sim: Sim) raises when a promise is broken
    if outcome.failure: print(outcome.failure.story, outcome.failure.token)
"""

from graders.kit.sim.disturb import Interrupts, Stop
from graders.kit.sim.failure import Failure, Outcome
from graders.kit.sim.imports import Finder, Manner, load, prepare, sources
from graders.kit.sim.patches import install
from graders.kit.sim.runtime import Counter
from graders.kit.sim.scene import Handle, Sim
from graders.kit.sim.search import explore
from graders.kit.sim.survey import Facts, survey

__all__ = [
    "Counter",
    "Facts",
    "Failure",
    "Finder",
    "Handle",
    "Interrupts",
    "Manner",
    "Outcome",
    "Sim",
    "Stop",
    "explore",
    "install",
    "load",
    "prepare",
    "sources",
    "survey",
]
