"""What is refused before anything has changed."""

import dataclasses
import math
import threading
import time
from typing import Any

from contracts.services.job_queue import (
    QueueFull,
    QueueStopped,
    UnknownJob,
    UnknownKind,
)
from graders.kit import Implementation, Sim, check, equal, raises, simulate

NAN = math.nan


@check("P20", kind="contract")
def test_bad_numbers_for_a_queue(impl: Implementation) -> None:
    """Each number just outside its bounds, and just inside."""

    def scene(sim: Sim) -> None:
        before = threading.active_count()
        good: dict[str, Any] = {"workers": 1, "capacity": 1}
        bad = [
            (name, value) for name in ("workers", "capacity", "max_attempts") for value in (0, -1)
        ]
        bad += [("keep", -1)]
        for name in ("base_delay", "max_delay"):
            bad += [(name, value) for value in (-1, -1e-9, NAN, math.inf, -math.inf)]  # type: ignore[misc]
        for name, value in bad:
            raises(
                ValueError,
                lambda name=name, value=value: impl.JobQueue({}, **(good | {name: value})),
                did=f"JobQueue({{}}, ... {name}={value})",
            )
        equal(threading.active_count(), before, did="threads after all these mistakes")
        least = {"max_attempts": 1, "keep": 0, "base_delay": 0, "max_delay": 0}
        queue = impl.JobQueue({}, **good, **least)
        equal(queue.stop().returned, (), did=f"JobQueue({{}}, 1, 1, {least}); stop()")

    simulate(scene)


@check("P20", "P4", "P10", "P12", kind="contract")
def test_bad_jobs(impl: Implementation) -> None:
    """Unknown kinds and ids, payloads that are no JSON; to a queue with room, a full, a stopped one."""

    def scene(sim: Sim) -> None:
        circle: list[Any] = []
        circle.append(circle)
        bad = [{1}, object(), b"x", 1j, NAN, math.inf, [-math.inf], circle, {(1, 2): 3}, {"a": NAN}]
        queue = impl.JobQueue({"nap": time.sleep}, workers=1, capacity=2)
        handlers = {"nap": time.sleep}
        other = impl.JobQueue(handlers, workers=1, capacity=1)
        handlers["late"] = time.sleep
        del handlers["nap"]

        def refused(when: str) -> None:
            before = dataclasses.asdict(queue.stats())
            for kind in ("none", "", "NAP", "nap "):
                did = f'submit("{kind}", nan) {when}'
                raises(UnknownKind, lambda kind=kind: queue.submit(kind, NAN), did=did)
            for number, payload in enumerate(bad):
                did = f'submit("nap", <no JSON, {type(payload).__name__}, {number}>) {when}'
                error = raises(ValueError, lambda each=payload: queue.submit("nap", each), did=did)
                equal(isinstance(error, UnknownKind), False, did=did + ": is it an UnknownKind")
            equal(dataclasses.asdict(queue.stats()), before, did=f"the statistics {when}")

        refused("to an empty queue")
        ids = [queue.submit("nap", 8), queue.submit("nap", 1)]
        refused("to a full queue")
        raises(QueueFull, lambda: queue.submit("nap", 1), did="submit to a full queue")
        sim.settle()
        for timeout in (-1, -1e-9, NAN, -math.inf):
            did = f"stop({timeout})"
            raises(ValueError, lambda timeout=timeout: queue.stop(timeout), did=did)
        equal(str(queue.get(ids[1]).status), "queued", did="after stop(-1): the second job")
        sim.sleep(10)
        equal(str(queue.get(ids[1]).status), "done", did="after stop(-1), 10 s later: that job")
        queue.submit("nap", 8)
        queue.submit("nap", 8)
        queue.stop(0)
        refused("to a stopped queue")
        did = "submit to a queue that is stopped and was full"
        raises(QueueStopped, lambda: queue.submit("nap", 1), did=did)
        did = "the mapping of handlers gets another kind later: submit"
        raises(UnknownKind, lambda: other.submit("late", 1), did=did)
        job_id = other.submit("nap", 1)
        sim.sleep(2)
        did = "the mapping of handlers loses a kind later: status of a job"
        equal(str(other.get(job_id).status), "done", did=did)
        queue.stop()
        other.stop()
        ask_for_unknown_ids(impl)

    simulate(scene)


def ask_for_unknown_ids(impl: Implementation) -> None:
    """Ask for ids that were never given out."""
    queue = impl.JobQueue({"k": time.sleep}, workers=1, capacity=2)
    job_id = queue.submit("k", 0)
    for unknown in ("", "none", job_id[:-1], job_id + "A", job_id.swapcase(), "é\udcff"):
        did = f"get({unknown!a}), never given out"
        raises(UnknownJob, lambda unknown=unknown: queue.get(unknown), did=did)
    other = impl.JobQueue({"k": time.sleep}, workers=1, capacity=2)
    raises(UnknownJob, lambda: other.get(job_id), did="get of another queue's id")
    equal(queue.get(job_id).id, job_id, did="get of the id that was given out: id")
    queue.stop()
    other.stop()
