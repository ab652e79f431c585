"""The end of a queue: what is refused, what still runs, what is handed back, and what is left."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.services.job_queue import Job, JobQueue, QueueStopped, StopFromHandler, Stopped
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.services.job_queue.given import Fixed, broken, nothing, status


def nap_and_break(seconds: float) -> None:
    """A handler that takes its time to fail."""
    time.sleep(seconds)
    raise ValueError("broken")


def ids_of(jobs: tuple[Job, ...]) -> list[str]:
    """The ids of jobs, in order of the alphabet."""
    return sorted(job.id for job in jobs)


def empty(stopped: Stopped) -> bool:
    """Whether a stop had nothing to tell."""
    return stopped.returned == () and stopped.running == ()


@check("P12", "P13", kind="timing")
def test_stop_hands_back_what_has_not_run(impl: Implementation) -> None:
    """Two running, one retrying, two queued; stop(), and a look from another thread meanwhile."""

    def scene(sim: Sim) -> None:
        ran: list[float] = []

        def nap(seconds: float) -> float:
            ran.append(seconds)
            time.sleep(seconds)
            return seconds

        queue = impl.JobQueue(
            {"nap": nap, "broken": broken}, 2, 9, base_delay=64, chance=Fixed(0.5)
        )
        bad = queue.submit("broken")
        sim.sleep(1)
        start = sim.now()
        busy = [queue.submit("nap", 3), queue.submit("nap", 8)]
        late = [queue.submit("nap", 1), queue.submit("nap", 2)]
        sim.sleep(1)
        stopping = sim.spawn(queue.stop)
        sim.settle()
        did = "two jobs run, two are queued, one is retrying; stop() is called: "
        got = [status(queue, each) for each in (*busy, bad, *late)]
        want = ["running"] * 2 + ["returned"] * 3
        equal(got, want, did=did + "statuses at once")
        raises(QueueStopped, lambda: queue.submit("nap", 7), did=did + "submit while it waits")
        sim.sleep(3)
        raises(QueueStopped, lambda: queue.submit("nap", 7), did=did + "submit, a worker free")
        stopped = stopping.result()
        equal(sim.now() - start, 8.0, did=did + "it returned after, in seconds")
        equal(ids_of(stopped.returned), sorted([bad, *late]), did=did + "handed back")
        equal(stopped.running, (), did=did + "still running")
        by_id = {job.id: job for job in stopped.returned}
        job = by_id[bad]
        got_bad = (job.kind, job.payload, str(job.status), job.attempts, job.error)
        want_bad = ("broken", None, "returned", 1, "ValueError: broken")
        equal(got_bad, want_bad, did=did + "the job that was retrying")
        equal(queue.get(late[0]), by_id[late[0]], did=did + "get of one that is handed back")
        equal([queue.get(each).result for each in busy], [3, 8], did=did + "results")
        raises(QueueStopped, lambda: queue.submit("nap", 7), did="submit after stop()")
        sim.sleep(200)
        equal(sorted(ran), [3, 8], did=did + "jobs that ran, 200 s later")
        stats = queue.stats()
        got_stats = (stats.accepted, stats.refused, stats.done, stats.returned, stats.retrying)
        equal(got_stats, (5, 3, 2, 3, 0), did="stats: accepted, refused, done, returned, retrying")

    simulate(scene)


@check("P12", kind="timing")
def test_an_attempt_that_fails_while_stop_waits_is_the_last(impl: Implementation) -> None:
    """Handlers fail after stop() was called: at their first attempt, and at their last."""

    def scene(sim: Sim) -> None:
        for base in (0, 8):
            queue = impl.JobQueue(
                {"k": nap_and_break}, 2, 4, max_attempts=2, base_delay=base, chance=Fixed(0.5)
            )
            last = queue.submit("k", 2)
            sim.sleep(2 + base / 2 + 1)
            first, start = queue.submit("k", 4), sim.now()
            sim.settle()
            stopped = queue.stop()
            did = "one job fails for the last time, one for the first, while stop() waits: "
            equal(sim.now() - start, 4.0, did=did + "it returned after, in seconds")
            got = [(job.id, job.attempts, job.error) for job in stopped.returned]
            equal(got, [(first, 1, "ValueError: broken")], did=did + "handed back")
            ended = [status(queue, last), status(queue, first)]
            equal(ended, ["failed", "returned"], did=did + "statuses")
            equal(queue.stats().retrying, 0, did=did + "jobs that are retrying")
            equal(queue.stats().retries, 1, did=did + "retries counted")

    simulate(scene)


@check("P12", kind="concurrency")
def test_submit_and_stop_at_the_same_time(impl: Implementation) -> None:
    """Two callers submit, a third calls stop(); each job is refused, or done, or handed back."""

    def scene(sim: Sim) -> None:
        ran: list[str] = []
        queue = impl.JobQueue({"k": ran.append}, workers=1, capacity=3)

        def submit(name: str) -> str:
            try:
                return str(queue.submit("k", name))
            except QueueStopped:
                return ""

        got = sim.together(lambda: submit("a"), lambda: submit("b"), queue.stop)
        accepted, stopped = [each for each in got[:2] if each], got[2]
        done = [each for each in accepted if status(queue, each) == "done"]
        did = "A and B submit, C stops: "
        equal(sorted(done + ids_of(stopped.returned)), sorted(accepted), did=did + "done or back")
        equal(len(ran), len(done), did=did + "handlers that have run")
        sim.settle()
        equal(len(ran), len(done), did=did + "handlers that have run, a little later")
        equal(stopped.running, (), did=did + "running when stop() returned")

    explore(scene, schedules=300)


@check("P12", "P14", kind="concurrency")
def test_two_calls_of_stop_and_a_failing_job(impl: Implementation) -> None:
    """One job fails, one is queued; two threads call stop(): each job is handed back once."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"bad": broken, "k": nothing}, 1, 3, base_delay=8, chance=Fixed(0.5))
        ids = [queue.submit("bad"), queue.submit("k")]
        first, second = sim.together(queue.stop, queue.stop)
        did = "a job that fails, another one; A and B call stop(): "
        back = ids_of(first.returned) + ids_of(second.returned)
        ended = [each for each in ids if status(queue, each) in {"done", "failed"}]
        equal(sorted(back + ended), sorted(ids), did=did + "done, or handed back")
        returned = [each for each in ids if status(queue, each) == "returned"]
        equal(sorted(back), sorted(returned), did=did + "handed back, and of status returned")
        equal(empty(queue.stop()), True, did=did + "a third call has nothing more")

    explore(scene, schedules=300)


@check("P12", "P13", kind="concurrency")
def test_no_thread_is_left(impl: Implementation) -> None:
    """Three workers: one idle, one just finished, one with a retry to wait for; then stop()."""

    def scene(sim: Sim) -> None:
        before = set(threading.enumerate())
        queue = impl.JobQueue({"bad": broken, "k": nothing}, 3, 4, base_delay=99, chance=Fixed(0.5))
        ids = [queue.submit("bad"), queue.submit("k")]
        stopped = queue.stop()
        left = sorted(thread.name for thread in set(threading.enumerate()) - before)
        equal(left, [], did="three workers, two jobs; stop(): threads left")
        ended = [each for each in ids if status(queue, each) == "done"]
        back = ids_of(stopped.returned)
        equal(sorted(back + ended), sorted(ids), did="two jobs; stop(): done, or handed back")

    explore(scene, schedules=120)


@check("P13", kind="timing")
def test_stop_with_a_timeout(impl: Implementation) -> None:
    """Handlers run for 4 s and 64 s, a third job waits; stop() gives them 16 s."""

    def scene(sim: Sim) -> None:
        before = set(threading.enumerate())
        queue = impl.JobQueue({"nap": time.sleep}, workers=2, capacity=3)
        short, long, third = (queue.submit("nap", seconds) for seconds in (4, 64, 1))
        start = sim.now()
        sim.settle()
        stopped = queue.stop(16)
        did = "handlers of 4 s and 64 s, one job more; stop(16): "
        equal(sim.now() - start, 16.0, did=did + "it returned after, in seconds")
        equal(ids_of(stopped.returned), [third], did=did + "handed back")
        running = [(job.id, str(job.status)) for job in stopped.running]
        equal(running, [(long, "running")], did=did + "still running")
        equal(status(queue, short), "done", did=did + "the short one")
        left = set(threading.enumerate()) - before
        daemons = [thread.daemon for thread in left]
        ensure(all(daemons), did=did + "threads left", want="daemon threads", got=daemons)
        sim.sleep(48.5)
        equal(status(queue, long), "done", did=did + "the long one, when its handler has ended")
        equal(set(threading.enumerate()) - before, set(), did=did + "threads, after that")
        equal(empty(queue.stop()), True, did=did + "stop() after that has nothing more")

    simulate(scene)


@check("P12", "P13", kind="timing")
def test_a_job_that_outlives_stop_is_handed_back_later(impl: Implementation) -> None:
    """stop(0) does not wait; the handler fails 8 s later; the next stop() hands the job back."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"k": nap_and_break, "nap": time.sleep}, 2, 4, base_delay=0)
        job_id, start = queue.submit("k", 8), sim.now()
        sim.settle()
        stopped = queue.stop(0)
        did = "a handler will fail after 8 s; stop(0): "
        equal(sim.now(), start, did=did + "it returned at")
        got = (ids_of(stopped.returned), ids_of(stopped.running))
        equal(got, ([], [job_id]), did=did + "handed back, still running")
        sim.sleep(4)
        got_two = queue.stop(2)
        equal(sim.now() - start, 6.0, did=did + "then stop(2) at 4 s: it returned at, in seconds")
        equal(ids_of(got_two.running), [job_id], did=did + "then stop(2) at 4 s: still running")
        sim.sleep(3)
        equal(status(queue, job_id), "returned", did=did + "status at 9 s, the handler has failed")
        equal(ids_of(queue.stop().returned), [job_id], did=did + "handed back by the next stop()")
        equal(empty(queue.stop()), True, did=did + "and by the one after that")
        equal(queue.get(job_id).attempts, 1, did=did + "attempts")

    simulate(scene)


@check("P13", kind="timing")
def test_stop_that_waits_for_ever(impl: Implementation) -> None:
    """stop(None) and stop(math.inf) wait for a handler of thirty years."""

    def scene(sim: Sim) -> None:
        for timeout in (None, math.inf):
            queue = impl.JobQueue({"nap": time.sleep}, workers=1, capacity=1)
            job_id, start = queue.submit("nap", 1e9), sim.now()
            sim.settle()
            stopped = queue.stop(timeout)
            did = f"a handler of 10**9 s; stop({timeout}): "
            equal(sim.now() - start, 1e9, did=did + "it returned after, in seconds")
            equal(stopped.running, (), did=did + "still running")
            equal(status(queue, job_id), "done", did=did + "status")

    simulate(scene, max_steps=4_000)


@check("P14", kind="timing")
def test_every_stop_waits_by_its_own_timeout(impl: Implementation) -> None:
    """A handler of 32 s; stop() in one thread, stop(8) and stop(64) in others."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"nap": time.sleep}, workers=1, capacity=2)
        queue.submit("nap", 32)
        second, start = queue.submit("nap", 1), sim.now()
        sim.settle()

        def stop(timeout: float | None) -> tuple[float, Stopped]:
            stopped = queue.stop(timeout)
            return sim.now() - start, stopped

        got = sim.together(lambda: stop(None), lambda: stop(8), lambda: stop(64))
        took = [each[0] for each in got]
        equal(took, [32.0, 8.0, 32.0], did="stop(), stop(8), stop(64): returned after, in seconds")
        back = [job.id for _, stopped in got for job in stopped.returned]
        equal(back, [second], did="stop(), stop(8), stop(64): handed back by all of them together")
        running = [len(stopped.running) for _, stopped in got]
        equal(running, [0, 1, 0], did="stop(), stop(8), stop(64): still running, for each of them")
        queue.stop()
        equal(sim.now() - start, 32.0, did="stop() once more returned at once, at")

    simulate(scene)


@check("P14", kind="behaviour")
def test_stop_called_by_a_handler(impl: Implementation) -> None:
    """A handler calls stop() and stop(0) of its own queue, then of another one."""

    def scene(sim: Sim) -> None:
        other: JobQueue = impl.JobQueue({"k": nothing}, workers=1, capacity=1)
        raised: list[str] = []
        go = threading.Event()

        def handler(timeout: float | None) -> str:
            go.wait()
            try:
                queue.stop(timeout)
            except StopFromHandler:
                raised.append("raised")
            return str(status(queue, waiting))

        def stop_other(_: Any) -> bool:
            return empty(other.stop())

        handlers: dict[str, Callable[[Any], Any]] = {"stop": handler, "other": stop_other}
        queue: JobQueue = impl.JobQueue({**handlers, "nap": time.sleep}, workers=2, capacity=9)
        queue.submit("nap", 4)
        ids = [queue.submit("stop", timeout) for timeout in (None, 0)]
        waiting = queue.submit("other")
        start = sim.now()
        go.set()
        sim.settle()
        did = "a handler calls stop() of its own queue, another one stop(0): "
        equal(sim.now(), start, did=did + "time")
        equal(raised, ["raised"] * 2, did=did + "StopFromHandler")
        got = [queue.get(job_id).result for job_id in ids]
        equal(got, ["queued"] * 2, did=did + "status of the next job as they saw it after that")
        equal(queue.get(waiting).result, True, did="a handler calls stop() of another, idle queue")
        sim.sleep(5)
        again = queue.submit("nap", 1)
        sim.sleep(2)
        equal(status(queue, again), "done", did=did + "a job submitted after that")
        equal(empty(queue.stop()), True, did="stop() from outside, when all is done")

    simulate(scene)


@check("P13", kind="concurrency")
def test_stop_wakes_when_the_last_handler_ends(impl: Implementation) -> None:
    """Two jobs run, one succeeds and one fails for good; stop() waits for both."""

    def scene(sim: Sim) -> None:
        gate = threading.Event()

        def bad(_: Any) -> None:
            gate.wait()
            raise ValueError

        handlers = {"good": lambda _: gate.wait() and None, "bad": bad}
        queue = impl.JobQueue(handlers, workers=2, capacity=2, max_attempts=1)
        ids = [queue.submit("good"), queue.submit("bad")]
        sim.settle()
        stopped, _ = sim.together(queue.stop, gate.set)
        equal(empty(stopped), True, did="two jobs run; stop(); they end: nothing is left")
        got = [status(queue, each) for each in ids]
        equal(got, ["done", "failed"], did="two jobs run; stop(); they end: statuses")

    explore(scene, schedules=120)
