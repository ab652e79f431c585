"""What is done with each bug and each twin; every scene raises if a promise is broken."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from graders.kit.sim import Sim

Scene = Callable[[Sim], object]


def counts(make: Callable[[], Any], get: Callable[[Any], int], n: int = 2) -> Scene:
    """`n` threads add one each."""

    def scene(sim: Sim) -> None:
        it = make()
        sim.together(*[it.add] * n)
        assert get(it) == n, get(it)

    return scene


def bugs(m: ModuleType) -> dict[str, Scene]:  # noqa: C901, PLR0915 - a table
    """Name of the bug -> a scene in which it shows."""
    table: dict[str, Scene] = {}

    def bug(scene: Scene) -> Scene:
        table[scene.__name__] = scene
        return scene

    table["lost_update"] = counts(m.LostUpdate, lambda it: it.n)
    table["nonlocal_lost_update"] = counts(m.ClosureLostUpdate, lambda it: it.get())
    table["lock_per_call"] = counts(m.LockPerCall, lambda it: it.n)

    @bug
    def global_lost_update(sim: Sim) -> None:
        it = m.GlobalLostUpdate()
        it.reset()
        sim.together(it.add, it.add)
        assert it.total() == 2

    @bug
    def class_lost_update(sim: Sim) -> None:
        m.ClassLostUpdate.n = 0
        sim.together(m.ClassLostUpdate().add, m.ClassLostUpdate().add)
        assert m.ClassLostUpdate.n == 2

    @bug
    def check_then_act(sim: Sim) -> None:
        it = m.CheckThenAct(10)
        got = sim.together(lambda: it.withdraw(7), lambda: it.withdraw(7))
        assert it.balance >= 0, got

    @bug
    def unlocked_lru(sim: Sim) -> None:
        it = m.UnlockedLru(1)
        it.put("a", 1)
        sim.together(lambda: it.get("a"), lambda: it.put("b", 2))

    @bug
    def double_checked(sim: Sim) -> None:
        it = m.DoubleChecked(object)
        one, two = sim.together(it.get, it.get)
        assert one is two

    @bug
    def lock_order(sim: Sim) -> None:
        it = m.LockOrder()
        sim.together(lambda: it.transfer(0, 1), lambda: it.transfer(1, 0))

    @bug
    def if_for_while(sim: Sim) -> None:
        it = m.IfForWhile()
        sim.together(it.get, it.get, lambda: (it.put(1), it.put(2)))

    @bug
    def notify_for_notify_all(sim: Sim) -> None:
        it = m.NotifyForNotifyAll()
        jobs = [it.get, it.get, lambda: it.put(1), lambda: it.put(2), lambda: it.put(3), it.get]
        sim.together(*jobs)

    @bug
    def lost_wake_up(sim: Sim) -> None:
        it = m.LostWakeUp()
        sim.together(it.wait, it.finish)

    @bug
    def iterate_while_mutating(sim: Sim) -> None:
        it = m.IterateWhileMutating()
        sim.together(it.total, lambda: it.put("c", 3))

    @bug
    def torn_read(sim: Sim) -> None:
        it = m.TornRead()
        _, (low, high) = sim.together(lambda: it.set(1), it.get)
        assert low == high

    @bug
    def once_with_gap(sim: Sim) -> None:
        it = m.OnceWithGap()
        sim.together(it.run, it.run)
        assert it.runs == 1

    @bug
    def executor_without_lock(_sim: Sim) -> None:
        assert m.ExecutorWithoutLock().run(3) == 3

    @bug
    def breaker_check_outside(sim: Sim) -> None:
        it = m.BreakerCheckOutside()
        sim.together(it.call, it.call)
        assert it.probes == 1

    @bug
    def missing_join(_sim: Sim) -> None:
        assert m.MissingJoin().run(2) == 2

    @bug
    def three_preemptions(sim: Sim) -> None:
        it = m.ThreePreemptions()
        sim.together(lambda: it.enter(0), lambda: it.enter(1))
        assert it.worst == 1

    @bug
    def semaphore_leak(_sim: Sim) -> None:
        it = m.SemaphoreLeak()
        for job in (lambda: 1 / 0, lambda: 1):
            try:
                it.run(job)
            except ZeroDivisionError:
                continue

    @bug
    def barrier_too_big(sim: Sim) -> None:
        it = m.BarrierTooBig(2)
        sim.together(it.meet, it.meet)

    @bug
    def setdefault_race(sim: Sim) -> None:
        it = m.SetdefaultRace()
        sim.together(lambda: it.add("k", 1), lambda: it.add("k", 2))
        assert sorted(it.data["k"]) == [1, 2]

    @bug
    def resolved_twice(sim: Sim) -> None:
        it = m.ResolvedTwice()
        sim.together(lambda: it.resolve(1), lambda: it.resolve(2))

    @bug
    def timer_cancel_race(sim: Sim) -> None:
        it = m.TimerCancelRace()
        sim.sleep(1)
        it.cancel()
        it.timer.join()
        assert not it.fired_after_cancel

    @bug
    def stop_flag_missed(_sim: Sim) -> None:
        m.StopFlagMissed().stop()

    @bug
    def aba_stack(sim: Sim) -> None:
        it = m.AbaStack()
        one, two = sim.together(it.pop, it.pop)
        assert one != two

    @bug
    def lazy_property(sim: Sim) -> None:
        it = m.LazyProperty(object)
        one, two = sim.together(lambda: it.value, lambda: it.value)
        assert one is two

    @bug
    def published_early(sim: Sim) -> None:
        m.PublishedEarly.registry.clear()
        sim.together(m.PublishedEarly, m.PublishedEarly.names)

    @bug
    def reader_writer(sim: Sim) -> None:
        it = m.ReaderWriter()
        sim.together(it.read, it.read)
        assert not it.writing.locked()

    @bug
    def full_then_put(sim: Sim) -> None:
        it = m.FullThenPut()
        sim.together(lambda: it.offer(1), lambda: it.offer(2))

    @bug
    def released_too_early(sim: Sim) -> None:
        it = m.ReleasedTooEarly()
        sim.together(it.pop, it.pop)

    @bug
    def swap_of_two(sim: Sim) -> None:
        it = m.SwapOfTwo()
        _, seen = sim.together(it.swap, it.both)
        assert seen == {"a", "b"}

    @bug
    def deque_iteration(sim: Sim) -> None:
        it = m.DequeIteration()
        sim.together(it.total, it.add)

    @bug
    def shared_generator(sim: Sim) -> None:
        it = m.SharedGenerator()
        sim.together(it.next, it.next)

    @bug
    def background_death(_sim: Sim) -> None:
        it = m.BackgroundDeath()
        it.jobs.put(lambda: 1 / 0)
        it.stop()

    @bug
    def after_you(sim: Sim) -> None:
        it = m.AfterYou()
        sim.together(lambda: it.enter(0), lambda: it.enter(1))

    @bug
    def callback_under_lock(_sim: Sim) -> None:
        it = m.CallbackUnderLock()
        it.listener = it.fire
        it.fire()

    @bug
    def sentinel_in_bounded_queue(_sim: Sim) -> None:
        it = m.SentinelInBoundedQueue()
        it.submit(1)
        it.shutdown()

    @bug
    def stats_outside(sim: Sim) -> None:
        it = m.StatsOutside()
        sim.together(lambda: it.get("k"), lambda: it.get("k"))
        assert it.hits == 2

    return table


def twins(m: ModuleType) -> dict[str, Scene]:  # noqa: C901, PLR0915 - a table
    """Name of the right version -> a scene in which nothing may be found."""
    table: dict[str, Scene] = {}

    def right(scene: Scene) -> Scene:
        table[scene.__name__] = scene
        return scene

    guards = "Lock RLock Condition Semaphore BoundedSemaphore module class stack".split()
    for guard in guards:
        table[f"guard_{guard}"] = counts(lambda guard=guard: m.Locked(guard), lambda it: it.n, 3)

    @right
    def lock_by_hand(sim: Sim) -> None:
        it = m.Locked()
        sim.together(it.add_by_hand, it.add_by_hand)
        assert it.n == 2

    @right
    def nested_rlock(sim: Sim) -> None:
        it = m.Nested()
        sim.together(it.twice, it.add)
        assert it.n == 3

    @right
    def two_conditions(sim: Sim) -> None:
        it = m.Box()
        got = sim.together(it.get, it.get, lambda: it.put(1), lambda: it.put(2))
        assert sorted(got[:2]) == [1, 2]

    @right
    def condition_with_timeout(sim: Sim) -> None:
        it = m.Box()
        start = sim.now()
        assert it.get_within(5) is None
        assert sim.now() == start + 5
        got = sim.together(lambda: it.get_within(5), lambda: it.put(1))
        assert got[0] == 1

    @right
    def event_opens(sim: Sim) -> None:
        it = m.Gate()
        assert it.wait(3) is None
        assert sim.together(it.wait, it.wait, lambda: it.open("v"))[:2] == ["v", "v"]

    @right
    def double_checked_right(sim: Sim) -> None:
        it = m.Once(object)
        one, two, three = sim.together(it.get, it.get, it.get)
        assert one is two is three

    @right
    def ordered_locks(sim: Sim) -> None:
        it = m.Ordered()
        sim.together(lambda: it.transfer(0, 1), lambda: it.transfer(1, 0))
        assert it.money == [10, 10]

    @right
    def reader_writer(sim: Sim) -> None:
        it = m.ReaderWriter()
        sim.together(it.read, lambda: it.write(1), it.read)
        assert it.log == [1]

    @right
    def thread_subclass(_sim: Sim) -> None:
        it = m.Worker()
        it.start()
        for job in (1, 2, 3):
            it.jobs.put(job)
        assert it.finish() == [2, 4, 6]

    @right
    def polling(sim: Sim) -> None:
        it = m.Poller()
        assert not it.poll(1)
        assert sim.together(lambda: it.poll(10), lambda: it.set_later(3))[0]

    @right
    def thread_locals(sim: Sim) -> None:
        it = m.Locals()
        assert sim.together(lambda: it.count(3), lambda: it.count(4)) == [3, 4]

    @right
    def atomic_claim(sim: Sim) -> None:
        it = m.Atomic()
        one, two = sim.together(lambda: it.claim("k", 1), lambda: it.claim("k", 2))
        assert one == two

    @right
    def atomic_append(sim: Sim) -> None:
        it = m.Atomic()
        sim.together(lambda: it.append(1), lambda: it.append(2))
        assert sorted(it.log) == [1, 2]

    @right
    def atomic_count(sim: Sim) -> None:
        it = m.Atomic()
        assert sorted(sim.together(it.next_id, it.next_id, it.next_id)) == [0, 1, 2]

    @right
    def copy_on_write(sim: Sim) -> None:
        it = m.Snapshot()
        total = sim.together(it.total, lambda: it.add(3), lambda: it.add(4))[0]
        assert total in {3, 6, 7, 10}

    for kind in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"):

        def through(_sim: Sim, kind: str = kind) -> None:
            assert sorted(m.relay(kind, [1, 2, 3])) == [1, 2, 3]

        table[f"relay_{kind}"] = through
    for how in ("map", "submit", "as_completed", "wait"):

        def squares(_sim: Sim, how: str = how) -> None:
            assert m.executor(how) == [0, 1, 4, 9, 16]

        table[f"executor_{how}"] = squares
    for parties in (2, 3):

        def meet(_sim: Sim, parties: int = parties) -> None:
            assert m.barrier(parties) == 1

        table[f"barrier_{parties}"] = meet
    for cancel in (False, True):

        def timed(sim: Sim, cancel: bool = cancel) -> None:  # noqa: FBT001
            start = sim.now()
            assert m.timer(cancel) == ([] if cancel else ["fired"])
            assert sim.now() == start + (1 if cancel else 5)

        table[f"timer_{'cancelled' if cancel else 'fires'}"] = timed
    for permits, users in ((1, 3), (2, 3)):

        def bounded(sim: Sim, permits: int = permits, users: int = users) -> None:
            start = sim.now()
            assert m.semaphore_bounds(permits, users) == permits
            assert sim.now() - start == -(-users // permits)

        table[f"semaphore_{permits}_of_{users}"] = bounded
    return table
