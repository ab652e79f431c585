"""The search for a schedule that breaks a scene: fewest deviations first, then seeded random.

A fixed number of schedules, never of seconds: the same answer on every machine, however loaded.
"""

import gc
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from graders.kit.sim import runtime
from graders.kit.sim.failure import Abort, Failure, Outcome
from graders.kit.sim.patches import install, reset_serials
from graders.kit.sim.scene import Sim
from graders.kit.sim.scheduler import Recorder, Scheduler
from graders.kit.sim.story import Storyteller
from graders.kit.sim.strategy import (
    Plan,
    Planned,
    Priorities,
    RandomWalk,
    Strategy,
    from_token,
    to_token,
)

Scene = Callable[[Sim], object]
MINIMISE_RUNS = 80
RUNS_PER_COLLECTION = 100


class Explorer:
    """Explores one scene. Single use; not thread-safe."""

    def __init__(
        self,
        scene: Scene,
        *,
        seed: int = 0,
        max_steps: int = 200_000,
        allow_threads_left: bool = False,
    ) -> None:
        self._scene, self._seed, self._max_steps = scene, seed, max_steps
        self._allow = allow_threads_left
        self._runs = 0
        self._legend: dict[str, str] = {}

    def run(self, strategy: Strategy, recorder: Recorder | None = None) -> Scheduler:
        """One schedule."""
        self._runs += 1
        if self._runs % RUNS_PER_COLLECTION == 0:
            gc.collect()
        reset_serials()
        random.seed(self._seed)
        sched = Scheduler(strategy, self._max_steps, recorder, allow_threads_left=self._allow)
        outer, runtime.listener = runtime.listener, sched
        try:
            self._play(sched)
        finally:
            sched.abandon()
            runtime.listener = outer
        return sched

    def _play(self, sched: Scheduler) -> None:
        try:
            sim = Sim(sched)
            self._legend = sim.legend
            self._scene(sim)
            sched.finish()
            sim.close()
        except BaseException as error:
            if isinstance(error, Abort) and sched.aborting:
                return
            if isinstance(error, Abort | KeyboardInterrupt | SystemExit | GeneratorExit):
                error = RuntimeError(f"{type(error).__name__} raised in the scene")
            try:
                sched.fail("wrong", "raised in the scene", error)
            except Abort:
                return

    def explore(self, schedules: int) -> Outcome:
        """Up to `schedules` schedules; stops at the first failure."""
        first = self.run(Planned({}))
        if first.failure:
            return self._answer(first)
        covered = "its single schedule"
        if schedules > 1 and len(first.threads) > 1:
            covered = ""
            plans = _single_deviations(first)
            quota = max(1, schedules * 6 // 10)
            chosen = _spread(plans, quota)
            complete = len(chosen) == len(plans)
            covered = (
                "all" if complete else f"{len(chosen)} of {len(plans)}"
            ) + " schedules with one deviation"
            for strategy in self._strategies(chosen, schedules - 1, first.count):
                sched = self.run(strategy)
                if sched.failure:
                    return self._answer(sched)
            covered += f", then seeded random, {self._runs} in all"
        return Outcome(None, self._runs, covered)

    def _strategies(self, singles: list[Plan], budget: int, length: int) -> Iterator[Strategy]:
        """Single deviations, pairs of them, and between the pairs random walks and random priorities."""
        yield from map(Planned, singles)
        chance = random.Random(self._seed + 1)
        for index in range(budget - len(singles)):
            seed = self._seed * 1_000_003 + index
            match index % 4:
                case 0 if len(singles) > 1:
                    a, b = chance.sample(singles, 2)
                    yield Planned({**a, **b})
                case 1:
                    yield Priorities(seed, 1 + index // 4 % 4, max(length, 2))
                case 2:
                    yield RandomWalk(seed, 0.3)
                case _:
                    yield RandomWalk(seed, (0.1, 0.5, 0.05)[index // 4 % 3])

    def replay(self, token: str) -> Outcome:
        """Exactly the schedule of `token`, with its story."""
        sched = self.run(Planned(from_token(token)))
        return self._answer(sched) if sched.failure else Outcome(None, 1, f"the schedule {token}")

    def _answer(self, sched: Scheduler) -> Outcome:
        """Minimise, run once more with the storyteller, and say whether it failed the same way again."""
        assert sched.failure is not None
        runs, plan = self._runs, self._minimise(sched.plan, sched.failure)
        teller = Storyteller()
        again = self.run(Planned(plan), teller)
        failure = sched.failure
        same = again.failure is not None and again.failure.kind == failure.kind
        if same and again.failure is not None:
            failure = again.failure
        legend = [f"{name} is `{text}`" for name, text in self._legend.items() if text]
        story = legend + teller.lines()
        failure = replace(failure, story=story, token=to_token(plan), reproduced=same)
        return Outcome(failure, runs, f"schedule {runs} of the search")

    def _minimise(self, plan: Plan, failure: Failure) -> Plan:
        """Leave out deviations one by one as long as the same kind of failure remains."""
        budget, changed = 4 if failure.kind == "livelock" else MINIMISE_RUNS, True
        while changed and budget > 0:
            changed = False
            for at in sorted(plan, reverse=True):
                smaller = {k: v for k, v in plan.items() if k != at}
                budget -= 1
                again = self.run(Planned(smaller))
                if again.failure and _alike(again.failure, failure):
                    plan, changed = again.plan, len(again.plan) < len(plan)
                    break
                if budget <= 0:
                    break
        return plan


def _alike(one: Failure, other: Failure) -> bool:
    return one.kind == other.kind and type(one.error) is type(other.error)


def _single_deviations(sched: Scheduler) -> list[Plan]:
    """Every schedule that differs from this one in exactly one decision."""
    forced = [{at: n} for at, default, ready in sched.choices for n in ready if n != default]
    preemptions = [
        {at: n}
        for start, end, others in sched.spans
        for at in range(start + 1, end + 1)
        for n in others
    ]
    return forced + preemptions


def _spread(plans: list[Plan], most: int) -> list[Plan]:
    """All of them, or as many as allowed, evenly spread."""
    if len(plans) <= most:
        return plans
    return [plans[index * len(plans) // most] for index in range(most)]


def explore(
    scene: Scene,
    *,
    schedules: int = 300,
    seed: int = 0,
    max_steps: int = 200_000,
    allow_threads_left: bool = False,
    replay: str | None = None,
) -> Outcome:
    """Run `scene` under up to `schedules` schedules and answer with the shortest failing one, if any.

    The scene is called afresh for each schedule and must make all its state itself. It fails by raising.
    Found without its help: deadlock, livelock, threads left behind, exceptions that end a thread.
    Runs in the calling process and thread, which should be a child made for it. Bounded: no proof.
    """
    install()
    explorer = Explorer(
        scene, seed=seed, max_steps=max_steps, allow_threads_left=allow_threads_left
    )
    with _quiet_process():
        return explorer.explore(schedules) if replay is None else explorer.replay(replay)


class _quiet_process:  # noqa: N801 - reads as a function
    """No garbage collection (it runs finalizers at odd moments) and one core (passing the baton is 4x faster)."""

    def __enter__(self) -> None:
        self._gc = gc.isenabled()
        gc.disable()
        gc.freeze()  # what exists already need not be looked at between schedules
        self._cores: set[int] = set()
        if hasattr(os, "sched_setaffinity"):
            self._cores = os.sched_getaffinity(0)
            cores = sorted(self._cores)
            os.sched_setaffinity(0, {cores[os.getpid() % len(cores)]})

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        if self._gc:
            gc.enable()
        if self._cores:
            os.sched_setaffinity(0, self._cores)
