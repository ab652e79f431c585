"""The statistics, and what several threads see of a job's life."""

import dataclasses
import itertools
import threading
import time
from typing import Any

from contracts.services.job_queue import Job, JobQueue, QueueFull, QueueStopped, Stats
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.services.job_queue.given import Fixed, broken

ALLOWED = {
    "queued": {"running", "done", "failed", "retrying", "returned"},
    "running": {"done", "failed", "retrying", "returned"},
    "retrying": {"running", "done", "failed", "returned"},
}
"""What may be seen after a status, some steps later."""


def counts(queue: JobQueue) -> dict[str, Any]:
    """The statistics by name, without those that are zero."""
    named = dataclasses.asdict(queue.stats())
    return {name: value for name, value in named.items() if value}


@check("P15", kind="timing")
def test_what_the_statistics_count(impl: Implementation) -> None:
    """One worker, capacity 3: jobs run, fail, wait, are refused and handed back; the counts in between."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue(
            {"nap": time.sleep, "bad": broken},
            workers=1,
            capacity=3,
            max_attempts=2,
            base_delay=16,
            keep=1,
            chance=Fixed(0.5),
        )
        equal(counts(queue), {}, did="the counts of a new queue that are not zero")
        start = sim.now()
        queue.submit("bad")
        sim.sleep(2)
        want: dict[str, Any] = {"retrying": 1, "accepted": 1, "retries": 1}
        equal(counts(queue), want, did="one job failed; 2 s later")
        queue.submit("nap", 4)
        queue.submit("nap", 1)
        for _ in range(2):
            raises(QueueFull, lambda: queue.submit("nap", 1), did="submit to the full queue")
        sim.sleep(1.5)
        want = {"queued": 1, "running": 1, "retrying": 1, "accepted": 3, "refused": 2, "retries": 1}
        equal(
            counts(queue), want | {"oldest_wait": 1.5}, did="two more, and two refused; 1.5 s later"
        )
        sim.sleep(start + 7.5 - sim.now())
        want = {"retrying": 1, "accepted": 3, "refused": 2, "retries": 1, "done": 2}
        equal(counts(queue), want, did="at 7.5 s, all but the retry have ended")
        queue.submit("nap", 4)
        sim.sleep(2.25)
        want = {"running": 1, "retrying": 1, "accepted": 4, "refused": 2, "retries": 1, "done": 2}
        want["oldest_wait"] = 1.75
        equal(
            counts(queue), want, did="at 9.75 s, the retry is ready since 8 s, the worker is busy"
        )
        sim.sleep(start + 12 - sim.now())
        want = {"accepted": 4, "refused": 2, "retries": 1, "done": 3, "failed": 1}
        equal(counts(queue), want, did="at 12 s, when all have ended and only one is remembered")
        queue.submit("nap", 4)
        queue.submit("nap", 4)
        sim.settle()
        queue.stop(1)
        raises(QueueStopped, lambda: queue.submit("nap", 1), did="submit after stop(1)")
        want |= {"running": 1, "accepted": 6, "refused": 3, "returned": 1}
        equal(counts(queue), want, did="two more, then stop(1) and a submit: the counts")
        queue.stop()
        del want["running"]
        equal(counts(queue), want | {"done": 4}, did="then stop(): the counts")

    simulate(scene)


@check("P15", kind="timing")
def test_the_oldest_wait(impl: Implementation) -> None:
    """Jobs wait behind a busy worker for 0, 3 and 7 s; jobs in their backoff do not count."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue(
            {"nap": time.sleep, "bad": broken}, 1, 9, base_delay=1024, max_delay=1024,
            chance=Fixed(0.5),
        )  # fmt: skip
        did = "seconds that the next job has been ready, "
        queue.submit("bad")
        sim.sleep(5)
        equal(queue.stats().oldest_wait, 0.0, did=did + "with one in its backoff")
        queue.submit("nap", 8)
        sim.sleep(1)
        equal(queue.stats().oldest_wait, 0.0, did=did + "with one running")
        queue.submit("nap", 8)
        equal(queue.stats().oldest_wait, 0.0, did=did + "with one just submitted")
        sim.sleep(3)
        queue.submit("nap", 8)
        equal(queue.stats().oldest_wait, 3.0, did=did + "3 s later, and one more")
        sim.sleep(6)
        equal(queue.stats().oldest_wait, 6.0, did=did + "6 s later, when the first has started")
        queue.stop()
        equal(queue.stats().oldest_wait, 0.0, did=did + "after stop()")

    simulate(scene)


@check("P8", "P15", kind="concurrency")
def test_statistics_of_one_instant(impl: Implementation) -> None:
    """A job fails and is retried while another thread asks for the statistics three times."""

    def scene(sim: Sim) -> None:
        left = [ValueError("once")]
        gate, go = threading.Event(), threading.Event()

        def handler(_: Any) -> None:
            gate.wait()
            if left:
                raise left.pop()

        queue = impl.JobQueue({"k": handler}, workers=1, capacity=2, base_delay=0)
        queue.submit("k")

        def look() -> list[Stats]:
            go.wait()
            return [queue.stats() for _ in range(3)]

        looking = sim.spawn(look)
        sim.settle()
        gate.set()
        go.set()
        looks = looking.result()
        ended, before = 0, 0
        for stats in looks:
            now = stats.queued + stats.running + stats.retrying
            total = now + stats.done + stats.failed + stats.returned
            did = "a job is submitted, fails and is retried meanwhile: stats()"
            want = "accepted is the sum of all statuses"
            ensure(stats.accepted == total, did=did, want=want, got=stats)
            fair = now in {0, 1} and stats.done >= ended and stats.retries >= before
            want = "at most one job, and counts that only grow"
            ensure(fair, did=did, want=want, got=looks)
            ended, before = stats.done, stats.retries
        sim.settle()
        want_end = {"accepted": 1, "retries": 1, "done": 1}
        equal(counts(queue), want_end, did="the counts in the end that are not zero")
        queue.stop()

    explore(scene, schedules=220)


@check("P8", kind="concurrency")
def test_a_status_comes_with_its_result(impl: Implementation) -> None:
    """A job fails once and then returns 7, while another thread looks at it."""

    def scene(sim: Sim) -> None:
        left = [ValueError("once")]
        gate, go = threading.Event(), threading.Event()

        def handler(_: Any) -> int:
            gate.wait()
            if left:
                raise left.pop()
            return 7

        queue = impl.JobQueue({"k": handler}, workers=1, capacity=2, base_delay=0)
        job_id = queue.submit("k")

        def look() -> list[Job]:
            go.wait()
            return [queue.get(job_id) for _ in range(3)]

        looking = sim.spawn(look)
        sim.settle()
        gate.set()
        go.set()
        looks = looking.result()
        sim.settle()
        looks.append(queue.get(job_id))
        told = {
            ("queued", 0, None, None),
            ("running", 1, None, None),
            ("retrying", 1, None, "ValueError: once"),
            ("running", 2, None, "ValueError: once"),
            ("done", 2, 7, None),
        }
        seen = [(str(job.status), job.attempts, job.result, job.error) for job in looks]
        did = "a job fails once, then returns 7; get meanwhile: (status, attempts, result, error)"
        for each in seen:
            ensure(each in told, did=did, want=f"one of {sorted(told, key=str)}", got=each)
        for before, after in itertools.pairwise(seen):
            forward = before[1] <= after[1] and (
                before[0] == after[0] or after[0] in ALLOWED.get(before[0], set())
            )
            ensure(forward, did=did, want="only steps forward", got=seen)
        equal(seen[-1], ("done", 2, 7, None), did="and in the end")
        queue.stop()

    explore(scene, schedules=200)


@check("P4", "P8", "P15", kind="concurrency")
def test_the_end_of_a_job_is_one_instant(impl: Implementation) -> None:
    """Who sees a job done, or failed, finds it counted and its place free; and the other way round."""

    def scene(sim: Sim) -> None:
        end = ends[0]
        gate, go = threading.Event(), threading.Event()

        def handler(_: Any) -> None:
            gate.wait()
            if end == "failed":
                raise ValueError

        queue = impl.JobQueue({"k": handler}, 1, 1, max_attempts=1)
        job_id = queue.submit("k")

        def look() -> None:
            go.wait()
            seen = str(queue.get(job_id).status)
            counted = getattr(queue.stats(), end)
            if seen == end:
                equal(counted, 1, did=f"get says {end}, then stats(): {end}")
                queue.submit("k")  # its place is free
            elif counted:
                equal(str(queue.get(job_id).status), end, did=f"stats() count one {end}; get")
                queue.submit("k")

        looking = sim.spawn(look)
        sim.settle()
        gate.set()
        go.set()
        looking.result()
        sim.settle()
        equal(str(queue.get(job_id).status), end, did="the status of the job in the end")
        queue.stop()

    ends = ["done"]
    explore(scene, schedules=140)
    ends = ["failed"]
    explore(scene, schedules=140)


@check("P1", kind="concurrency")
def test_every_job_is_run_by_exactly_one_worker(impl: Implementation) -> None:
    """Two workers, three jobs, one of which fails once; who ran what."""

    def scene(sim: Sim) -> None:
        ran: list[str] = []
        inside: list[str] = []

        def handler(name: str) -> str:
            equal(name in inside, False, did=f"job {name} is run by two workers at a time")
            inside.append(name)
            ran.append(name)
            sim.point()
            inside.remove(name)
            if ran.count(name) < 2 and name == "b":
                raise ValueError
            return name

        queue = impl.JobQueue({"k": handler}, workers=2, capacity=3, base_delay=0)
        ids = [queue.submit("k", name) for name in "abc"]
        sim.settle()
        queue.stop()
        equal(sorted(ran), ["a", "b", "b", "c"], did="a, b (which fails once) and c were run")
        equal([queue.get(each).result for each in ids], list("abc"), did="their results")

    explore(scene, schedules=200)
