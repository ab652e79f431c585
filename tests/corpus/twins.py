"""Right code of the same shapes: no schedule breaks it, and none may be said to."""

import collections
import contextlib
import itertools
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from threading import Lock

MODULE_LOCK = Lock()


class Locked:
    """A counter; how it is guarded is the parameter."""

    class_lock = threading.Lock()

    def __init__(self, guard="Lock"):
        self.n = 0
        self.guard = {
            "Lock": threading.Lock,
            "RLock": threading.RLock,
            "Condition": threading.Condition,
            "Semaphore": threading.Semaphore,
            "BoundedSemaphore": lambda: threading.BoundedSemaphore(1),
            "module": lambda: MODULE_LOCK,
            "class": lambda: Locked.class_lock,
            "stack": self._stack,
        }[guard]()

    def _stack(self):
        lock = threading.Lock()

        class Stack:
            def __enter__(self):
                stack = contextlib.ExitStack()
                stack.enter_context(lock)
                self.stack = stack

            def __exit__(self, *error):
                self.stack.close()

        return Stack()

    def add(self):
        with self.guard:
            self.n += 1

    def add_by_hand(self):
        self.guard.acquire()
        try:
            self.n += 1
        finally:
            self.guard.release()


class Nested:
    """An RLock taken again by the same thread."""

    def __init__(self):
        self.lock = threading.RLock()
        self.n = 0

    def add(self):
        with self.lock:
            self.n += 1

    def twice(self):
        with self.lock:
            self.add()
            self.add()


class Box:
    """One place, a condition for each kind of waiter."""

    def __init__(self):
        self.lock = threading.Lock()
        self.full, self.empty = threading.Condition(self.lock), threading.Condition(self.lock)
        self.items = collections.deque()

    def put(self, item):
        with self.lock:
            while self.items:
                self.empty.wait()
            self.items.append(item)
            self.full.notify()

    def get(self):
        with self.lock:
            self.full.wait_for(lambda: self.items)
            self.empty.notify()
            return self.items.popleft()

    def get_within(self, seconds):
        with self.lock:
            if not self.full.wait_for(lambda: self.items, timeout=seconds):
                return None
            self.empty.notify()
            return self.items.popleft()


class Gate:
    """Opens once."""

    def __init__(self):
        self.event = threading.Event()
        self.value = None

    def open(self, value):
        self.value = value
        self.event.set()

    def wait(self, timeout=None):
        return self.value if self.event.wait(timeout) else None


class Once:
    """Double-checked locking done right."""

    def __init__(self, factory):
        self.factory, self.lock = factory, threading.Lock()
        self.made = None

    def get(self):
        if self.made is None:
            with self.lock:
                if self.made is None:
                    self.made = self.factory()
        return self.made


class Ordered:
    """Locks taken in one order."""

    def __init__(self):
        self.locks = [threading.Lock(), threading.Lock()]
        self.money = [10, 10]

    def transfer(self, a, b):
        first, second = sorted((a, b))
        with self.locks[first], self.locks[second]:
            self.money[a] -= 1
            self.money[b] += 1


class ReaderWriter:
    """Readers together, writers alone."""

    def __init__(self):
        self.cond = threading.Condition()
        self.readers, self.writing = 0, False
        self.log = []

    def read(self):
        with self.cond:
            while self.writing:
                self.cond.wait()
            self.readers += 1
        try:
            return list(self.log)
        finally:
            with self.cond:
                self.readers -= 1
                self.cond.notify_all()

    def write(self, value):
        with self.cond:
            while self.writing or self.readers:
                self.cond.wait()
            self.writing = True
        self.log.append(value)
        with self.cond:
            self.writing = False
            self.cond.notify_all()


class Worker(threading.Thread):
    """A subclass of Thread with a queue and a sentinel."""

    def __init__(self):
        super().__init__()
        self.jobs, self.done = queue.Queue(), []

    def run(self):
        while (job := self.jobs.get()) is not None:
            self.done.append(job * 2)
            self.jobs.task_done()

    def finish(self):
        self.jobs.join()
        self.jobs.put(None)
        self.join()
        return self.done


class Poller:
    """Polls with sleep until a flag is set, with a deadline."""

    def __init__(self):
        self.flag = False

    def set_later(self, seconds):
        time.sleep(seconds)
        self.flag = True

    def poll(self, timeout):
        deadline = time.monotonic() + timeout
        while not self.flag:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        return True


class Locals:
    """Thread-local state."""

    def __init__(self):
        self.local = threading.local()

    def count(self, n):
        self.local.n = 0
        for _ in range(n):
            self.local.n += 1
        return self.local.n


class Atomic:
    """Lock-free by operations that are one call into C."""

    def __init__(self):
        self.data, self.log, self.ids = {}, collections.deque(), itertools.count()

    def claim(self, key, who):
        return self.data.setdefault(key, who)

    def append(self, item):
        self.log.append(item)

    def next_id(self):
        return next(self.ids)


class Snapshot:
    """Copy on write: readers walk a tuple that never changes."""

    def __init__(self):
        self.lock, self.items = threading.Lock(), (1, 2)

    def add(self, item):
        with self.lock:
            self.items = (*self.items, item)

    def total(self):
        total = 0
        for item in self.items:
            total += item
        return total


def relay(kind, items):
    """One producer, one consumer, through a queue of this kind."""
    channel = {
        "Queue": lambda: queue.Queue(1),
        "LifoQueue": lambda: queue.LifoQueue(1),
        "PriorityQueue": lambda: queue.PriorityQueue(1),
        "SimpleQueue": queue.SimpleQueue,
    }[kind]()
    got = []

    def produce():
        for item in items:
            channel.put(item)

    def consume():
        for _ in items:
            got.append(channel.get())

    threads = [threading.Thread(target=produce), threading.Thread(target=consume, daemon=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def executor(how):
    """The same five squares by each way of asking an executor."""
    with ThreadPoolExecutor(2) as pool:
        if how == "map":
            return list(pool.map(lambda x: x * x, range(5)))
        futures = [pool.submit(lambda x=x: x * x) for x in range(5)]
        if how == "as_completed":
            return sorted(future.result() for future in as_completed(futures))
        if how == "wait":
            wait(futures)
        return [future.result() for future in futures]


def barrier(parties):
    """All meet, then go on; one of them is told it is the leader."""
    gate, leaders = threading.Barrier(parties), []

    def party():
        if gate.wait() == 0:
            leaders.append(1)

    threads = [threading.Thread(target=party) for _ in range(parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(leaders)


def timer(cancel):
    """A timer fires after its time, unless it is cancelled before."""
    fired = []
    it = threading.Timer(5, fired.append, ["fired"])
    it.start()
    if cancel:
        time.sleep(1)
        it.cancel()
    it.join()
    return fired


def semaphore_bounds(permits, users):
    """Never more than so many inside."""
    gate, lock, inside, worst = threading.Semaphore(permits), threading.Lock(), [0], [0]

    def use():
        with gate:
            with lock:
                inside[0] += 1
                worst[0] = max(worst[0], inside[0])
            time.sleep(1)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=use) for _ in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return worst[0]
