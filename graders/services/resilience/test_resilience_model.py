"""Circuit breaker against a model of its contract: drawn histories of calls that overlap."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.services.resilience import CircuitOpen, State, Status
from graders.kit import Implementation, Sim, check, equal, simulate

RESET = 4.0


class Ignored(Exception):
    """Neither a failure nor a success."""


@dataclass
class Model:
    """The breaker by the book: what is known at an instant, and in which period a call began."""

    threshold: int
    state: State = State.CLOSED
    failures: int = 0
    opened: int = 0
    refused: int = 0
    free_at: float = 0.0
    period: int = 0
    periods: dict[int, int] = field(default_factory=dict)

    def status(self, now: float) -> Status:
        """What has to be said at this instant."""
        wait = 0.0 if self.state is State.CLOSED else max(0.0, self.free_at - now)
        state = State.HALF_OPEN if self.state is State.OPEN and not wait else self.state
        return Status(state, self.failures, wait, self.opened, self.refused)

    def begin(self, call: int, now: float) -> bool:
        """Whether a call is let through."""
        if self.status(now).retry_after:
            self.refused += 1
            return False
        if self.state is not State.CLOSED:
            self.move(State.HALF_OPEN, now + RESET)
        self.periods[call] = self.period
        return True

    def end(self, call: int, result: object, now: float) -> None:
        """An outcome comes."""
        in_turn = self.state is State.CLOSED or now < self.free_at
        if self.periods.pop(call) != self.period or not in_turn:
            return
        probe = self.state is State.HALF_OPEN
        if isinstance(result, Ignored):
            if probe:
                self.move(State.HALF_OPEN, now)
        elif isinstance(result, Exception):
            self.failures += 1
            if probe or self.failures == self.threshold:
                self.opened += 1
                self.move(State.OPEN, now + RESET)
        elif probe:
            self.move(State.CLOSED, 0.0)
        else:
            self.failures = 0

    def move(self, state: State, free_at: float) -> None:
        """A new period."""
        self.state, self.free_at, self.failures = state, free_at, 0
        self.period += 1


class Running:
    """The job of a call that is under way."""

    def __init__(self) -> None:
        self.began = False
        self.result: object = None
        self._go = threading.Event()

    def __call__(self) -> object:
        self.began = True
        self._go.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def end(self, result: object) -> None:
        """Let it end like this."""
        self.result = result
        self._go.set()


def outcome(call: Callable[[], object]) -> object:
    """What it returns, or what it raises."""
    try:
        return call()
    except NotImplementedError:
        raise
    except Exception as error:
        return error


def play(impl: Implementation, sim: Sim, seed: int) -> None:
    """One drawn history: calls begin and end, time passes; after each step all is compared."""
    dice = random.Random(seed)
    threshold = dice.randint(1, 3)
    breaker, model = impl.CircuitBreaker(threshold, RESET, ignore=(Ignored,)), Model(threshold)
    told = [f"CircuitBreaker({threshold}, {RESET}, ignore=(Ignored,))"]
    running: dict[int, Running] = {}
    handles = {}

    def compare(got: object, want: object) -> None:
        equal(got, want, did="; ".join(told))

    for number in range(24):
        step = dice.random()
        if step < 0.4:
            job = running[number] = Running()
            told.append(f"call {number} begins")
            handle = handles[number] = sim.spawn(lambda job=job: outcome(lambda: breaker.call(job)))
            sim.settle()
            through = model.begin(number, sim.now())
            compare(job.began, through)
            if not through:
                del running[number]
                compare(type(handle.result()), CircuitOpen)
        elif step < 0.75 and running:
            which = dice.choice(list(running))
            result = dice.choice(["value", OSError(), OSError(), Ignored()])
            told.append(f"call {which} ends with {result!r}")
            running.pop(which).end(result)
            compare(handles[which].result() is result, True)
            model.end(which, result, sim.now())
        else:
            seconds = dice.choice([0.5, 1.0, RESET, RESET])
            told.append(f"{seconds:g} s pass")
            sim.sleep(seconds)
        compare(breaker.status(), model.status(sim.now()))
    for job in running.values():
        job.end("value")


@check("P10", "P11", "P12", "P13", "P14", "P16", kind="behaviour")
def test_drawn_histories_go_by_the_book(impl: Implementation) -> None:
    """25 histories of calls that overlap, drawn from the seeds 0 to 24."""

    def scene(sim: Sim) -> None:
        for seed in range(25):
            play(impl, sim, seed)

    simulate(scene)
