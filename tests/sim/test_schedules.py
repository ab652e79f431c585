"""Laws of the scheduler, the clock and the search."""

import concurrent.futures
import datetime as dt
import queue
import threading
import time
from pathlib import Path

import pytest

from graders.kit.sim import Outcome, Sim, explore, install, load
from graders.kit.sim.strategy import from_token, to_token

install()

RACE = """
import threading, time
class Counter:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()
    def add(self):
        self.n += 1
    def spin_until(self, n):
        while self.n < n:
            pass
    def spin_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
    def poll_until(self, n):
        while self.n < n:
            time.sleep(0.01)
    def numbers(self):
        while True:
            self.n += 1
            time.monotonic()
            yield self.n
    def work(self, todo):
        while (task := todo.get()) is not None:
            task.set_result(time.monotonic())
"""


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> type:
    """A counter without a lock, instrumented."""
    path: Path = tmp_path_factory.mktemp("race") / "race.py"
    path.write_text(RACE)
    return load("sim_race", path).Counter  # type: ignore[no-any-return]


def kind(outcome: Outcome) -> str:
    """The kind of the failure, '' if there is none."""
    return outcome.failure.kind if outcome.failure else ""


def test_a_lost_update_is_found_told_and_replayed(counter: type) -> None:
    """The shortest schedule, in lines of the file, and exactly again from its token."""

    def scene(sim: Sim) -> None:
        it = counter()
        sim.together(it.add, it.add)
        assert it.n == 2

    failure = explore(scene).failure
    assert failure is not None
    assert failure.kind == "wrong"
    assert failure.reproduced
    assert "A stops before race.py:8 `self.n += 1`" in failure.story
    assert failure.token.count(".") == 0  # one deviation
    again = explore(scene, replay=failure.token).failure
    assert again is not None
    assert again.story == failure.story
    assert explore(scene, replay="-").failure is None


def test_seeds_and_processes_do_not_change_the_story(counter: type) -> None:
    """The search is a function of the scene and the seed."""

    def scene(sim: Sim) -> None:
        it = counter()
        sim.together(it.add, it.add, it.add)
        assert it.n == 3

    one, two = explore(scene, seed=7).failure, explore(scene, seed=7).failure
    assert one is not None
    assert two is not None
    assert (one.story, one.token) == (two.story, two.token)


def test_deadlocks_are_exact() -> None:
    """Two locks in two orders; and a lock taken twice."""

    def scene(sim: Sim) -> None:
        a, b = threading.Lock(), threading.Lock()

        def take(first: threading.Lock, second: threading.Lock) -> None:
            with first, second:
                pass

        sim.together(lambda: take(a, b), lambda: take(b, a))

    def twice(_sim: Sim) -> None:
        lock = threading.Lock()
        with lock:
            lock.acquire()

    assert kind(explore(scene)) == "deadlock"
    assert kind(explore(twice)) == "deadlock"


def test_endless_loops_end_as_livelock(counter: type) -> None:
    """A spin that nobody ends; one that another thread ends is fine, and so is waiting for the clock."""

    def spins(_sim: Sim) -> None:
        counter().spin_until(1)

    def helped(sim: Sim) -> None:
        it = counter()
        sim.together(lambda: it.spin_until(1), it.add)

    def clock(sim: Sim) -> None:
        before = sim.now()
        counter().spin_for(5)
        assert 5 <= sim.now() - before < 10

    def sleeper_ends_it(sim: Sim) -> None:
        it = counter()

        def later() -> None:
            sim.sleep(3)
            it.add()

        sim.together(lambda: it.spin_until(1), later)

    assert kind(explore(spins)) == "livelock"
    assert kind(explore(helped)) == ""
    assert kind(explore(clock, schedules=1)) == ""
    assert kind(explore(sleeper_ends_it, schedules=20)) == ""


def test_generators_and_workers_do_not_spin(counter: type) -> None:
    """A loop that hands something out, or waits for a task, at each turn may turn for long: no time passes."""

    def generator(sim: Sim) -> None:
        numbers = counter().numbers()
        for number in range(1_000):
            assert next(numbers) == number + 1
        assert sim.now() == 1_000

    def worker(sim: Sim) -> None:
        todo: queue.Queue[concurrent.futures.Future[float] | None] = queue.Queue()
        serving = sim.spawn(lambda: counter().work(todo))
        for _ in range(1_000):
            task: concurrent.futures.Future[float] = concurrent.futures.Future()
            todo.put(task)
            assert task.result(timeout=9) == 1_000
        todo.put(None)
        serving.result()

    assert kind(explore(generator, schedules=1, max_steps=2_000_000)) == ""
    assert kind(explore(worker, schedules=1, max_steps=2_000_000)) == ""


def test_polling_with_sleep_sees_the_end(counter: type) -> None:
    """Time passes only when nobody can run."""

    def scene(sim: Sim) -> None:
        it = counter()

        def later() -> None:
            time.sleep(1)
            it.add()

        sim.together(lambda: it.poll_until(1), later)
        assert sim.now() < 1_002

    assert kind(explore(scene, schedules=50)) == ""


def test_a_thread_left_behind_is_a_failure_unless_allowed() -> None:
    """Daemon or not."""

    def scene(_sim: Sim) -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()

    assert kind(explore(scene)) == "thread left behind"
    assert kind(explore(scene, allow_threads_left=True)) == ""


def test_what_a_background_thread_dies_of_is_a_failure() -> None:
    """Nobody would have seen it."""

    def scene(_sim: Sim) -> None:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()

    def unseen(sim: Sim) -> None:
        sim.spawn(lambda: 1 / 0)

    assert kind(explore(scene)) == "background exception"
    assert isinstance(explore(unseen).failure.error, ZeroDivisionError)  # type: ignore[union-attr]


def test_waits_take_simulated_time_only() -> None:
    """Every timed wait of the library, for an hour each."""

    def scene(sim: Sim) -> None:
        hour = 3600
        start = sim.now()
        assert not threading.Lock().acquire() or True
        assert not threading.Event().wait(hour)
        condition = threading.Condition()
        with condition:
            assert not condition.wait(hour)
        assert not threading.Semaphore(0).acquire(timeout=hour)
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=hour)
        with pytest.raises(queue.Empty):
            queue.SimpleQueue().get(timeout=hour)
        with pytest.raises(threading.BrokenBarrierError):
            threading.Barrier(2).wait(hour)
        with pytest.raises(concurrent.futures.TimeoutError):
            concurrent.futures.Future().result(hour)
        time.sleep(hour)
        assert sim.now() == start + 8 * hour == time.monotonic()

    outcome = explore(scene, schedules=5)
    assert outcome.failure is None, outcome.failure


def test_a_wait_longer_than_any_clock_is_an_overflow() -> None:
    """As with a real lock: the longest wait is fine, a longer one raises."""

    def scene(_: Sim) -> None:
        lock = threading.Lock()
        assert lock.acquire(timeout=threading.TIMEOUT_MAX)
        for wait in (threading.TIMEOUT_MAX * 2, float("inf")):
            with pytest.raises(OverflowError):
                lock.acquire(timeout=wait)
            with pytest.raises(OverflowError):
                threading.Event().wait(wait)
        lock.release()

    assert not explore(scene, schedules=1).failure


def test_the_wall_clock_jumps_alone() -> None:
    """`time.time` and `datetime.now` move, `monotonic` does not."""

    def scene(sim: Sim) -> None:
        wall, mono, when = time.time(), time.monotonic(), dt.datetime.now(dt.UTC)
        sim.jump_wall_clock(-100)
        assert time.time() == wall - 100
        assert time.monotonic() == mono
        assert dt.datetime.now(dt.UTC) == when - dt.timedelta(seconds=100)
        assert isinstance(when, dt.datetime)

    outcome = explore(scene, schedules=1)
    assert outcome.failure is None, outcome.failure


def test_clocks_asked_for_by_number_are_simulated() -> None:
    """`clock_gettime` of the monotonic and the wall clock; CPU time and the time outside stay real."""

    def scene(sim: Sim) -> None:
        sim.sleep(5.5)
        sim.jump_wall_clock(-100)
        assert time.clock_gettime(time.CLOCK_MONOTONIC) == time.monotonic()
        assert time.clock_gettime_ns(time.CLOCK_MONOTONIC) == time.monotonic_ns()
        assert time.clock_gettime(time.CLOCK_REALTIME) == time.time()
        assert time.clock_gettime_ns(time.CLOCK_REALTIME) == time.time_ns()
        assert time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) < 1_000

    outcome = explore(scene, schedules=1)
    assert outcome.failure is None, outcome.failure
    before, now = time.monotonic(), time.clock_gettime(time.CLOCK_MONOTONIC)
    assert before <= now <= time.monotonic()


def test_settle_lets_the_others_run_and_no_time_pass() -> None:
    """Until each is finished or blocked."""

    def scene(sim: Sim) -> None:
        seen: list[str] = []
        gate = threading.Event()

        def work() -> None:
            seen.append("started")
            gate.wait()
            time.sleep(5)
            seen.append("done")

        handle = sim.spawn(work)
        before = sim.now()
        sim.settle()
        assert (seen, sim.now()) == (["started"], before)
        gate.set()
        handle.join()
        assert seen == ["started", "done"]

    outcome = explore(scene, schedules=60)
    assert outcome.failure is None, outcome.failure


def test_a_thread_that_swallows_everything_does_not_stop_the_search() -> None:
    """It is parked for good."""

    def stubborn() -> None:
        while True:
            try:  # noqa: SIM105 - that is the point
                threading.Event().wait()
            except BaseException:  # noqa: BLE001, S110 - that is the point
                pass

    def scene(_sim: Sim) -> None:
        threading.Thread(target=stubborn, daemon=True).start()

    assert kind(explore(scene, schedules=3)) == "thread left behind"


def test_locks_stay_ordinary_outside() -> None:
    """After the simulation the same objects work for real threads."""
    lock, seen = threading.RLock(), queue.SimpleQueue[int]()
    with lock:
        thread = threading.Thread(target=lambda: seen.put(1))
        thread.start()
        thread.join(10)
    assert seen.get(timeout=10) == 1
    assert not thread.is_alive()


@pytest.mark.parametrize("plan", [{}, {17: 1, 42: 0}, {1: 25, 2: 26, 3: 700}])
def test_tokens_are_plans(plan: dict[int, int]) -> None:
    """Round trip."""
    assert from_token(to_token(plan)) == plan


@pytest.mark.parametrize("token", ["x", "1", "1a.b", "1a..2b", "1a 2b", ""])
def test_a_bad_token_is_refused_with_the_repair(token: str) -> None:
    """One line."""
    with pytest.raises(ValueError, match="copy it whole"):
        from_token(token)


def test_time_can_pass_while_another_thread_is_stopped() -> None:
    """A clock read before a switch is stale after it; sleepers whose time has come can run."""

    def scene(sim: Sim) -> None:
        seen: list[str] = []

        def sleeper() -> None:
            time.sleep(5)
            seen.append("woken")

        handle = sim.spawn(sleeper)
        sim.settle()
        start = time.monotonic()
        sim.pass_time(6)
        assert time.monotonic() == start + 6
        sim.settle()
        assert seen == ["woken"]
        handle.join()

    outcome = explore(scene, schedules=20)
    assert outcome.failure is None, outcome.failure


def test_numbers_of_threads_are_used_again() -> None:
    """As the system does, but at once: who knows threads by `get_ident()` sees it in every run."""

    def scene(_: Sim) -> None:
        seen: list[int] = []

        def note() -> None:
            me = threading.current_thread()
            assert me.ident == threading.get_ident()
            seen.append(threading.get_ident())

        first, second = threading.Thread(target=note), threading.Thread(target=note)
        first.start()
        second.start()
        first.join()
        second.join()
        third = threading.Thread(target=note)
        third.start()
        third.join()
        assert third.ident == min(seen)
        assert threading.get_ident() == threading.main_thread().ident not in seen

    assert kind(explore(scene, schedules=30)) == ""
    assert threading.get_ident() == threading.main_thread().ident
