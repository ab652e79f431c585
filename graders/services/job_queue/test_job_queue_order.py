"""Who runs when: workers, the line, the bound, and nobody held up."""

import random
import threading
import time
from typing import Any

from contracts.services.job_queue import JobQueue, QueueFull
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.services.job_queue.given import Fixed, broken, nothing, status


@check("P2", kind="concurrency")
def test_workers_work_at_the_same_time(impl: Implementation) -> None:
    """Two workers that have run a job each; then two jobs that wait for each other."""

    def scene(sim: Sim) -> None:
        meeting = threading.Barrier(2)
        handlers = {"meet": lambda _: meeting.wait() * 0, "nothing": nothing}
        queue = impl.JobQueue(handlers, workers=2, capacity=4)
        first = queue.submit("nothing")
        ids = [queue.submit("meet"), queue.submit("meet")]
        sim.settle()
        got = [status(queue, job_id) for job_id in (first, *ids)]
        equal(got, ["done"] * 3, did="two workers: two jobs that wait for each other; statuses")
        queue.stop()

    explore(scene, schedules=80)


@check("P2", kind="timing")
def test_never_more_than_the_workers(impl: Implementation) -> None:
    """Ten jobs of 1 to 3 s on 1, 2, 3 and 12 workers; how many ran at a time, and until when."""

    def scene(sim: Sim) -> None:
        for workers in (1, 2, 3, 12):
            now, most, start = [0], [0], sim.now()
            threads: set[threading.Thread] = set()

            def work(
                seconds: float,
                now: list[int] = now,
                most: list[int] = most,
                threads: set[threading.Thread] = threads,
            ) -> None:
                now[0] += 1
                most[0] = max(most[0], now[0])
                threads.add(threading.current_thread())
                time.sleep(seconds)
                now[0] -= 1

            queue = impl.JobQueue({"work": work}, workers=workers, capacity=20)
            free = [0.0] * workers
            for number in range(10):
                queue.submit("work", 1 + number % 3)
                free.sort()
                free[0] += 1 + number % 3
            sim.settle()
            while queue.stats().done < 10 and sim.now() - start < 60:
                sim.sleep(0.5)
            did = f"ten jobs on {workers} workers: "
            equal(threading.current_thread() in threads, False, did=did + "one ran in the caller")
            want = f"at most {workers}"
            ensure(len(threads) <= workers, did=did + "threads", want=want, got=len(threads))
            equal(most[0], min(workers, 10), did=did + "the most that ran at a time")
            equal(sim.now() - start, max(free), did=did + "seconds until all were done")
            queue.stop()

    simulate(scene)


@check("P3", kind="concurrency")
def test_jobs_start_in_the_order_of_submit(impl: Implementation) -> None:
    """One worker; two callers submit two jobs each."""

    def scene(sim: Sim) -> None:
        ran: list[str] = []
        queue = impl.JobQueue({"k": ran.append}, workers=1, capacity=4)
        sim.together(
            lambda: [queue.submit("k", "a1"), queue.submit("k", "a2")],
            lambda: [queue.submit("k", "b1"), queue.submit("k", "b2")],
        )
        sim.settle()
        queue.stop()
        did = "A submits a1 and a2, B submits b1 and b2"
        equal([name for name in ran if name[0] == "a"], ["a1", "a2"], did=did + ": those of A")
        equal([name for name in ran if name[0] == "b"], ["b1", "b2"], did=did + ": those of B")

    explore(scene, schedules=100)


@check("P3", kind="timing")
def test_a_retry_stands_in_line_from_the_end_of_its_wait(impl: Implementation) -> None:
    """One worker, busy until 10 s; retries become ready at 4 s and 5 s, others are submitted around."""

    def scene(sim: Sim) -> None:
        ran: list[str] = []

        def handler(name: str) -> None:
            ran.append(name)
            if name in {"r4", "r5"} and ran.count(name) == 1:
                time.sleep(1)
                raise ValueError
            if name == "busy":
                time.sleep(8)

        queue = impl.JobQueue({"k": handler}, 1, 20, base_delay=6, chance=Fixed(0.5))
        for pause, name in (
            (0, "r4"),
            (0.25, "r5"),
            (1.5, "busy"),
            (1, "n2.75"),
            (1.75, "n4.5"),
            (1, "n5.5"),
        ):
            sim.sleep(pause)
            queue.submit("k", name)
        sim.sleep(20)
        queue.stop()
        want = ["r4", "r5", "busy", "n2.75", "r4", "n4.5", "r5", "n5.5"]
        equal(ran, want, did="retries ready at 4 s and 5 s, new jobs at 2.75, 4.5, 5.5 s: order")

    simulate(scene)


@check("P4", kind="behaviour")
def test_the_bound_counts_all_that_is_unfinished(impl: Implementation) -> None:
    """Capacity 3: one job retrying, one running, one queued; a fourth, then one place after another."""

    def scene(sim: Sim) -> None:
        ran: list[Any] = []
        handlers = {"broken": broken, "nap": time.sleep, "note": ran.append}
        queue = impl.JobQueue(
            handlers, workers=1, capacity=3, max_attempts=2, base_delay=16, chance=Fixed(0.5)
        )
        start = sim.now()
        bad = queue.submit("broken")
        sim.sleep(1)
        nap, note = queue.submit("nap", 4), queue.submit("note", "queued")
        sim.settle()
        got = [status(queue, job_id) for job_id in (bad, nap, note)]
        equal(got, ["retrying", "running", "queued"], did="three jobs, one worker: statuses")
        did = "capacity 3, one job retrying, one running, one queued: submit"
        for _ in range(3):
            raises(QueueFull, lambda: queue.submit("note", "refused"), did=did)
        equal(sim.now() - start, 1.0, did=did + " was refused at, in seconds")
        sim.sleep(5)
        equal(ran, ["queued"], did="5 s later, two of three have ended: jobs that noted something")
        queue.submit("nap", 1)
        queue.submit("nap", 1)
        did = "one job retrying and two more: submit"
        raises(QueueFull, lambda: queue.submit("note", "refused"), did=did)
        sim.sleep(3.5)  # the retry was at 8 s
        equal(status(queue, bad), "failed", did="at 9.5 s, after the second attempt at 8 s")
        for _ in range(3):
            queue.submit("note", "late")
        sim.settle()
        equal(ran, ["queued", "late", "late", "late"], did="jobs that were run in the end")
        queue.stop()
        own: JobQueue = impl.JobQueue({"k": lambda _: own.submit("k")}, 1, 1, max_attempts=1)
        job = own.get(own.submit("k"))
        sim.settle()
        job = own.get(job.id)
        got_own = (str(job.status), (job.error or "").partition(":")[0])
        did = "capacity 1, a handler submits: it holds the only place itself"
        equal(got_own, ("failed", "QueueFull"), did=did)
        own.stop()

    simulate(scene)


@check("P4", kind="concurrency")
def test_one_of_two_gets_the_last_place(impl: Implementation) -> None:
    """Capacity 2, one job runs; two callers submit at the same time."""

    def scene(sim: Sim) -> None:
        gate = threading.Event()
        queue = impl.JobQueue({"k": lambda _: gate.wait()}, workers=1, capacity=2)
        queue.submit("k")

        def submit() -> str:
            try:
                queue.submit("k")
            except QueueFull:
                return "refused"
            return "accepted"

        got = sorted(sim.together(submit, submit))
        equal(got, ["accepted", "refused"], did="one place left, two callers: answers")
        gate.set()
        queue.stop()

    explore(scene, schedules=250)


@check("P7", kind="timing")
def test_a_job_that_waits_for_its_retry_holds_no_worker(impl: Implementation) -> None:
    """One worker; three poison jobs wait for 512 s each, good ones come and go."""

    def scene(sim: Sim) -> None:
        handlers = {"broken": broken, "nap": time.sleep}
        queue = impl.JobQueue(
            handlers, 1, 10, max_attempts=4, base_delay=1024, max_delay=1024, chance=Fixed(0.5)
        )
        bad, threads, start = list[str](), list[int](), sim.now()
        for _ in range(3):
            bad.append(queue.submit("broken"))
            sim.settle()
            threads.append(threading.active_count())
        did = "one, two, three jobs wait for their retry: threads"
        equal(threads, threads[:1] * 3, did=did)
        for number in range(20):
            good = queue.submit("nap", 1)
            sim.sleep(1.5)
            did = f"three jobs wait for their retry; job {number + 1} of 1 s after 1.5 s"
            equal(status(queue, good), "done", did=did)
        sim.sleep(512 - 30 + 0.5)
        got = [queue.get(job_id).attempts for job_id in bad]
        equal(got, [2, 2, 2], did="attempts of the three after 512.5 s")
        late = queue.submit("nap", 0.25)
        sim.sleep(0.25 + 1 / 64)
        equal(status(queue, late), "done", did="a job of 0.25 s after their second attempts")
        sim.sleep(start + 1536.5 - sim.now())
        got_status = [status(queue, job_id) for job_id in bad]
        equal(got_status, ["failed"] * 3, did="statuses of the three after 1536.5 s")
        queue.stop()

    simulate(scene)


@check("P16", kind="concurrency")
def test_a_handler_may_use_the_queue(impl: Implementation) -> None:
    """Two handlers at a time submit, look at their job and at the statistics."""

    def scene(sim: Sim) -> None:
        ran: list[Any] = []

        def handler(_: Any) -> Any:
            queue.submit("note", 1)
            queue.stats()
            return str(queue.get(ids[0]).status)

        ids: list[str] = []
        queue: JobQueue = impl.JobQueue({"k": handler, "note": ran.append}, workers=2, capacity=4)
        ids.append(queue.submit("note", 0))
        sim.settle()
        mine = [queue.submit("k"), queue.submit("k")]
        sim.settle()
        got = [queue.get(job_id).result for job_id in mine]
        equal(got, ["done", "done"], did="two handlers looked at a job that is done: status")
        equal(ran, [0, 1, 1], did="they submitted a job each: jobs that have run")
        queue.stop()

    explore(scene, schedules=60)


@check("P16", kind="timing")
def test_a_running_handler_holds_nobody_up(impl: Implementation) -> None:
    """A worker is busy for a day: submit, get, stats. Two of three hang: the third does forty jobs."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"nap": time.sleep, "none": nothing}, workers=1, capacity=3)
        start, job_id = sim.now(), queue.submit("nap", 86_400)
        sim.settle()
        equal(status(queue, job_id), "running", did="a handler runs for a day: get")
        second = queue.submit("none")
        raises(QueueFull, lambda: [queue.submit("none") for _ in range(2)], did="two more, 1 place")
        equal(status(queue, second), "queued", did="a second job: get")
        stats = queue.stats()
        equal((stats.running, stats.queued), (1, 2), did="stats: running, queued")
        equal(sim.now(), start, did="all these calls returned at")
        queue.stop()
        gate, dice = threading.Event(), random.Random(3)
        handlers = {"hang": lambda _: gate.wait() and None, "nap": time.sleep}
        queue = impl.JobQueue(handlers, workers=3, capacity=50)
        queue.submit("hang")
        queue.submit("hang")
        naps = [dice.randrange(1, 64) / 16 for _ in range(40)]
        start = sim.now()
        ids = [queue.submit("nap", seconds) for seconds in naps]
        sim.sleep(sum(naps) - 1 / 64)
        equal(status(queue, ids[-1]), "running", did=f"40 jobs, {sum(naps)} s in all: the last one")
        sim.sleep(2 / 64)
        equal(
            {status(queue, each) for each in ids}, {"done"}, did="1/64 s after that sum: statuses"
        )
        ensure(sim.now() > start, did="time passed")
        gate.set()
        queue.stop()

    simulate(scene)
