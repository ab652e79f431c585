"""Fans that are almost right: one wrong idea each, and the promise it breaks."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from contracts.patterns.fan_in_out import Stage
from solutions.patterns import fan_in_out as reference


def made_of(
    line: Any = reference._Line, results: Any = reference.Results
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """fan_out_in and pipeline as the reference's, with other parts."""

    def fan_out_in(
        items: Iterable[Any],
        stage: Callable[[Any], Any],
        workers: int,
        buffer: int = 0,
        ordered: bool = True,
    ) -> Any:
        reference.fan_out_in((), stage, workers, buffer, ordered)
        source = reference._iterator(items)
        return results(line(source, stage, workers + buffer, ordered), workers)

    return fan_out_in, chained(fan_out_in)


def chained(fan_out_in: Callable[..., Any]) -> Callable[..., Any]:
    """A pipeline of it."""

    def pipeline(items: Any, *stages: Stage) -> Any:
        reference.pipeline((), *stages)
        for each in stages:
            items = fan_out_in(items, each.stage, each.workers, each.buffer, each.ordered)
        return items

    return pipeline


class ExceptionsAreErrors:
    """A stage that returns an exception has it raised: value and error share one slot."""

    breaks = "P1"

    class Line(reference._Line):
        def _outcome_of(self, item: Any) -> Any:
            outcome = super()._outcome_of(item)
            value = getattr(outcome, "value", None)
            return reference._Raised(value) if isinstance(value, BaseException) else outcome

    fan_out_in, pipeline = made_of(Line)


class WokenTooEarlyAndNeverAgain:
    """A reader who is woken before its turn goes to sleep again, and nobody wakes it when the turn comes."""

    breaks = "P5"

    class Line(reference._Line):
        def take(self) -> Any:
            with self._lock:
                self._news.wait_for(lambda: self._outcomes or self._stopped or self._over)
                if self._stopped or not self._outcomes:
                    return super().take()
                outcome = self._outcomes.take()
                self._places += 1
                self._room.notify()
                return outcome

    fan_out_in, pipeline = made_of(Line)


class StartsInTheCall:
    """Reads ahead as soon as it is made, as Executor.map does: python/cpython issue 74028."""

    breaks = "P2"

    class Results(reference.Results):
        def __init__(self, line: Any, workers: int) -> None:
            super().__init__(line, workers)
            line.start(workers)

    fan_out_in, pipeline = made_of(results=Results)


class ClosesWhatItNeverTouched:
    """close() before the first next() closes the source, which somebody else may still want."""

    breaks = "P2"

    class Results(reference.Results):
        def close(self) -> None:
            super().close()
            if not self.line._threads:
                getattr(self.line._source, "close", reference._nothing)()

    fan_out_in, pipeline = made_of(results=Results)


class PlaceBackWhenTheCallEnds:
    """Counts the items in the stage, not the results nobody has read: python/cpython issue 101586."""

    breaks = "P3"

    class Line(reference._Line):
        def _put(self, number: int, outcome: Any) -> None:
            super()._put(number, outcome)
            with self._lock:
                self._places += 1
                self._room.notify()

        def take(self) -> Any:
            outcome = super().take()
            with self._lock:
                self._places -= 1
            return outcome

    fan_out_in, pipeline = made_of(Line)


class OneInTheHand:
    """Asks the source first and then waits for a place: one item more than allowed is ahead."""

    breaks = "P3"

    class Line(reference._Line):
        def __init__(self, source: Any, stage: Any, places: int, ordered: bool) -> None:
            super().__init__(source, stage, places, ordered)
            self._source: Any = Eager(source)

    fan_out_in, pipeline = made_of(Line)


class Eager:
    """Asks for one item more than was asked of it."""

    def __init__(self, source: Iterator[Any]) -> None:
        self._source, self._next = source, deque[Callable[[], Any]]()
        self.line = getattr(source, "line", None)

    def __next__(self) -> Any:
        if not self._next:
            self._next.append(self._ask())
        if self._next[0].__name__ == "give":
            self._next.append(self._ask())
        return self._next.popleft()()

    def _ask(self) -> Callable[[], Any]:
        try:
            item = next(self._source)
        except BaseException as error:
            failure = error

            def fail() -> Any:
                raise failure

            return fail

        def give() -> Any:
            return item

        return give

    def close(self) -> None:
        getattr(self._source, "close", reference._nothing)()


class ABufferForEachWorker:
    """`buffer` places for every worker: with one worker, as in most tests, it is right."""

    breaks = "P3"

    @staticmethod
    def fan_out_in(
        items: Any, stage: Any, workers: int, buffer: int = 0, ordered: bool = True
    ) -> Any:
        reference.fan_out_in((), stage, workers, buffer, ordered)
        return reference.fan_out_in(items, stage, workers, workers * buffer, ordered)

    pipeline = chained(fan_out_in)


class AThreadForEachItem:
    """Every stage call gets a new thread: what a stage keeps per thread, a connection, is made each time."""

    breaks = "P4"

    class Line(reference._Line):
        def _outcome_of(self, item: Any) -> Any:
            box: list[Any] = []
            work = super()._outcome_of
            thread = threading.Thread(target=lambda: box.append(work(item)))
            self._threads.append(thread)
            thread.start()
            thread.join()
            self._threads.remove(thread)
            return box.pop()

    fan_out_in, pipeline = made_of(Line)


class LooksEverySoOften:
    """Workers without a place look again every 50 ms."""

    breaks = "P5"

    class Line(reference._Line):
        def _take_place(self) -> int | None:
            with self._lock:
                while not (self._places or self._stopped or self._dry):
                    self._room.wait(0.05)
            return super()._take_place()

    fan_out_in, pipeline = made_of(Line)


class SearchesTheWindow:
    """What is ready lies in a list that is searched for the next number."""

    breaks = "P5"

    class Window:
        def __init__(self) -> None:
            self.turn, self.ready = 0, list[tuple[int, Any]]()

        def put(self, number: int, outcome: Any) -> None:
            self.ready.append((number, outcome))

        def find(self) -> int:
            for place, (number, _) in enumerate(self.ready):
                if number == self.turn:
                    return place
            return -1

        def take(self) -> Any:
            outcome = self.ready.pop(self.find())[1]
            self.turn += 1
            return outcome

        def __bool__(self) -> bool:
            return self.find() >= 0

    class Line(reference._Line):
        def __init__(self, source: Any, stage: Any, places: int, ordered: bool) -> None:
            super().__init__(source, stage, places, ordered)
            if ordered:
                self._outcomes: Any = SearchesTheWindow.Window()

    fan_out_in, pipeline = made_of(Line)


class EverybodyReads:
    """No lock around the source: a generator raises "already executing". As joblib issue 56."""

    breaks = "P6"

    class Line(reference._Line):
        def __init__(self, source: Any, stage: Any, places: int, ordered: bool) -> None:
            super().__init__(source, stage, places, ordered)
            self._reading = threading.Semaphore(places)  # type: ignore[assignment]

    fan_out_in, pipeline = made_of(Line)


class EverybodySeesTheEnd:
    """As many ends as workers: each goes on until it has met one itself; a queue would block the second."""

    breaks = "P6"

    class Line(reference._Line):
        _ends = 0

        def _end_of_source(self, error: BaseException) -> None:
            self._ends += 1
            if self._ends >= len(self._threads) or not isinstance(error, StopIteration):
                super()._end_of_source(error)

    fan_out_in, pipeline = made_of(Line)


class ClosesAfterClose:
    """The source is closed by close() and at the normal end, but not when an error ends it."""

    breaks = "P6"

    class Line(reference._Line):
        def _leave(self) -> None:
            if self._dry and any(isinstance(each, reference._Raised) for each in self._seen):
                self._source: Any = iter(())
            super()._leave()

        def __init__(self, source: Any, stage: Any, places: int, ordered: bool) -> None:
            super().__init__(source, stage, places, ordered)
            self._seen: list[Any] = []

        def _put(self, number: int, outcome: Any) -> None:
            if isinstance(outcome, reference._Raised):
                self._seen.append(outcome)
            super()._put(number, outcome)

    fan_out_in, pipeline = made_of(Line)


class SourceErrorIsTheEnd:
    """A source that raises looks like one that has ended: results are missing, in silence. As joblib issue 1489."""

    breaks = "P7"

    class Line(reference._Line):
        def _end_of_source(self, error: BaseException) -> None:
            super()._end_of_source(StopIteration())

    fan_out_in, pipeline = made_of(Line)


class StageEndsTheLoop:
    """A stage's StopIteration leaves next() as it is, and the reader's loop ends as if all were read."""

    breaks = "P7"

    class Line(reference._Line):
        def _outcome_of(self, item: Any) -> Any:
            outcome = super()._outcome_of(item)
            error = getattr(outcome, "error", None)
            cause = error.__cause__ if error is not None else None
            return reference._Raised(cause) if isinstance(cause, StopIteration) else outcome

    fan_out_in, pipeline = made_of(Line)


class SourceErrorOvertakes:
    """The source's error takes its place at once: unordered, results under way are lost."""

    breaks = "P7"

    class Line(reference._Line):
        def _end_of_source(self, error: BaseException) -> None:
            super()._end_of_source(StopIteration())
            if not isinstance(error, StopIteration):
                with self._lock:
                    self._outcomes.put(self._asked - 1, reference._Raised(error))
                    self._news.notify()

    fan_out_in, pipeline = made_of(Line)


class ReadsOnAfterAnError:
    """After an error in the stage the others go on reading until the reader comes to it."""

    breaks = "P7"

    class Line(reference._Line):
        def _put(self, number: int, outcome: Any) -> None:
            with self._lock:
                if not self._stopped:
                    self._outcomes.put(number, outcome)
                self._news.notify()

    fan_out_in, pipeline = made_of(Line)


class DropsWhatItHasInHand:
    """A worker looks at the error's flag once more before the stage: an item before the error is lost, rarely."""

    breaks = "P7"

    class Line(reference._Line):
        _failed = False

        def _put(self, number: int, outcome: Any) -> None:
            self._failed = self._failed or isinstance(outcome, reference._Raised)
            if outcome is not None:
                super()._put(number, outcome)

        def _outcome_of(self, item: Any) -> Any:
            return None if self._failed else super()._outcome_of(item)

    fan_out_in, pipeline = made_of(Line)


class ErrorsBeforeTheEnd:
    """The error is raised as soon as its turn has come, while other calls still run."""

    breaks = "P8"

    class Results(reference.Results):
        def __next__(self) -> Any:
            self.line.start(self._workers)
            outcome = self.line.take()
            if isinstance(outcome, reference._Returned):
                return outcome.value
            self.line.stop()
            if outcome is None:
                self.line.join()
                raise StopIteration
            raise outcome.error

    fan_out_in, pipeline = made_of(results=Results)


class SecondCloserDoesNotWait:
    """Closed already, says a flag, and the second close() returns while stage calls still run."""

    breaks = "P9"

    class Results(reference.Results):
        _closed = False

        def close(self) -> None:
            if not self._closed:
                self._closed = True
                super().close()

    fan_out_in, pipeline = made_of(results=Results)


class LastItemStillGoesIn:
    """What the source gives while close() waits for it still goes through the stage."""

    breaks = "P9"

    class Line(reference._Line):
        def _do_one(self) -> None:
            with self._reading:
                number = self._take_place()
                if number is None:
                    return
                try:
                    item = next(self._source)
                except BaseException as error:
                    self._end_of_source(error)
                    return
            self._put(number, self._outcome_of(item))

    fan_out_in, pipeline = made_of(Line)


class KnowsItsOwnThreadsOnly:
    """close() from the first stage of a pipeline waits for itself: only one's own workers are known."""

    breaks = "P9"

    class Line(reference._Line):
        def has(self, thread: threading.Thread) -> bool:
            return thread in self._threads

    fan_out_in, pipeline = made_of(Line)


class WorkersKnowTheReader:
    """The workers' target is a method of what the reader holds: dropped, it lives on in its own threads."""

    breaks = "P10"

    class Results(reference.Results):
        def __init__(self, line: Any, workers: int) -> None:
            super().__init__(line, workers)
            work = line._work
            line._work = lambda: self and work()

    fan_out_in, pipeline = made_of(results=Results)


class OnlyCloseEndsIt:
    """No finalizer: `break` leaves the workers waiting for a place for ever. As ray pull request 63660."""

    breaks = "P10"

    class Results(reference.Results):
        def __del__(self) -> None:
            """Nothing."""

    fan_out_in, pipeline = made_of(results=Results)


class HoldsTheLastItem:
    """A worker's variable keeps the last item while the worker waits for the next."""

    breaks = "P11"

    class Line(reference._Line):
        def _work(self) -> None:
            mine = threading.local()
            try:
                while not (self._dry or self._stopped):
                    self._do_one_and_keep(mine)
            finally:
                self._leave()

        def _do_one_and_keep(self, mine: Any) -> None:
            with self._reading:
                number = self._take_place()
                if number is None:
                    return
                try:
                    mine.item = next(self._source)
                except BaseException as error:
                    self._end_of_source(error)
                    return
            if not self._stopped:
                self._put(number, self._outcome_of(mine.item))

    fan_out_in, pipeline = made_of(Line)


class KeepsWhatWasReady:
    """After close() the results that nobody has read stay in memory as long as the iterator does."""

    breaks = "P11"

    class Line(reference._Line):
        def stop(self) -> None:
            kept = self._outcomes
            super().stop()
            self._outcomes = kept

    fan_out_in, pipeline = made_of(Line)


def _same(item: Any) -> Any:
    return item


class StagesWrapped:
    """Between two stages stands a generator without a finally: close() does not get through it in time."""

    breaks = "P12"

    fan_out_in = reference.fan_out_in

    @staticmethod
    def pipeline(items: Any, *stages: Stage) -> Any:
        reference.pipeline((), *stages)
        inner: list[Any] = []
        for each in stages:
            if inner:
                items = map(_same, items)
            items = reference.fan_out_in(items, each.stage, each.workers, each.buffer, each.ordered)
            inner.append(items)
            items._inner = inner[:-1]
        return items


class ComplainsAtTheFirstNext:
    """A generator function: nothing is looked at before the first next()."""

    breaks = "P13"

    class Late:
        def __init__(self, *arguments: Any) -> None:
            self.arguments, self.results, self.gate = arguments, None, threading.Lock()

        def real(self) -> Any:
            with self.gate:
                if self.results is None:
                    self.results = reference.fan_out_in(*self.arguments)
                return self.results

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self.real())

        def close(self) -> None:
            self.real().close()

    @staticmethod
    def fan_out_in(
        items: Any, stage: Any, workers: int, buffer: int = 0, ordered: bool = True
    ) -> Any:
        return ComplainsAtTheFirstNext.Late(items, stage, workers, buffer, ordered)

    pipeline = reference.pipeline
