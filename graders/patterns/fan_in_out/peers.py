"""The standard library's executor behind the contract, and right versions in two other styles."""

import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, ClassVar, Self

from contracts.patterns.fan_in_out import Stage

Function = Callable[[Any], Any]


def _check(items: Any, stage: Any, workers: Any, buffer: Any) -> Iterator[Any]:
    for name, value, least in (("workers", workers, 1), ("buffer", buffer, 0)):
        if not isinstance(value, int):
            raise TypeError(f"{name}: {value!r}")
        if value < least:
            raise ValueError(f"{name}: {value!r}")
    if not callable(stage):
        raise TypeError(f"stage: {stage!r}")
    try:
        return iter(items)
    except TypeError as error:
        raise TypeError(f"items: {error}") from None


def _chain(fan_out_in: Callable[..., Any], items: Any, stages: tuple[Stage, ...]) -> Any:
    if not stages:
        raise ValueError("stages: none")
    for each in stages:
        if not isinstance(each, Stage):
            raise TypeError(f"stages: {each!r}")
        items = fan_out_in(items, each.stage, each.workers, each.buffer, each.ordered)
    return items


def _close(source: Any) -> None:
    close = getattr(source, "close", None)
    if close is not None:
        close()


class FeederAndQueues:
    """One thread feeds a queue of items, workers feed a queue of outcomes, a generator reads it.

    The generator is the textbook's lazy iterator; a small handle around it lets one thread in at a time, and wakes it
    when another wants to close. Places are a semaphore.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Shop:
        """The threads and their queues."""

        def __init__(self, source: Any, stage: Function, workers: int, buffer: int) -> None:
            self.source, self.stage, self.workers = source, stage, workers
            self.places = threading.Semaphore(workers + buffer)
            self.inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
            self.outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
            self.no_more = self.stopped = False
            self.threads: list[threading.Thread] = []

        def start(self) -> None:
            jobs = [*[self.serve] * self.workers, self.feed]  # the feeder waits for the others
            self.threads = [threading.Thread(target=job) for job in jobs]
            for thread in self.threads:
                thread.start()

        def feed(self) -> None:
            number = 0
            try:
                while True:
                    self.places.acquire()
                    if self.no_more:
                        return
                    item = next(self.source)
                    self.inbox.put([number, item])
                    del item
                    number += 1
            except StopIteration:
                pass
            except BaseException as error:
                self.outbox.put(("source failed", error))
            finally:
                for _ in range(self.workers):
                    self.inbox.put(None)
                for thread in self.threads[:-1]:
                    thread.join()
                _close(self.source)
                self.outbox.put(("over", None))

        def serve(self) -> None:
            while self.serve_one():
                pass

        def serve_one(self) -> bool:
            entry = self.inbox.get()
            if entry is None:
                return False
            number, item = entry
            if self.stopped:
                return True
            try:
                outcome = [True, self.stage(item)]
            except BaseException as error:
                self.no_more = True
                self.places.release()
                outcome = [False, error]
            self.outbox.put((number, outcome))
            return True

        def stop(self) -> None:
            self.no_more = self.stopped = True
            self.places.release()
            self.outbox.put(("stop", None))

        def owns(self, thread: threading.Thread) -> bool:
            inner = getattr(self.source, "shop", None)
            return thread in self.threads or (inner is not None and inner.owns(thread))

        def join(self) -> None:
            if not self.owns(threading.current_thread()):
                for thread in self.threads:
                    thread.join()
                while not self.outbox.empty():
                    self.outbox.get()

    @staticmethod
    def outcomes(shop: Any, ordered: bool) -> Iterator[list[Any]]:
        """As they come, or sorted; one-element lists, so that nobody keeps a value."""
        early: dict[int, list[Any]] = {}
        turn, failure = 0, None
        while not shop.stopped:
            number, outcome = shop.outbox.get()
            if number == "over":
                if failure is not None:
                    yield [False, failure]
                return
            if number == "source failed":
                failure = outcome
            elif number != "stop" and not ordered:
                yield outcome
            elif number != "stop":
                early[number] = outcome
                del outcome
                while turn in early and not shop.stopped:
                    yield early.pop(turn)
                    turn += 1
            outcome = None

    @staticmethod
    def read(shop: Any, ordered: bool) -> Iterator[Any]:
        shop.start()
        try:
            for outcome in FeederAndQueues.outcomes(shop, ordered):
                if not outcome[0]:
                    raise outcome[1]
                shop.places.release()
                yield outcome.pop()
        finally:
            shop.stop()
            shop.join()

    class Handle:
        """One thread at a time in the generator."""

        def __init__(self, shop: Any, ordered: bool) -> None:
            self.shop, self.gate = shop, threading.Lock()
            self.generator: Any = FeederAndQueues.read(shop, ordered)

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> Any:
            with self.gate:
                return next(self.generator)

        def close(self) -> None:
            self.shop.stop()
            if not self.shop.owns(threading.current_thread()):
                with self.gate:
                    self.generator.close()

    @staticmethod
    def fan_out_in(
        items: Iterable[Any], stage: Function, workers: int, buffer: int = 0, ordered: bool = True
    ) -> Any:
        source = _check(items, stage, workers, buffer)
        shop = FeederAndQueues.Shop(source, stage, workers, buffer)
        return FeederAndQueues.Handle(shop, ordered)

    @staticmethod
    def pipeline(items: Iterable[Any], *stages: Stage) -> Any:
        return _chain(FeederAndQueues.fan_out_in, items, stages)


class OneMonitor:
    """One condition for everything, a window of cells in place of numbers, a flag for who reads the source."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Floor:
        """A cell is [state, value]: 'asked', 'good', 'bad'; the window holds those that are ahead."""

        def __init__(self, source: Any, stage: Function, size: int, ordered: bool) -> None:
            self.source, self.stage, self.size, self.ordered = source, stage, size, ordered
            self.monitor = threading.Condition()
            self.window: deque[list[Any]] = deque()
            self.ready: deque[list[Any]] = deque()
            self.busy = self.dry = self.shut = False
            self.failure: list[Any] | None = None
            self.crew: list[threading.Thread] = []
            self.left = -1

        def begin(self, workers: int) -> None:
            with self.monitor:
                if self.left != -1 or self.shut:
                    return
                self.left = workers
                self.crew = [threading.Thread(target=self.work) for _ in range(workers)]
                for thread in self.crew:
                    thread.start()

        def work(self) -> None:
            while (cell := self.fetch()) is not None:
                self.treat(cell)
                del cell
            with self.monitor:
                self.left -= 1
                if self.left:
                    return
            _close(self.source)
            with self.monitor:
                self.left = -2
                self.monitor.notify_all()

        def fetch(self) -> list[Any] | None:
            with self.monitor:
                self.monitor.wait_for(
                    lambda: self.dry or (not self.busy and len(self.window) < self.size)
                )
                if self.dry:
                    return None
                self.busy = True
                cell: list[Any] = ["asked", None]
                self.window.append(cell)
            state, value = "asked", None
            try:
                value = next(self.source)
            except BaseException as error:
                state, value = "end", error
            with self.monitor:
                self.busy = False
                self.monitor.notify_all()
                if state == "end":
                    self.dry = True
                    if not isinstance(value, StopIteration):
                        self.failure = ["bad", value]
                if state == "end" and self.window:
                    self.window.pop()  # nobody else has put a cell there meanwhile
                if state == "end" or self.shut:
                    return None
            cell[1] = value
            return cell

        def treat(self, cell: list[Any]) -> None:
            try:
                outcome = ["good", self.stage(cell[1])]
            except StopIteration as error:
                outcome = ["bad", RuntimeError("StopIteration")]
                outcome[1].__cause__ = error
            except BaseException as error:
                outcome = ["bad", error]
            with self.monitor:
                if outcome[0] == "bad":
                    self.dry = True
                if self.shut:
                    return
                cell[:] = outcome
                self.ready.append(cell)
                self.monitor.notify_all()

        def next_cell(self) -> list[Any] | None:
            if self.ordered:
                return self.window[0] if self.window and self.window[0][0] != "asked" else None
            return self.ready[0] if self.ready else None

        def hand_out(self) -> list[Any] | None:
            with self.monitor:
                self.monitor.wait_for(lambda: self.shut or self.next_cell() or self.left == -2)
                if self.shut:
                    return None
                cell = self.next_cell()
                if cell is None:
                    cell, self.failure = self.failure, None
                    return cell
                for cells in (self.window, self.ready):
                    place = next(n for n, other in enumerate(cells) if other is cell)
                    del cells[place]
                self.monitor.notify_all()
                return cell

        def finish(self) -> None:
            with self.monitor:
                self.shut = self.dry = True
                self.window.clear()
                self.ready.clear()
                self.monitor.notify_all()

        def has(self, thread: threading.Thread) -> bool:
            inner = getattr(self.source, "floor", None)
            return thread in self.crew or (inner is not None and inner.has(thread))

    class Reader:
        """`weakref.finalize` in place of `__del__`."""

        __slots__ = ("__weakref__", "floor", "workers")

        def __init__(self, floor: Any, workers: int) -> None:
            self.floor, self.workers = floor, workers
            weakref.finalize(self, floor.finish).atexit = False

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> Any:
            self.floor.begin(self.workers)
            cell = self.floor.hand_out()
            if cell is None or cell[0] == "bad":
                self.close()
                raise StopIteration if cell is None else cell[1]
            return cell[1]

        def close(self) -> None:
            self.floor.finish()
            if not self.floor.has(threading.current_thread()):
                for thread in self.floor.crew:
                    thread.join()

    @staticmethod
    def fan_out_in(
        items: Iterable[Any], stage: Function, workers: int, buffer: int = 0, ordered: bool = True
    ) -> Any:
        source = _check(items, stage, workers, buffer)
        return OneMonitor.Reader(
            OneMonitor.Floor(source, stage, workers + buffer, ordered), workers
        )

    @staticmethod
    def pipeline(items: Iterable[Any], *stages: Stage) -> Any:
        return _chain(OneMonitor.fan_out_in, items, stages)


class ExecutorMap:
    """concurrent.futures, as most people do it: Executor.map in order, as_completed otherwise.

    It reads the whole source before it hands anything out; python/cpython issue 74028.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P1": "two readers at once are a ValueError of the generator",
        "P3": "the whole source is read at the first next()",
        "P4": "items go into the stage although no place is free",
        "P5": "no result is handed out before the source is at its end",
        "P6": "where the stage raises, the source is read to its end all the same",
        "P7": "an error of the source comes before all results, and one that is false is no error",
        "P8": "it goes on after an error that is false",
        "P9": "close() while another thread waits is a ValueError of the generator",
        "P11": "as_completed keeps the futures, and they keep their results",
        "P12": "each stage is finished for all items before the next begins",
    }

    class Handle:
        """The executor lives as long as somebody reads."""

        def __init__(self, source: Any, stage: Function, workers: int, ordered: bool) -> None:
            self.results = self.read(source, stage, workers, ordered)

        @staticmethod
        def read(source: Any, stage: Function, workers: int, ordered: bool) -> Iterator[Any]:
            executor = ThreadPoolExecutor(workers)
            try:
                if ordered:
                    yield from executor.map(stage, source)
                else:
                    for future in as_completed([executor.submit(stage, item) for item in source]):
                        yield future.result()
            finally:
                executor.shutdown(cancel_futures=True)
                _close(source)

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> Any:
            return next(self.results)

        def close(self) -> None:
            self.results.close()  # type: ignore[attr-defined]

    @staticmethod
    def fan_out_in(
        items: Iterable[Any], stage: Function, workers: int, buffer: int = 0, ordered: bool = True
    ) -> Any:
        return ExecutorMap.Handle(_check(items, stage, workers, buffer), stage, workers, ordered)

    @staticmethod
    def pipeline(items: Iterable[Any], *stages: Stage) -> Any:
        return _chain(ExecutorMap.fan_out_in, items, stages)
