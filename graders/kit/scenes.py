"""The simulation as checks use it: a failure becomes a CheckFailed with its story and replay token."""

from collections.abc import Callable

from graders.kit import sim
from graders.kit.expect import CheckFailed, Inconclusive, show_error

REPLAY: str | None = None
"""Token given with `--replay`, as the report prints it: `2:17b.42a` = the second exploration of the check."""

UNSTEADY = (
    "\n(the same schedule gave another result the second time:"
    " some state outlives the objects, or luck is involved)"
)
_explorations = 0

_WANT = {
    "deadlock": "every call returns in the end",
    "livelock": "every call returns in the end",
    "thread left behind": "no thread is left once everything is shut down",
    "background exception": "no background thread dies of an exception",
    "wrong": "no exception",
}


def explore(
    scene: Callable[[sim.Sim], object],
    *,
    schedules: int = 300,
    seed: int = 0,
    max_steps: int = 200_000,
    allow_threads_left: bool = False,
) -> sim.Outcome:
    """Run `scene` under many schedules (see `graders.kit.sim.explore`); CheckFailed for the first that breaks it.

    Call it from the check's own thread, at most a few times per check.
    """
    global _explorations  # noqa: PLW0603 - one check per process; the ordinal names the exploration
    _explorations += 1
    wanted, _, token = (REPLAY or "").rpartition(":")
    if REPLAY and wanted and int(wanted) != _explorations:
        return sim.Outcome(None, 0, "not the exploration that is replayed")
    outcome = sim.explore(
        scene,
        schedules=schedules,
        seed=seed,
        max_steps=max_steps,
        allow_threads_left=allow_threads_left,
        replay=token if REPLAY else None,
    )
    if outcome.failure is not None:
        raise _as_check_failed(outcome.failure, _explorations)
    return outcome


def replayed() -> None:
    """Called when a check has ended: what was to be replayed must have been."""
    ordinal = (REPLAY or "").rpartition(":")[0]
    if REPLAY and _explorations < int(ordinal or 1):
        raise Inconclusive(f"{REPLAY} belongs to another check: here nothing was replayed")


def simulate(
    scene: Callable[[sim.Sim], object],
    *,
    max_steps: int = 20_000_000,
    allow_threads_left: bool = False,
) -> None:
    """Run `scene` once in simulated time, without looking for other schedules."""
    explore(scene, schedules=1, max_steps=max_steps, allow_threads_left=allow_threads_left)


def _as_check_failed(failure: sim.Failure, ordinal: int) -> BaseException:
    token = f"{ordinal}:{failure.token}"
    story = "\n".join(failure.story)
    error = failure.error
    if isinstance(error, NotImplementedError | Inconclusive):
        return error
    if not failure.reproduced:
        story += UNSTEADY
    if isinstance(error, CheckFailed):
        error.story, error.token = story, token
        return error
    got = f"{failure.kind}: {failure.message}"
    if error is not None:
        got = show_error(error) + (f" ({failure.message})" if failure.kind != "wrong" else "")
    new = CheckFailed(did="", want=_WANT.get(failure.kind, ""), got=got, story=story, token=token)
    new.__cause__ = error
    return new
