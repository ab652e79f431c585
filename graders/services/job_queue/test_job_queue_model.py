"""Generated days of a queue, compared with a model that is too simple to be wrong."""

import heapq
import random
import time
from dataclasses import dataclass, field
from typing import Any

from contracts.services.job_queue import QueueFull
from graders.kit import Implementation, Sim, check, equal, simulate

TICK = 2.0**-20
"""Everything happens at a multiple of this, all at different instants: floats add up exactly."""


class Ticks:
    """A source of randomness whose numbers are multiples of 2**-10."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def random(self) -> float:
        """The next number."""
        return self._dice.randrange(1, 1024) / 1024


@dataclass
class Order:
    """A job to be submitted: when, how long each attempt takes, how many fail first."""

    number: int
    at: float
    seconds: list[float]
    fails: int
    status: str = ""
    attempts: int = 0


@dataclass
class Model:
    """The queue as a list of events, without threads."""

    workers: int
    capacity: int
    attempts: int
    chance: Ticks
    events: list[tuple[float, int, str, Order]] = field(default_factory=list)
    line: list[tuple[float, int, Order]] = field(default_factory=list)
    busy: int = 0
    unfinished: int = 0
    starts: list[tuple[int, float]] = field(default_factory=list)

    def run_until(self, end: float) -> None:
        """Let everything happen that happens before `end`."""
        while self.events and self.events[0][0] <= end:
            at, _, what, order = heapq.heappop(self.events)
            getattr(self, what)(at, order)
            while self.busy < self.workers and self.line:
                self._start(at, heapq.heappop(self.line)[2])

    def plan(self, at: float, what: str, order: Order) -> None:
        """Note what will happen."""
        heapq.heappush(self.events, (at, order.number, what, order))

    def submit(self, at: float, order: Order) -> None:
        """It is submitted."""
        if self.unfinished == self.capacity:
            order.status = "refused"
            return
        self.unfinished += 1
        order.status = "queued"
        self.ready(at, order)

    def ready(self, at: float, order: Order) -> None:
        """It stands in line."""
        heapq.heappush(self.line, (at, order.number, order))

    def _start(self, at: float, order: Order) -> None:
        self.busy += 1
        order.status = "running"
        self.starts.append((order.number, at))
        self.plan(at + order.seconds[order.attempts], "end", order)
        order.attempts += 1

    def end(self, at: float, order: Order) -> None:
        """Its handler ends."""
        self.busy -= 1
        if order.attempts <= order.fails and order.attempts < self.attempts:
            order.status = "retrying"
            wait = self.chance.random() * min(16, 2 ** (order.attempts - 1))
            self.plan(at + wait, "ready", order)
            return
        self.unfinished -= 1
        order.status = "failed" if order.attempts <= order.fails else "done"


def orders(seed: int) -> list[Order]:
    """Twenty-five jobs over about a minute."""
    dice, at, made = random.Random(seed), 0.0, []
    for number in range(25):
        at += dice.randrange(1, 2**21) * TICK
        seconds = [dice.randrange(1, 2**22) * TICK for _ in range(3)]
        made.append(Order(number, at, seconds, dice.choice([0, 0, 1, 2, 3])))
    return made


def play(impl: Implementation, sim: Sim, seed: int) -> None:
    """One day: submit as planned, look at everything after every submit, and compare."""
    dice = random.Random(seed)
    workers, capacity = dice.randrange(1, 4), dice.randrange(2, 8)
    plan, zero = orders(seed), sim.now()
    model = Model(workers, capacity, 3, Ticks(seed))
    starts: list[tuple[int, float]] = []
    tries: dict[int, int] = {}

    def handler(number: int) -> None:
        made = tries.get(number, 0)
        tries[number] = made + 1
        starts.append((number, sim.now() - zero))
        time.sleep(plan[number].seconds[made])
        if made < plan[number].fails:
            raise ValueError

    queue: Any = impl.JobQueue({"k": handler}, workers, capacity, max_delay=16, chance=Ticks(seed))
    ids: dict[int, str] = {}
    did = f"seed {seed}, {workers} workers, capacity {capacity}: "
    for order in plan:
        model.plan(order.at, "submit", order)
        sim.sleep(zero + order.at - sim.now())
        try:
            ids[order.number] = queue.submit("k", order.number)
        except QueueFull:
            ids.pop(order.number, None)
        sim.sleep(TICK / 2)
        model.run_until(sim.now() - zero)
        compare(queue, plan[: order.number + 1], ids, did + f"after submit {order.number}")
    sim.sleep(zero + 200 - sim.now())
    model.run_until(200)
    compare(queue, plan, ids, did + "in the end")
    equal(starts, model.starts, did=did + "(job, attempt started at), one after another")
    queue.stop()


def compare(queue: Any, plan: list[Order], ids: dict[int, str], did: str) -> None:
    """Statuses, attempts and counts are those of the model."""
    want = [(each.number, each.status, each.attempts) for each in plan if each.status != "refused"]
    jobs = [(number, queue.get(job_id)) for number, job_id in ids.items()]
    got = [(number, str(job.status), job.attempts) for number, job in jobs]
    equal(got, want, did=did + ": (job, status, attempts)")
    stats = queue.stats()
    counted = {name: getattr(stats, name) for name in ("queued", "running", "retrying", "refused")}
    statuses = [each.status for each in plan]
    equal(counted, {name: statuses.count(name) for name in counted}, did=did + ": stats")


@check("P2", "P3", "P4", "P6", "P7", kind="timing")
def test_generated_days(impl: Implementation) -> None:
    """Twenty-five generated days of 25 jobs on 1 to 3 workers, compared with a model of the contract."""

    def scene(sim: Sim) -> None:
        for seed in range(25):
            play(impl, sim, seed)

    simulate(scene)
