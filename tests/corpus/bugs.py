"""Classic thread bugs, one class each, in ordinary code. Every one passes under hammering most of the time."""

import collections
import itertools
import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

TOTAL = 0


class LostUpdate:
    """`+=` on an attribute without a lock."""

    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1


class GlobalLostUpdate:
    """`+=` on a module-level name."""

    def add(self):
        global TOTAL
        TOTAL += 1

    def reset(self):
        global TOTAL
        TOTAL = 0

    def total(self):
        return TOTAL


class ClassLostUpdate:
    """`+=` on a class attribute."""

    n = 0

    def add(self):
        ClassLostUpdate.n += 1


class ClosureLostUpdate:
    """`+=` on a nonlocal name."""

    def __init__(self):
        n = 0

        def add():
            nonlocal n
            n += 1

        self.add = add
        self.get = lambda: n


class CheckThenAct:
    """Withdraw after a check that no longer holds."""

    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()

    def withdraw(self, amount):
        if self.balance < amount:
            return False
        with self.lock:
            self.balance -= amount
        return True


class UnlockedLru:
    """An OrderedDict without a lock: a key can vanish between the test and the move."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.data = collections.OrderedDict()

    def get(self, key):
        if key not in self.data:
            return None
        self.data.move_to_end(key)
        return self.data[key]

    def put(self, key, value):
        self.data[key] = value
        self.data.move_to_end(key)
        if len(self.data) > self.capacity:
            self.data.popitem(last=False)


class DoubleChecked:
    """Double-checked locking without the second check."""

    def __init__(self, factory):
        self.factory = factory
        self.lock = threading.Lock()
        self.instance = None

    def get(self):
        if self.instance is None:
            with self.lock:
                self.instance = self.factory()
        return self.instance


class LockOrder:
    """Two accounts locked in the order of the arguments."""

    def __init__(self):
        self.locks = [threading.Lock(), threading.Lock()]

    def transfer(self, a, b):
        with self.locks[a], self.locks[b]:
            pass


class IfForWhile:
    """`if` around a wait: another consumer was quicker."""

    def __init__(self):
        self.items = collections.deque()
        self.ready = threading.Condition()

    def get(self):
        with self.ready:
            if not self.items:
                self.ready.wait()
            return self.items.popleft()

    def put(self, item):
        with self.ready:
            self.items.append(item)
            self.ready.notify_all()


class NotifyForNotifyAll:
    """One condition for two kinds of waiters, and `notify` wakes the wrong kind."""

    def __init__(self):
        self.items = collections.deque()
        self.changed = threading.Condition()

    def get(self):
        with self.changed:
            while not self.items:
                self.changed.wait()
            item = self.items.popleft()
            self.changed.notify()
            return item

    def put(self, item):
        with self.changed:
            while self.items:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify()


class LostWakeUp:
    """The flag is tested outside the lock: the notify comes between test and wait."""

    def __init__(self):
        self.done = False
        self.cond = threading.Condition()

    def wait(self):
        while not self.done:
            with self.cond:
                self.cond.wait()

    def finish(self):
        self.done = True
        with self.cond:
            self.cond.notify_all()


class IterateWhileMutating:
    """Iterates a live dict while others add to it."""

    def __init__(self):
        self.data = {"a": 1, "b": 2}

    def put(self, key, value):
        self.data[key] = value

    def total(self):
        total = 0
        for value in self.data.values():
            total += value
        return total


class TornRead:
    """Two attributes that belong together, read one after the other."""

    def __init__(self):
        self.low, self.high = 0, 0
        self.lock = threading.Lock()

    def set(self, value):
        with self.lock:
            self.low = value
            self.high = value

    def get(self):
        return self.low, self.high


class OnceWithGap:
    """The lock is given back between the decision and the deed."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done = False
        self.runs = 0

    def run(self):
        with self.lock:
            first = not self.done
        if first:
            self.runs += 1
            with self.lock:
                self.done = True


class ExecutorWithoutLock:
    """Tasks of an executor share a counter."""

    def __init__(self):
        self.n = 0

    def run(self, tasks):
        def task():
            self.n += 1

        with ThreadPoolExecutor(2) as executor:
            for _ in range(tasks):
                executor.submit(task)
        return self.n


class BreakerCheckOutside:
    """A circuit breaker that looks at its state before it takes the lock: two probes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.state = "half-open"
        self.probes = 0

    def call(self):
        if self.state == "half-open":
            with self.lock:
                self.state = "probing"
                self.probes += 1


class MissingJoin:
    """Returns before the workers have finished."""

    def run(self, n):
        out = []
        threads = [threading.Thread(target=out.append, args=(i,)) for i in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads[1:]:
            thread.join()
        return len(out)


class ThreePreemptions:
    """A ticket that is stale only if both threads are interrupted at the wrong places, twice."""

    def __init__(self):
        self.turn = 0
        self.inside = 0
        self.worst = 0
        self.want = [False, False]

    def enter(self, me):
        other = 1 - me
        while self.want[other]:
            time.sleep(0.01)
        self.want[me] = True
        self.inside += 1
        self.worst = max(self.worst, self.inside)
        self.inside -= 1
        self.want[me] = False


class SemaphoreLeak:
    """An exception on the way out keeps the permit."""

    def __init__(self):
        self.permits = threading.Semaphore(1)

    def run(self, job):
        self.permits.acquire()
        result = job()
        self.permits.release()
        return result


class BarrierTooBig:
    """A barrier for more parties than come."""

    def __init__(self, parties):
        self.barrier = threading.Barrier(parties + 1)

    def meet(self):
        self.barrier.wait()


class SetdefaultRace:
    """A list made twice: `if key not in d: d[key] = []`."""

    def __init__(self):
        self.data = {}

    def add(self, key, value):
        if key not in self.data:
            self.data[key] = []
        self.data[key].append(value)


class ResolvedTwice:
    """Two threads both see the future pending."""

    def __init__(self):
        self.future = Future()

    def resolve(self, value):
        if not self.future.done():
            self.future.set_result(value)


class TimerCancelRace:
    """Cancel after the timer has looked, before it acts."""

    def __init__(self):
        self.cancelled = False
        self.fired_after_cancel = False
        self.timer = threading.Timer(1, self.fire)
        self.timer.start()

    def fire(self):
        if not self.cancelled:
            self.work()

    def work(self):
        self.fired_after_cancel = self.cancelled

    def cancel(self):
        self.cancelled = True
        self.timer.cancel()


class StopFlagMissed:
    """The worker blocks in `get` for ever: the flag is looked at too rarely."""

    def __init__(self):
        self.jobs = queue.Queue()
        self.stopped = False
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.stopped:
            self.jobs.get()

    def stop(self):
        self.stopped = True
        self.thread.join()


class AbaStack:
    """A lock-free stack whose compare sees the same head again, with another tail."""

    def __init__(self):
        self.head = ("a", ("b", None))

    def pop(self):
        old = self.head
        if old is None:
            return None
        value, rest = old
        if self.head is old:
            self.head = rest
        return value


class LazyProperty:
    """Computed twice, the second overwrites what the first caller holds."""

    def __init__(self, make):
        self.make = make
        self.cached = None

    @property
    def value(self):
        if self.cached is None:
            self.cached = self.make()
        return self.cached


class PublishedEarly:
    """Registered before it is complete."""

    registry = []

    def __init__(self):
        PublishedEarly.registry.append(self)
        self.name = "complete"

    @classmethod
    def names(cls):
        return [one.name for one in cls.registry]


class ReaderWriter:
    """Readers are counted without a lock: a writer gets in beside one."""

    def __init__(self):
        self.readers = 0
        self.writing = threading.Lock()
        self.bad = False
        self.inside = 0

    def read(self):
        if self.readers == 0:
            self.writing.acquire()
        self.readers += 1
        self.inside += 1
        self.inside -= 1
        self.readers -= 1
        if self.readers == 0:
            self.writing.release()


class FullThenPut:
    """`full()` asked first, then a `put` that must not block."""

    def __init__(self):
        self.queue = queue.Queue(1)

    def offer(self, item):
        if self.queue.full():
            return False
        self.queue.put_nowait(item)
        return True


class ReleasedTooEarly:
    """The value is used after the lock was given back."""

    def __init__(self):
        self.lock = threading.Lock()
        self.items = [1]

    def pop(self):
        with self.lock:
            empty = not self.items
        return None if empty else self.items.pop()


class LockPerCall:
    """Every call makes a lock of its own."""

    def __init__(self):
        self.n = 0

    def add(self):
        with threading.Lock():
            self.n += 1


class SwapOfTwo:
    """Two attributes swapped, one store after the other."""

    def __init__(self):
        self.front, self.back = "a", "b"

    def swap(self):
        self.front, self.back = self.back, self.front

    def both(self):
        return {self.front, self.back}


class DequeIteration:
    """A deque changes size while it is walked."""

    def __init__(self):
        self.items = collections.deque([1, 2, 3])

    def add(self):
        self.items.append(4)

    def total(self):
        return sum(item for item in self.items)


class SharedGenerator:
    """One generator, two threads: ValueError, generator already executing."""

    def __init__(self):
        self.seen = []
        self.numbers = self._count()

    def _count(self):
        for number in itertools.count():
            self.seen.append(number)
            yield number

    def next(self):
        return next(self.numbers)


class BackgroundDeath:
    """A worker dies of what a job raises, and its queue is never served again."""

    def __init__(self):
        self.jobs = queue.Queue()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while (job := self.jobs.get()) is not None:
            job()

    def stop(self):
        self.jobs.put(None)
        self.thread.join()


class AfterYou:
    """Each waits, politely polling, for the other to give up."""

    def __init__(self):
        self.want = [False, False]

    def enter(self, me):
        self.want[me] = True
        while self.want[1 - me]:
            time.sleep(0.01)
        self.want[me] = False


class CallbackUnderLock:
    """Calls its listener with the lock held; the listener comes back."""

    def __init__(self):
        self.lock = threading.Lock()
        self.listener = None

    def fire(self):
        with self.lock:
            if self.listener:
                self.listener()


class SentinelInBoundedQueue:
    """Shutdown puts its sentinel into a full queue that nobody empties any more."""

    def __init__(self):
        self.jobs = queue.Queue(1)

    def submit(self, job):
        self.jobs.put(job)

    def shutdown(self):
        self.jobs.put(None)


class StatsOutside:
    """The value is under the lock, the statistics are not."""

    def __init__(self):
        self.lock = threading.Lock()
        self.data = {"k": 1}
        self.hits = 0

    def get(self, key):
        with self.lock:
            value = self.data[key]
        self.hits += 1
        return value
