"""Fan out, fan in: workers that fetch for themselves, and a reader they do not know.

Each worker asks the source, calls the stage and puts the outcome where the reader takes it. There is no thread that
feeds them and no queue of items: the bound is a count of free places, taken before the source is asked and given
back when a result is handed out.

* Two objects: `Results` is in the reader's hands, `_Line` is what the workers hold. When the reader drops the first,
  nothing refers to it any more, and its end reaches the second. A worker that held the reader's object would keep it
  alive, and itself with it, for ever.
* `_reading` is held by the worker that waits for a place or for the source; `_lock` for a few lines only. So a source
  that takes its time holds up no result.
* The last worker to leave closes the source. Whoever has to wait for the end waits for the workers, and a finalizer,
  which may run in any thread and at any moment, waits for nobody. That moment may be inside a worker's critical
  section: `_lock` is reentrant for that.
* An error in a worker becomes an outcome. An error of the source is kept back until nobody works any more, since
  everything it has given comes first.

* The threads are daemons: an iterator that is forgotten in a global variable must not keep the program from ending.

Trade-offs: no item is fetched before a worker is free for it, so that a buffer hides a slow reader and an uneven
stage, but not a source that comes in bursts while all workers are busy; a feeding thread would. A class costs more
lines than a generator, which cannot be closed while another thread waits in it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Self

from contracts.patterns.fan_in_out import Stage


class _Returned(NamedTuple):
    value: Any


class _Raised(NamedTuple):
    error: BaseException


_Outcome = _Returned | _Raised


class _InOrder:
    """Outcomes by number; the one whose turn it is comes next."""

    def __init__(self) -> None:
        self._turn, self._ready = 0, dict[int, _Outcome]()

    def put(self, number: int, outcome: _Outcome) -> None:
        self._ready[number] = outcome

    def take(self) -> _Outcome:
        self._turn += 1
        return self._ready.pop(self._turn - 1)

    def __bool__(self) -> bool:
        return self._turn in self._ready


class _AsReady:
    """Outcomes in the order in which they arrive."""

    def __init__(self) -> None:
        self._ready = deque[_Outcome]()

    def put(self, _number: int, outcome: _Outcome) -> None:
        self._ready.append(outcome)

    def take(self) -> _Outcome:
        return self._ready.popleft()

    def __bool__(self) -> bool:
        return bool(self._ready)


class _Line:
    """What workers and reader share. The workers hold this, never the reader's object."""

    def __init__(
        self, source: Iterator[Any], stage: Callable[[Any], Any], places: int, ordered: bool
    ) -> None:
        self._source, self._stage, self._places = source, stage, places
        self._outcomes: _InOrder | _AsReady = _InOrder() if ordered else _AsReady()
        self._asked = self._working = 0
        self._dry = self._stopped = self._over = False
        self._last_word: _Outcome | None = None
        self._threads: list[threading.Thread] = []
        self._reading, self._lock = threading.Lock(), threading.RLock()
        self._room, self._news = (threading.Condition(self._lock) for _ in range(2))

    # The reader's side.

    def start(self, workers: int) -> None:
        """Start the workers, once; not after a stop."""
        with self._lock:
            while len(self._threads) < workers and not self._stopped:
                thread = threading.Thread(target=self._work, daemon=True)
                thread.start()
                self._threads.append(thread)
                self._working += 1

    def take(self) -> _Outcome | None:
        """The next outcome, and its place is free; None = the end."""
        with self._lock:
            self._news.wait_for(lambda: self._outcomes or self._stopped or self._over)
            if self._stopped:
                return None
            if not self._outcomes:
                outcome, self._last_word = self._last_word, None
                return outcome
            outcome = self._outcomes.take()
            self._places += 1
            self._room.notify()
            if self._outcomes:
                self._news.notify()  # for another reader, who found it too early
            return outcome

    def stop(self) -> None:
        """From now on nothing begins. Waits for nobody: this is also what a finalizer calls."""
        with self._lock:
            self._stopped = True
            dropped, self._outcomes = self._outcomes, _AsReady()
            self._room.notify()
        del dropped  # only now: its finalizers may do anything

    def join(self) -> None:
        """Wait until no worker is left; a worker, or what it waits for, does not."""
        if not self.has(threading.current_thread()):
            for thread in self._threads:
                thread.join()

    def has(self, thread: threading.Thread) -> bool:
        """Whether it is one of the workers, here or in a stage before."""
        return thread in self._threads or (
            isinstance(self._source, Results) and self._source.line.has(thread)
        )

    # The workers' side.

    def _work(self) -> None:
        try:
            while not (self._dry or self._stopped):
                self._do_one()
        finally:
            self._leave()

    def _do_one(self) -> None:
        """Fetch an item and put it through the stage."""
        with self._reading:
            number = self._take_place()
            if number is None:
                return
            try:
                item = next(self._source)
            except BaseException as error:  # noqa: BLE001 - the reader gets it, whatever it is
                self._end_of_source(error)
                return
        if not self._stopped:
            self._put(number, self._outcome_of(item))

    def _take_place(self) -> int | None:
        """Wait for a place; the number of the item that may be asked for, or None."""
        with self._lock:
            self._room.wait_for(lambda: self._places or self._stopped or self._dry)
            if self._stopped or self._dry:
                return None
            self._places -= 1
            self._asked += 1
            return self._asked - 1

    def _end_of_source(self, error: BaseException) -> None:
        """Only the worker that holds `_reading` comes here."""
        self._dry = True
        if not isinstance(error, StopIteration):
            self._last_word = _Raised(error)

    def _outcome_of(self, item: Any) -> _Outcome:
        try:
            return _Returned(self._stage(item))
        except StopIteration as error:
            wrapped = RuntimeError("the stage raised StopIteration")
            wrapped.__cause__ = error
            return _Raised(wrapped)
        except BaseException as error:  # noqa: BLE001 - the reader gets it, whatever it is
            return _Raised(error)

    def _put(self, number: int, outcome: _Outcome) -> None:
        with self._lock:
            if not self._stopped:
                self._outcomes.put(number, outcome)
            if isinstance(outcome, _Raised):
                self._dry = True
            self._news.notify()

    def _leave(self) -> None:
        with self._lock:
            self._working -= 1
            if self._working:
                return
        try:
            getattr(self._source, "close", _nothing)()
        finally:
            with self._lock:
                self._over = True
                self._news.notify_all()


class Results:
    """What the reader holds. Thread-safe."""

    def __init__(self, line: _Line, workers: int) -> None:
        self.line, self._workers = line, workers

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        self.line.start(self._workers)
        outcome = self.line.take()
        if isinstance(outcome, _Returned):
            return outcome.value
        self.close()
        raise outcome.error if outcome else StopIteration

    def close(self) -> None:
        """End it and wait for the workers."""
        self.line.stop()
        self.line.join()

    def __del__(self) -> None:
        self.line.stop()


def fan_out_in(
    items: Iterable[Any],
    stage: Callable[[Any], Any],
    workers: int,
    buffer: int = 0,
    ordered: bool = True,
) -> Results:
    """Put every item through `stage` in `workers` threads. Constant cost per item."""
    if not callable(stage):
        raise TypeError(f"stage must be callable, not {stage!r}")
    _refuse_below(1, "workers", workers)
    _refuse_below(0, "buffer", buffer)
    return Results(_Line(_iterator(items), stage, workers + buffer, ordered), workers)


def pipeline(items: Iterable[Any], *stages: Stage) -> Results:
    """Put every item through all stages, one over the other."""
    if not stages:
        raise ValueError("stages must be at least one, got none")
    for stage in stages:
        if not isinstance(stage, Stage):
            raise TypeError(f"stages must be Stage, not {stage!r}")
        items = fan_out_in(items, stage.stage, stage.workers, stage.buffer, stage.ordered)
    return items  # type: ignore[return-value]


def _iterator(items: Iterable[Any]) -> Iterator[Any]:
    try:
        return iter(items)
    except TypeError as error:
        raise TypeError(f"items must be iterable, not {type(items).__name__}") from error


def _refuse_below(least: int, name: str, value: object) -> None:
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")


def _nothing() -> None:
    """Close a source that has nothing to close."""
