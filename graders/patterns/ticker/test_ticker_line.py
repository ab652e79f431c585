"""Callers in line: who gets which tick, and what those leave behind who give up."""

from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.kit.sim import Interrupts

MICRO = 1.1e-6
Answer = tuple[bool, float]


def waits(sim: Sim, ticker: Any, timeout: float | None = None) -> Callable[[], Answer]:
    """A job that waits, and answers with what came and when, rounded to a hundredth of a second."""
    return lambda: (ticker.wait(timeout), round(sim.now() - 1_000, 2))


def line_up(sim: Sim, ticker: Any, *timeouts: float | None) -> list[Any]:
    """Calls of wait in threads of their own, one after the other; each waits before the next comes."""
    handles = []
    for timeout in timeouts:
        handles.append(sim.spawn(waits(sim, ticker, timeout)))
        sim.settle()
    return handles


@check("P3", "P2", kind="concurrency")
def test_three_threads_and_two_tokens(impl: Implementation) -> None:
    """Nine ticks have passed, two are kept; A, B and C call try_acquire, and after another tick once more."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 2)
        for passed, want in ((9.5, 2), (1.0, 1)):
            sim.sleep(passed)
            got = sim.together(*[ticker.try_acquire] * 3)
            equal(got.count(True), want, did=f"{passed} s passed; try_acquire() in three threads")

    explore(scene, schedules=40, allow_threads_left=True)


@check("P3", "P1", kind="concurrency")
def test_every_tick_serves_one_call(impl: Implementation) -> None:
    """Three threads take two tokens each with wait, from the beginning."""

    def scene(sim: Sim) -> None:
        ticker, got = impl.Ticker(0.3), []

        def take() -> None:
            for _ in range(2):
                ensure(ticker.wait() is True, did="wait()", want="True")
                got.append(sim.now() - 1_000)

        sim.together(take, take, take)
        close = all(abs(now - n * 0.3) <= MICRO for n, now in enumerate(got, start=1))
        want = "0.3, 0.6, 0.9, 1.2, 1.5, 1.8"
        ensure(
            close, did="Ticker(0.3), three threads that wait twice: tokens at", want=want, got=got
        )

    explore(scene, schedules=40, allow_threads_left=True)


@check("P3", "P4", kind="concurrency")
def test_a_token_comes_while_another_is_asked_for(impl: Implementation) -> None:
    """One token is kept; A waits, B waits and C calls try_acquire, all at once."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 1)
        sim.sleep(1.5)
        *answers, tried = sim.together(
            waits(sim, ticker), waits(sim, ticker), lambda: (ticker.try_acquire(), 0.0)
        )
        want = [1.5, 2.0] if not tried[0] else [2.0, 3.0]
        got = sorted(now for _, now in answers)
        did = f"one token kept; try_acquire() answered {tried[0]}, two calls of wait() returned at"
        equal(got, want, did=did)

    explore(scene, schedules=60, allow_threads_left=True)


@check("P4", kind="concurrency")
def test_first_come_first_served(impl: Implementation) -> None:
    """A, B and C begin to wait one after the other."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        line = line_up(sim, ticker, None, 50.0, None)
        got = [each.result() for each in line]
        equal(got, [(True, 1.0), (True, 2.0), (True, 3.0)], did="A, B and C wait: answer, time")

    explore(scene, schedules=40, allow_threads_left=True)


@check("P4", kind="concurrency")
def test_try_acquire_does_not_overtake(impl: Implementation) -> None:
    """A waits; B sleeps until the very instant of the tick, and calls try_acquire and wait(0)."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        waiting = line_up(sim, ticker, None)[0]

        def late() -> list[bool]:
            sim.sleep(1.0)
            return [ticker.try_acquire(), ticker.wait(0)]

        got = sim.spawn(late).result()
        equal(got, [False, False], did="A waits; try_acquire() and wait(0) when the tick comes")
        equal(waiting.result(), (True, 1.0), did="A's wait(): answer, time")

    explore(scene, schedules=60, allow_threads_left=True)


@check("P4", kind="concurrency")
def test_a_later_wait_does_not_overtake(impl: Implementation) -> None:
    """A waits; B sleeps until the very instant of the tick, and begins to wait."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        waiting = line_up(sim, ticker, None)[0]

        def late() -> Answer:
            sim.sleep(1.0)
            return waits(sim, ticker, 10)()

        got = [sim.spawn(late).result(), waiting.result()]
        equal(
            got, [(True, 2.0), (True, 1.0)], did="B's wait() at the tick, A's before: answer, time"
        )

    explore(scene, schedules=60, allow_threads_left=True)


@check("P4", kind="concurrency")
def test_who_was_served_goes_to_the_end(impl: Implementation) -> None:
    """A waits three times over, B and C wait behind it."""

    def scene(sim: Sim) -> None:
        ticker, got = impl.Ticker(1.0), []

        def again(name: str, times: int) -> None:
            for _ in range(times):
                ticker.wait()
                got.append((name, round(sim.now() - 1_000, 2)))

        handles = []
        for name, times in (("A", 3), ("B", 2), ("C", 1)):
            handles.append(sim.spawn(lambda n=name, t=times: again(n, t)))
            sim.settle()
        for each in handles:
            each.result()
        want = [("A", 1.0), ("B", 2.0), ("C", 3.0), ("A", 4.0), ("B", 5.0), ("A", 6.0)]
        equal(got, want, did="A waits three times, B twice, C once: who got a token when")

    simulate(scene, allow_threads_left=True)


@check("P4", "P5", "P6", kind="timing")
def test_a_long_line_with_deserters(impl: Implementation) -> None:
    """Twelve calls in line, four of which have timeouts that are too short."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        timeouts = [None, 0.5, None, 2.5, 100, None, 4.75, None, 7.0, None, 0.25, None]
        line = line_up(sim, ticker, *timeouts)
        got = [each.result() for each in line]
        served = iter(range(1, 20))
        short = (0.5, 2.5, 4.75, 0.25)
        want = [(False, t) if t in short else (True, float(next(served))) for t in timeouts]
        equal(got, want, did=f"calls of wait() with timeouts {timeouts}: answer, time")

    simulate(scene, allow_threads_left=True)


@check("P5", "P6", kind="concurrency")
def test_nobody_gives_up_early(impl: Implementation) -> None:
    """A waits for 0.5 s and B for 1.5 s: the one tick in that time is B's, once A has left."""

    def scene(sim: Sim) -> None:
        line = line_up(sim, impl.Ticker(1.0), 0.5, 1.5)
        got = [each.result() for each in line]
        equal(got, [(False, 0.5), (True, 1.0)], did="A: wait(0.5), B: wait(1.5): answer, time")

    simulate(scene, allow_threads_left=True)


@check("P6", kind="concurrency")
def test_a_timeout_at_the_tick_alone(impl: Implementation) -> None:
    """A waits for exactly one interval; then B asks for the token if A has none."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0, 2)
        answer, _ = line_up(sim, ticker, 1.0)[0].result()
        sim.sleep(0.25)
        got = [answer, ticker.try_acquire(), ticker.try_acquire()]
        did = "Ticker(1.0, 2): wait(1.0), then try_acquire() twice: calls that got tick 1"
        equal(got.count(True), 1, did=did)
        sim.sleep(1.0)
        equal(ticker.try_acquire(), True, did="after tick 2: try_acquire()")

    explore(scene, schedules=60, allow_threads_left=True)


@check("P6", "P4", kind="concurrency")
def test_a_timeout_at_the_tick_in_line(impl: Implementation) -> None:
    """A waits for exactly one interval, B waits behind it, C calls try_acquire at the tick."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(1.0)
        first, second = line_up(sim, ticker, 1.0, None)
        tried = sim.spawn(lambda: (sim.sleep(1.0), ticker.try_acquire())[1]).result()
        equal(tried, False, did="A and B wait; try_acquire() when the tick comes")
        answer, _ = first.result()
        want = (True, 2.0 if answer else 1.0)
        did = f"A: wait(1.0) answered {answer}; B's wait() behind it: answer, time"
        equal(second.result(), want, did=did)

    explore(scene, schedules=80, allow_threads_left=True)


@check("P6", kind="concurrency")
def test_a_timeout_at_the_tick_behind(impl: Implementation) -> None:
    """A waits for two intervals, behind it B for exactly two, and C behind both."""

    def scene(sim: Sim) -> None:
        ticker = impl.Ticker(0.3)
        *two, last = line_up(sim, ticker, 0.6, 0.6, None)
        answers = [each.result()[0] for each in two]
        equal(answers[0], True, did="Ticker(0.3), A: wait(0.6)")
        want = (True, 0.9 if answers[1] else 0.6)
        did = f"B: wait(0.6) behind A answered {answers[1]}; C's wait() behind it: answer, time"
        equal(last.result(), want, did=did)

    explore(scene, schedules=60, allow_threads_left=True)


def wait_for_ctrl_c(sim: Sim, ticker: Any, name: str) -> Any:
    """A call of wait in a thread of that name, which waits when this returns."""

    def job() -> Any:
        try:
            return ticker.wait()
        except KeyboardInterrupt:
            return "interrupted"

    handle = sim.spawn(job, name)
    sim.settle()
    return handle


@check("P7", kind="concurrency")
def test_an_interrupt_at_the_head_of_the_line(impl: Implementation) -> None:
    """A, B and C wait; A is interrupted after 0.5 s."""

    def scene(sim: Sim) -> None:
        ticker, ctrl_c = impl.Ticker(1.0), Interrupts(sim)
        victim = wait_for_ctrl_c(sim, ticker, "victim")
        line = line_up(sim, ticker, None, None)
        sim.sleep(0.5)
        ctrl_c.send("victim", at_rest=True)
        equal(victim.result(), "interrupted", did="A's wait(), interrupted after 0.5 s")
        got = [each.result() for each in line]
        equal(got, [(True, 1.0), (True, 2.0)], did="B's and C's wait(): answer, time")

    simulate(scene, allow_threads_left=True)


@check("P7", kind="concurrency")
def test_an_interrupt_within_the_line(impl: Implementation) -> None:
    """A, B and C wait; B is interrupted after 0.5 s; a token is left when all have theirs."""

    def scene(sim: Sim) -> None:
        ticker, ctrl_c = impl.Ticker(1.0), Interrupts(sim)
        line = line_up(sim, ticker, None)
        victim = wait_for_ctrl_c(sim, ticker, "victim")
        line += line_up(sim, ticker, None)
        sim.sleep(0.5)
        ctrl_c.send("victim", at_rest=True)
        equal(victim.result(), "interrupted", did="B's wait(), interrupted after 0.5 s")
        got = [each.result() for each in line]
        equal(got, [(True, 1.0), (True, 2.0)], did="A's and C's wait(): answer, time")
        sim.sleep(1.25)
        equal(ticker.try_acquire(), True, did="after tick 3: try_acquire()")

    simulate(scene, allow_threads_left=True)


@check("P7", kind="concurrency")
def test_an_interrupt_at_the_tick(impl: Implementation) -> None:
    """A and B wait; C calls try_acquire at the instant of the tick, and A is interrupted then."""

    def scene(sim: Sim) -> None:
        ticker, ctrl_c = impl.Ticker(1.0), Interrupts(sim)
        victim = wait_for_ctrl_c(sim, ticker, "victim")
        waiting = line_up(sim, ticker, None)[0]

        def interrupt() -> None:
            sim.sleep(1.0)
            ticker.try_acquire()
            ctrl_c.send("victim")

        sim.spawn(interrupt).result()
        answer = victim.result()
        want = (True, 2.0 if answer is True else 1.0)
        did = f"A's wait() at tick 1: {answer}; B's wait() behind it: answer, time"
        equal(waiting.result(), want, did=did)

    explore(scene, schedules=180, allow_threads_left=True)


@check("P7", kind="concurrency")
def test_an_interrupt_at_the_tick_alone(impl: Implementation) -> None:
    """A waits; B calls try_acquire at the instant of the tick, and A is interrupted then."""

    def scene(sim: Sim) -> None:
        ticker, ctrl_c = impl.Ticker(1.0), Interrupts(sim)
        victim = wait_for_ctrl_c(sim, ticker, "victim")
        sim.sleep(1.0)
        tried = [ticker.try_acquire()]
        ctrl_c.send("victim")
        answer = victim.result()
        sim.sleep(0.25)
        tried += [ticker.try_acquire(), ticker.try_acquire()]
        did = (
            f"A's wait(): {answer}; try_acquire() at tick 1 and after it {tried}: tokens of tick 1"
        )
        equal([answer, *tried].count(True), 1, did=did)

    explore(scene, schedules=60, allow_threads_left=True)


@check("P7", "P3", kind="concurrency")
def test_an_interrupt_when_more_is_kept(impl: Implementation) -> None:
    """A waits, three may be kept; after a leap B calls try_acquire, and A is interrupted then."""

    def scene(sim: Sim) -> None:
        ticker, ctrl_c = impl.Ticker(1.0, 3), Interrupts(sim)
        victim = wait_for_ctrl_c(sim, ticker, "victim")
        sim.pass_time(60.5)
        got = [ticker.try_acquire()]
        ctrl_c.send("victim")
        got += [victim.result(), *(ticker.try_acquire() for _ in range(3))]
        did = f"Ticker(1.0, 3), a leap of 60.5 s: try_acquire(), A's wait(), three more: {got}"
        equal(got.count(True), 3, did=f"{did}: tokens")

    explore(scene, schedules=60, allow_threads_left=True)
