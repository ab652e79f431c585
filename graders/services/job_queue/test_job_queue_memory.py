"""What is remembered, what is let go, what an id is, and what calls cost when there is much."""

import gc
import math
import random
import re
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from contracts.services.job_queue import JobQueue, QueueFull, UnknownJob, UnknownKind
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.growth import grows_at_most

LIMIT = 30.0
"""Seconds after which a queue that does not go on is given up."""
MANY = 1_200
ALLOWED = 600
"""Objects: room for some laziness; one that each job leaves behind is more."""


class Zero:
    """A source of randomness that always says 0."""

    def random(self) -> float:
        """Zero."""
        return 0.0


class Watched(Exception):
    """Something that can be watched going away."""


def known(queue: JobQueue, ids: list[str]) -> list[int]:
    """Which of these jobs are known, by their place in the list."""
    found = []
    for number, job_id in enumerate(ids):
        with suppress(UnknownJob):
            queue.get(job_id)
            found.append(number)
    return found


@check("P10", kind="behaviour")
def test_the_last_that_ended_are_remembered(impl: Implementation) -> None:
    """Jobs end in another order than they came in, some failed, some handed back; keep=2, 1, 0."""

    def scene(sim: Sim) -> None:
        for keep, ended in ((2, [0, 2]), (1, [2]), (0, [])):
            gates = [threading.Event() for _ in range(6)]

            def work(number: int, gates: list[threading.Event] = gates) -> None:
                gates[number].wait()
                if number % 2:
                    raise ValueError

            queue = impl.JobQueue({"k": work}, workers=6, capacity=6, max_attempts=1, keep=keep)
            ids = [queue.submit("k", number) for number in range(6)]
            sim.settle()
            for number in (3, 1, 0, 2):
                gates[number].set()
                sim.settle()
                known(queue, ids[3:4])  # to look is no reason to stay
            did = f"keep={keep}, six jobs, 3, 1, 0, 2 end in this order: "
            equal(known(queue, ids), sorted([*ended, 4, 5]), did=did + "those that are known")
            stats = queue.stats()
            equal((stats.done, stats.failed, stats.running), (2, 2, 2), did=did + "stats")
            for gate in gates:
                gate.set()
            queue.stop()
        last = threading.Event()
        queue = impl.JobQueue(
            {"k": lambda _: 0, "gate": lambda _: last.wait() and None}, 1, 9, keep=2
        )
        ids = []
        for kind in ("k", "k", "k", "gate"):
            ids.append(queue.submit(kind))
            sim.settle()
        ids.append(queue.submit("k"))
        queue.stop(0)
        did = "keep=2, three jobs done, one running, one queued; stop(0): those that are known"
        equal(known(queue, ids), [2, 3, 4], did=did)
        last.set()
        queue.stop()
        equal(known(queue, ids), [3, 4], did=did + ", after the last has ended")
        queue = impl.JobQueue({"k": lambda _: 0}, workers=1, capacity=1_001)
        ids = [queue.submit("k") for _ in range(1_001)]
        sim.settle()
        did = "no keep given, 1,001 jobs are done: the first two that are known"
        equal(known(queue, ids[:3])[:2], [1, 2], did=did)
        queue.stop()

    simulate(scene)


@check("P11", kind="behaviour")
def test_what_handlers_touch_is_let_go(impl: Implementation) -> None:
    """Handlers raise, return and hold objects; after the attempt nothing refers to them."""

    def scene(sim: Sim) -> None:
        watched: list[weakref.ref[Any]] = []

        class Payload(dict[str, Any]):
            pass

        class Result(list[int]):
            pass

        def bad(_: Any) -> None:
            error = Watched("an exception")
            watched.append(weakref.ref(error))
            raise error

        def good(_: Any) -> Result:
            result = Result([1])
            watched.append(weakref.ref(result))
            return result

        queue = impl.JobQueue({"bad": bad, "good": good}, 1, 4, max_attempts=2, base_delay=0)
        payload = Payload(a=1)
        watched.append(weakref.ref(payload))
        ids = [queue.submit("bad", payload), queue.submit("good")]
        del payload
        sim.settle()
        gc.collect()
        left = [type(ref()).__name__ for ref in watched if ref() is not None]
        equal(len(watched), 4, did="one job failed twice, one returned a list: objects watched")
        equal(left, [], did="a job failed twice, another returned a list: objects still there")
        equal(known(queue, ids), [0, 1], did="the jobs are known")
        queue.stop()

    simulate(scene)


def drained(queue: JobQueue, seen: threading.Event) -> bool:
    """Wait, without a clock, until nothing but the jobs asked here is left of the line."""
    for _ in range(20):
        seen.clear()
        queue.submit("seen")
        if not seen.wait(LIMIT):
            return False
        stats = queue.stats()
        if stats.queued + stats.retrying == 0:
            return True
    return False


def bounded(did: str, batch: Callable[[int], bool]) -> None:
    """Fail if a batch of MANY leaves objects behind."""
    ensure(batch(300), did=f"300 times {did}", want="all of it is done in the end")
    gc.collect()
    gc.freeze()
    before = sys.getallocatedblocks()
    ensure(batch(MANY), did=f"{MANY:,} times {did}", want="all of it is done in the end")
    gc.collect()
    left = sys.getallocatedblocks() - before
    want = f"fewer than {ALLOWED:,} objects more than before"
    ensure(left < ALLOWED, did=f"{MANY:,} times {did}", want=want, got=f"{left:,} objects")


@check("P11", kind="throughput")
def test_memory_does_not_grow(plain: Implementation) -> None:
    """1,200 jobs are done, fail at once, fail after a retry; keep=2. As many are refused."""
    seen, gate = threading.Event(), threading.Event()

    def bad(_: Any) -> None:
        raise ValueError

    handlers = {
        "good": lambda payload: payload,
        "bad": bad,
        "seen": lambda _: seen.set(),
        "gate": lambda _: gate.wait() and None,
    }
    for kind, attempts in (("good", 1), ("bad", 1), ("bad", 2)):
        queue = plain.JobQueue(handlers, 1, 2 * MANY, max_attempts=attempts, keep=2, chance=Zero())

        def batch(size: int, queue: JobQueue = queue, kind: str = kind) -> bool:
            for number in range(size):
                queue.submit(kind, {"number": number})
            return drained(queue, seen)

        bounded(f'keep=2, max_attempts={attempts}: submit("{kind}"), and it ends', batch)
        queue.stop()
    queue = plain.JobQueue(handlers, workers=1, capacity=1, keep=0)
    queue.submit("gate")

    def refused(size: int) -> bool:
        for _ in range(size):
            raises(QueueFull, lambda: queue.submit("good", [1]), did="submit to a full queue")
            raises(UnknownKind, lambda: queue.submit("none"), did='submit("none")')
            raises(UnknownJob, lambda: queue.get("none"), did='get("none")')
        return True

    bounded("submit to a full queue, and of an unknown kind; get of an unknown id", refused)
    gate.set()
    queue.stop()


@check("P18", kind="behaviour")
def test_ids_cannot_be_guessed(impl: Implementation) -> None:
    """300 ids of two queues that are made alike, with the random module seeded before each."""

    def scene(sim: Sim) -> None:
        made: list[list[str]] = []
        for _ in range(2):
            random.seed(7)
            chance = random.Random(7)
            queue = impl.JobQueue({"k": lambda _: 0}, 1, 150, keep=3, chance=chance)
            ids = []
            for _ in range(3):
                ids += [queue.submit("k") for _ in range(50)]
                sim.settle()
            made.append(ids)
            queue.stop()
            did = "150 jobs, none failed: the next number of the source"
            equal(chance.random(), random.Random(7).random(), did=did)
        both = made[0] + made[1]
        for job_id in both:
            fine = isinstance(job_id, str) and re.fullmatch(r"[A-Za-z0-9_-]{20,100}", job_id)
            want = "20 to 100 letters, digits, - and _"
            ensure(bool(fine), did="the id that submit returned", want=want, got=job_id)
        equal(len(set(both)), 300, did="two queues made alike, 150 jobs each: different ids")
        bits = sum(math.log2(len(set(column))) for column in zip(*both, strict=False))
        want = "about 120 bits that differ from id to id"
        ensure(bits > 100, did="300 ids, place by place", want=want, got=f"{bits:.0f} bits")
        steady = [
            len(set(column)) for column in zip(*made[0][:50], strict=False) if len(set(column)) > 1
        ]
        want = "more than 20 places, or many values in each"
        spread = sum(math.log2(each) for each in steady)
        ensure(spread > 90, did="50 ids that were made one after another", want=want, got=steady)

    simulate(scene)


@check("P19", kind="throughput")
def test_calls_do_not_slow_down_with_jobs_that_wait(plain: Implementation) -> None:
    """Calls of submit with 50 jobs waiting and with 5,000; of get and stats with 100 and with 20,000."""
    gate = threading.Event()
    made: list[JobQueue] = []
    kept: dict[int, tuple[JobQueue, list[str]]] = {}
    dice = random.Random(0)

    def waiting(size: int) -> tuple[JobQueue, list[str]]:
        queue = plain.JobQueue({"gate": lambda _: gate.wait() and None}, 1, 10**6)
        made.append(queue)
        return queue, [queue.submit("gate") for _ in range(size)]

    def submitting(size: int) -> Callable[[], object]:
        # The few are made anew for each block, or they would become many.
        if size == 50 or size not in kept:
            kept[size] = waiting(size)
        queue, _ = kept[size]
        return lambda: [queue.submit("gate") for _ in range(30)]

    def looking(size: int) -> Callable[[], object]:
        if size not in kept:
            kept[size] = waiting(size)
        queue, ids = kept[size]
        some = [dice.choice(ids) for _ in range(50)]
        return lambda: [(queue.get(each), queue.stats()) for each in some]

    try:
        grows_at_most(submitting, small=50, large=5_000, limit=8, did="30 times submit")
        grows_at_most(looking, small=100, large=20_000, limit=8, did="50 times get and stats")
    finally:
        gate.set()
        for queue in made:
            queue.stop()


@check("P19", kind="throughput")
def test_running_jobs_does_not_slow_down(plain: Implementation) -> None:
    """150 jobs are run while 100 or 5,000 wait for a retry, and as many are remembered."""
    seen = threading.Event()
    queues: dict[int, JobQueue] = {}

    def bad(_: Any) -> None:
        raise ValueError

    handlers = {"bad": bad, "good": lambda _: 0, "seen": lambda _: seen.set()}

    class Half:
        def random(self) -> float:
            return 0.5

    def run(queue: JobQueue, kind: str, size: int) -> None:
        seen.clear()
        for _ in range(size):
            queue.submit(kind)
        queue.submit("seen")
        ensure(seen.wait(LIMIT), did=f"{size} jobs were submitted", want="all of them are run")

    def prepare(size: int) -> Callable[[], object]:
        if size not in queues:
            queues[size] = plain.JobQueue(
                handlers, 1, 10**6, base_delay=1e6, max_delay=1e6, keep=size, chance=Half()
            )
            run(queues[size], "bad", size)
            run(queues[size], "good", size)
        return lambda: run(queues[size], "good", 150)

    grows_at_most(prepare, small=100, large=5_000, limit=6, did="150 jobs are submitted and run")
    for queue in queues.values():
        queue.stop()
