"""Observability with one wrong idea each. `breaks` names the promise by which each is found."""

import bisect
import contextvars
import functools
import json
import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.observability import MAX_TEXT, METHODS, OTHER
from solutions.services import observability as reference
from solutions.services.observability import exposition, metrics
from solutions.services.observability.context import WorkingFor, _current, request_id
from solutions.services.observability.log import line_of
from solutions.services.observability.middleware import Body, Routes
from solutions.services.observability.request import Request
from solutions.web import Answer


class _Registry(reference.Registry):
    """The reference with metrics of other classes."""

    kinds: Mapping[type, type] = {}

    def _declare(self, metric: Any) -> Any:
        metric.__class__ = self.kinds.get(type(metric), type(metric))
        return super()._declare(metric)


class _Log(reference.Log):
    """The reference with lines that are made in another way."""

    def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
        return line_of(level, event, fields)

    def info(self, event: str, /, **fields: Any) -> None:
        self._write(self.line("info", event, fields))

    def error(self, event: str, /, **fields: Any) -> None:
        self._write(self.line("error", event, fields))


class _Body(Body):
    """The reference, whose steps can be changed one by one."""

    working: type = WorkingFor

    def __next__(self) -> bytes:
        try:
            with self.working(self._request.id):
                piece = self.step()
        except StopIteration:
            raise
        except BaseException as error:
            self._request.failed(error, answering=True)
            raise
        self._request.sent(piece)
        return piece

    def step(self) -> bytes:
        if self._steps is None:
            self._steps = iter(self._body)
        return next(self._steps)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            with self.working(self._request.id):
                self.shut()
        except BaseException as error:
            self._request.failed(error, answering=False)
            raise
        finally:
            self._end(self._request)

    def shut(self) -> None:
        if hasattr(self._body, "close"):
            self._body.close()


class _Observed(reference.Observed):
    """The reference with another request, another body or another context."""

    request: type[Request] = Request
    body: type[Body] = Body
    working: type = WorkingFor

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = self.request(environ)
        self._in_flight.add(1)
        try:
            with self.working(request.id):
                body = self._app(environ, request.starting(start_response))
        except BaseException as error:
            request.failed(error, answering=True)
            self._end(request)
            raise
        return self.body(body, request, self._end)


# --- counting -------------------------------------------------------------------------------------


class _UnlockedCounter(metrics.Counter):
    def _add(self, amount: float, key: tuple[str, ...]) -> None:
        number = self._series.get(key, 0.0)
        self._series[key] = number + amount


class AddsWithoutALock:
    """Reads the number, adds, and stores it: another thread may have stored in between."""

    breaks = "P1"

    class Registry(_Registry):
        kinds = {metrics.Counter: _UnlockedCounter}  # noqa: RUF012


class _EagerHistogram(metrics.Histogram):
    def observe(self, value: float, /, **labels: str) -> None:
        key, value = self._key(labels), metrics._finite(value)
        if key not in self._series:
            self._series[key] = self._new()
        with self._lock:
            series = self._series[key]
            series.counts[bisect.bisect_left(self._bounds, value)] += 1
            series.total += value


class TwoFirstObservations:
    """Looks without the lock whether the label set is new: the second thread starts it afresh."""

    breaks = "P1"
    mistake = "check then act"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _EagerHistogram}  # noqa: RUF012


class DeclaresTwice:
    """Looks whether the metric is there, then makes it: two threads get one each."""

    breaks = "P1"
    mistake = "check then act"

    class Registry(reference.Registry):
        def _declare(self, metric: Any) -> Any:
            if metric.name in self._metrics:
                return super()._declare(metric)
            with self._lock:
                self._metrics[metric.name] = metric
                self._take_samples_of(metric)
            return metric

        def _take_samples_of(self, metric: Any) -> None:
            others = {name for each in self._metrics.values() if each.name != metric.name
                      for name in each.sample_names}  # fmt: skip
            if others & metric.sample_names:
                del self._metrics[metric.name]
                raise ValueError(metric.name)


class TheLastHelpTextWins:
    """Declaring a metric again replaces its help text."""

    breaks = "P1"

    class Registry(reference.Registry):
        def _declare(self, metric: Any) -> Any:
            known = super()._declare(metric)
            known.help = metric.help
            return known


class RendersTheLiveTable:
    """Walks over the numbers while others add to them. The dictionary changes its size."""

    breaks = "P1"

    class Registry(_Registry):
        pass


class _LiveCounter(metrics.Counter):
    def samples(self) -> Iterator[exposition.Sample]:
        for key, series in self._series.items():
            yield from self._samples(tuple(zip(self.labels, key, strict=True)), series)


RendersTheLiveTable.Registry.kinds = {metrics.Counter: _LiveCounter}


# --- histograms -----------------------------------------------------------------------------------


class _PlainBuckets(metrics.Histogram):
    def _samples(self, labels: Any, series: Any) -> Any:
        for bound, count in zip(self._shown, series.counts, strict=True):
            yield f"{self.name}_bucket", [*labels, ("le", bound)], count
        yield f"{self.name}_sum", labels, series.total
        yield f"{self.name}_count", labels, sum(series.counts)


class BucketsAreNotCumulative:
    """Each bucket shows its own count only. Modelled on aklivity/zilla PR 278."""

    breaks = "P2"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _PlainBuckets}  # noqa: RUF012


class _ExclusiveBounds(metrics.Histogram):
    def observe(self, value: float, /, **labels: str) -> None:
        super().observe(math.nextafter(value, math.inf), **labels)
        with self._lock:
            series = self._series[self._key(labels)]
            series.total += value - math.nextafter(value, math.inf)


class ABoundIsInTheNextBucket:
    """`value < bound` where `value <= bound` is meant."""

    breaks = "P2"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _ExclusiveBounds}  # noqa: RUF012


class _LastBucketAgain(metrics.Histogram):
    def _samples(self, labels: Any, series: Any) -> Any:
        *finite, _, total, count = super()._samples(labels, series)
        name, pairs, last = finite[-1]
        yield from (*finite, (name, [*list(pairs)[:-1], ("le", "+Inf")], last), total, count)


class InfinityRepeatsTheLastBucket:
    """`+Inf` leaves out what is beyond all bounds. Modelled on opentelemetry-swift issue 357."""

    breaks = "P2"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _LastBucketAgain}  # noqa: RUF012


class _SharedSeries(metrics.Histogram):
    def _copy(self, series: Any) -> Any:
        return series


class AScrapeReadsWhatIsBeingWritten:
    """Copies the table of label sets, but not what is in them."""

    breaks = "P2"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _SharedSeries}  # noqa: RUF012


class _TwoLocks(metrics.Histogram):
    def observe(self, value: float, /, **labels: str) -> None:
        key = self._key(labels)
        super().observe(value, **labels)
        with self._lock:
            self._series[key].total -= value
        with self._lock:
            self._series[key].total += value


class SumAndCountOneAfterTheOther:
    """The count is changed under the lock, and the sum under the lock, but not together."""

    breaks = "P2"

    class Registry(_Registry):
        kinds = {metrics.Histogram: _TwoLocks}  # noqa: RUF012


# --- the text -------------------------------------------------------------------------------------


class _TextRegistry(reference.Registry):
    """The reference whose text is changed afterwards, or written in another way."""

    def lines(self, metric: Any) -> Iterable[str]:
        return exposition.lines_of(metric.name, metric.help, metric.kind, metric.samples())

    def render(self) -> str:
        with self._lock:
            known = list(self._metrics.values())
        return "".join(line for metric in known for line in self.lines(metric))


def _sample_lines(
    metric: Any, quoted: Callable[[str], str], number: Callable[[float], str] = exposition.number
) -> Iterator[str]:
    """The sample lines, their label values written by `quoted`."""
    for name, labels, value in metric.samples():
        pairs = ",".join(f'{label}="{quoted(text)}"' for label, text in labels)
        yield f"{name}{{{pairs}}} {number(value)}\n" if pairs else f"{name} {number(value)}\n"


def _heads(metric: Any) -> list[str]:
    return list(exposition.lines_of(metric.name, metric.help, metric.kind, ()))


class LabelValuesAreNotEscaped:
    """A quote ends the label value early. Modelled on discourse/prometheus_exporter issue 66."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            return [*_heads(metric), *_sample_lines(metric, str)]


class EscapesTheBackslashLast:
    r"""The backslash of `\n` is escaped again, and the newline has become a backslash and an n."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            return [*_heads(metric), *_sample_lines(metric, self.quoted)]

        def quoted(self, text: str) -> str:
            return text.replace("\n", r"\n").replace('"', r"\"").replace("\\", r"\\")


class EscapesAsJsonDoes:
    """Label values by json.dumps: tabs and letters outside ASCII become what the format lacks."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            return [*_heads(metric), *_sample_lines(metric, lambda text: json.dumps(text)[1:-1])]


class QuotesInHelpAreEscaped:
    r"""A help text is escaped like a label value; its quotes are shown as `\"` for ever after."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            first, *others = super().lines(metric)
            return [first.replace('"', r"\""), *others]


class HelpTextsAreNotEscaped:
    """A newline in a help text begins a line that nobody can read."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            _, *others = super().lines(metric)
            return [f"# HELP {metric.name} {metric.help}\n", *others]


class NumbersInPythonsWords:
    """Infinities are written `inf`, as `str` has them, also in the bucket's bound."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            return [
                line.replace("+Inf", "inf").replace("-Inf", "-inf")
                for line in super().lines(metric)
            ]


class RoundsToSixDigits:
    """Numbers are written with `%g`: 123456789.25 becomes 1.23457e+08."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            quoted = exposition._quotable

            def number(value: float) -> str:
                return f"{value:g}" if math.isfinite(value) else exposition.number(value)

            return [*_heads(metric), *_sample_lines(metric, quoted, number)]


class HeadsForEachLabelSet:
    """HELP and TYPE are repeated before each sample; the second one is refused."""

    breaks = "P3"

    class Registry(_TextRegistry):
        def lines(self, metric: Any) -> Iterable[str]:
            heads = _heads(metric)
            samples = list(_sample_lines(metric, exposition._quotable))
            if len(samples) < 2 or metric.kind == "histogram":
                return [*heads, *samples]
            return [line for sample in samples for line in (*heads, sample)]


class NoNewlineAtTheEnd:
    """The lines are joined by newlines, the last one has none: the scrape ends within a line."""

    breaks = "P3"

    class Registry(reference.Registry):
        def render(self) -> str:
            return super().render().removesuffix("\n")


class _LateCleaning(metrics.Counter):
    def _key(self, labels: dict[str, str]) -> tuple[str, ...]:
        super()._key(labels)
        return tuple(labels[name] for name in self.labels)

    def _samples(self, labels: Any, series: Any) -> Any:
        pairs = [(name, exposition.clean(value)) for name, value in labels]
        return super()._samples(pairs, series)


class CleansWhenItIsTooLate:
    """What UTF-8 cannot hold is replaced in the text only, where two label sets become the same."""

    breaks = "P3"

    class Registry(_Registry):
        kinds = {metrics.Counter: _LateCleaning}  # noqa: RUF012


# --- what is refused ------------------------------------------------------------------------------


class NamesMayEndInANewline:
    r"""`re.match(r"[a-z_]+$", name)`: the dollar sign also matches before a last newline."""

    breaks = "P4"

    class Registry(reference.Registry):
        def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> metrics.Gauge:
            if re.match(r"[a-zA-Z_:][a-zA-Z0-9_:]*$", name):
                return self._declare(metrics.Gauge(name, help_text, tuple(labels)))
            return super().gauge(name, help_text, labels)


class NamesMayHaveAnyLetter:
    """`str.isidentifier` knows letters of all languages; Prometheus does not."""

    breaks = "P4"

    class Registry(reference.Registry):
        def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> metrics.Gauge:
            names = tuple(labels)
            if name.isidentifier() and not (names and len(names) > len(set(names))):
                super().gauge("x" if name not in self._metrics else name, "", names)
                self._metrics.pop("x", None)
                self._samples.discard("x")
                return self._declare(metrics.Gauge(name, help_text, names))
            return super().gauge(name, help_text, names)


class _AddsFirst(metrics.Counter):
    def add(self, amount: float = 1, /, **labels: str) -> None:
        key, amount = self._key(labels), metrics._finite(amount)
        self._add(amount, key)
        if amount < 0:
            raise ValueError("a counter cannot be lowered")


class RefusesTooLate:
    """A negative amount is refused after it has been added."""

    breaks = "P4"

    class Registry(_Registry):
        kinds = {metrics.Counter: _AddsFirst}  # noqa: RUF012


class _TakesNaN(metrics.Counter):
    def add(self, amount: float = 1, /, **labels: str) -> None:
        key, amount = self._key(labels), metrics._float(amount)
        if amount < 0 or math.isinf(amount):
            raise ValueError("a counter cannot be lowered")
        self._add(amount, key)


class NotANumberIsNotNegative:
    """`if amount < 0: raise` lets NaN through, and the counter is NaN from then on."""

    breaks = "P4"

    class Registry(_Registry):
        kinds = {metrics.Counter: _TakesNaN}  # noqa: RUF012


class SamplesMayClash:
    """Only the names of metrics are compared: a gauge called `h_sum` beside a histogram `h`."""

    breaks = "P4"

    class Registry(reference.Registry):
        def _take_samples(self, metric: Any) -> None:
            pass


class OtherBucketsAreIgnored:
    """A histogram declared again with other buckets keeps its own and says nothing."""

    breaks = "P4"

    class Registry(_Registry):
        pass


class _AnyBuckets(metrics.Histogram):
    shape = property(lambda self: (self.kind, self.labels))  # type: ignore[assignment]


OtherBucketsAreIgnored.Registry.kinds = {metrics.Histogram: _AnyBuckets}


# --- cost -----------------------------------------------------------------------------------------


class _ListOfSeries(metrics.Counter):
    def _add(self, amount: float, key: tuple[str, ...]) -> None:
        with self._lock:
            for known in self._series:
                if known == key:
                    break
            self._series[key] = self._series.get(key, 0.0) + amount


class LooksThroughAllLabelSets:
    """Each update goes through the label sets one by one."""

    breaks = "P5"

    class Registry(_Registry):
        kinds = {metrics.Counter: _ListOfSeries}  # noqa: RUF012


class RemembersEveryId:
    """Ids are kept for ever, so that none is given twice."""

    breaks = "P5"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._given: set[str] = set()

        def _end(self, request: Request) -> None:
            self._given.add(request.id)
            super()._end(request)


class KeepsTheLastFailure:
    """The last exception is kept for a debugger, and with it everything on its stack."""

    breaks = "P5"

    class Observed(_Observed):
        last: BaseException | None = None

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            try:
                return super().__call__(environ, start_response)
            except BaseException as error:
                self.last = error
                raise


class KeepsEveryDuration:
    """Durations are kept in a list, for percentiles that are exact."""

    breaks = "P5"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._durations: list[float] = []

        def _write(self, request: Request, route: str, seconds: float) -> None:
            self._durations.append(seconds)
            super()._write(request, route, seconds)


class KeepsTheLastHundred:
    """The last hundred requests are kept for a page that shows them, and their environs with them."""

    breaks = "P5"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._recent: list[Request] = []

        def _end(self, request: Request) -> None:
            super()._end(request)
            self._recent = [*self._recent[-99:], request]


# --- lines ----------------------------------------------------------------------------------------


class LinesByFString:
    """The line is put together by hand: a quote in a value becomes a field of the attacker's."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            return (
                "{" + ", ".join(f'"{name}": {self.value(v)}' for name, v in whole.items()) + "}\n"
            )

        def value(self, value: object) -> str:
            return f'"{value}"' if isinstance(value, str) else json.dumps(value)


class EscapesNothingBeyondAscii:
    """ensure_ascii=False: U+2028 and C1 control codes stand in the line as they are."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            return json.dumps(json.loads(line_of(level, event, fields)), ensure_ascii=False) + "\n"


class NaNIsWritten:
    """Python's json writes NaN and Infinity, which no other parser takes."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            for name, value in fields.items():
                if isinstance(value, float) and name in whole:
                    whole[name] = value
            return json.dumps(whole) + "\n"


class CutsTheEscapedText:
    """Texts are cut after they have been escaped, and `😀` counts twelve."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            for name, value in whole.items():
                while isinstance(value, str) and len(json.dumps(whole[name])) > MAX_TEXT + 2:
                    whole[name] = whole[name][:-1]
            return json.dumps(whole) + "\n"


class NestedValuesAreWritten:
    """Lists and dicts go into the line as they are; what json cannot write becomes a text."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            for name, value in fields.items():
                if isinstance(value, dict | list) and name in whole and len(repr(value)) < MAX_TEXT:
                    with_it = {**whole, name: value}
                    whole = with_it if "..." not in repr(value) else whole
            return json.dumps(whole, default=repr) + "\n"


class TheCallerMayReplaceFields:
    """`{**line, **fields}`: a field called request_id or level is believed."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            named = {name: fields[name] for name in ("level", "request_id") if name in fields}
            return json.dumps(whole | named) + "\n"


class LocalTimeCalledUtc:
    """The local time, with a Z behind it."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            whole = json.loads(line_of(level, event, fields))
            moment = time.time()
            local = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(moment))
            whole["time"] = f"{local}.{int(moment % 1 * 1_000):03}Z"
            return json.dumps(whole) + "\n"


class NamesAreThereTwice:
    """The caller's fields are written before the log's own, also those of the same name."""

    breaks = "P6"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            line = line_of(level, event, fields)
            twice = {n: str(v) for n, v in fields.items() if n in {"level", "request_id"}}
            return json.dumps(twice)[:-1] + ", " + line[1:] if twice else line


class MakesTheLineUnderTheLock:
    """A value whose repr logs waits for the lock that its own thread holds."""

    breaks = "P6"

    class Log(_Log):
        def __init__(self, stream: Any) -> None:
            super().__init__(stream)
            self._making = threading.Lock()

        def info(self, event: str, /, **fields: Any) -> None:
            with self._making:
                super().info(event, **fields)


class NewlineInASecondWrite:
    """The newline is written by itself: another thread's line may come before it."""

    breaks = "P7"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                with self._lock:
                    self._stream.write(line[:-1])
                    self._stream.write("\n")
                    self._stream.flush()
            except Exception:
                with self._counting:
                    self._lost += 1


class WritesWithoutALock:
    """Trusts that write is whole."""

    breaks = "P7"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                self._stream.write(line)
                self._stream.flush()
            except Exception:
                with self._counting:
                    self._lost += 1


class FlushesOutsideTheLock:
    """Only write is under the lock; flush meets the write of another thread."""

    breaks = "P7"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                with self._lock:
                    self._stream.write(line)
                self._stream.flush()
            except Exception:
                with self._counting:
                    self._lost += 1


class NeverFlushes:
    """Lines stay in the buffer, and are gone when the process is killed."""

    breaks = "P7"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                with self._lock:
                    self._stream.write(line)
            except Exception:
                with self._counting:
                    self._lost += 1


class AFullDiskFailsTheRequest:
    """What the stream raises goes on to whoever logs."""

    breaks = "P8"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()


class ExpectsOsErrorsOnly:
    """A stream that is closed raises ValueError."""

    breaks = "P8"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                with self._lock:
                    self._stream.write(line)
                    self._stream.flush()
            except OSError:
                with self._counting:
                    self._lost += 1


class TriesAgain:
    """Writes a line once more when the stream has failed: after a failed flush it is there twice."""

    breaks = "P8"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            for last in (False, True):
                try:
                    with self._lock:
                        self._stream.write(line)
                        self._stream.flush()
                except Exception:
                    if last:
                        with self._counting:
                            self._lost += 1
                else:
                    return


class CountsLostLinesWithoutALock:
    """`self._lost += 1` in two threads may count one."""

    breaks = "P8"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            try:
                with self._lock:
                    self._stream.write(line)
                    self._stream.flush()
            except Exception:
                self._lost += 1


class RedactsExactNames:
    """`if name in SECRET_WORDS`: db_password and Authorization are no such names."""

    breaks = "P9"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            words = ("authorization", "cookie", "password", "secret", "token")
            whole = json.loads(line_of(level, event, fields))
            for name, value in fields.items():
                if name in whole and name not in words and isinstance(value, str):
                    whole[name] = value[:MAX_TEXT]
            return json.dumps(whole) + "\n"


class LogsTheQuery:
    """The path is logged as it was typed, with the token in its query."""

    breaks = "P9"

    class Observed(_Observed):
        pass


class _WithQuery(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        if environ.get("QUERY_STRING"):
            self.path += "?" + environ["QUERY_STRING"]


LogsTheQuery.Observed.request = _WithQuery


class LogsWhatItRefuses:
    """An id that is not valid is replaced, and logged beside the fresh one."""

    breaks = "P9"

    class Observed(_Observed):
        def _write(self, request: Request, route: str, seconds: float) -> None:
            given = request.environ.get("HTTP_X_REQUEST_ID", "")
            if given != request.id:
                request.path += f" (not {given})" if given else ""
            super()._write(request, route, seconds)


# --- ids ------------------------------------------------------------------------------------------


class _AnyId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self.id = environ.get("HTTP_X_REQUEST_ID") or self.id


class TrustsTheClient:
    """Any id that is there is taken, and logged, and echoed. Modelled on getnora-io/nora issue 539."""

    breaks = "P10"

    class Observed(_Observed):
        request = _AnyId


class _DollarId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        given = environ.get("HTTP_X_REQUEST_ID", "")
        if re.match(r"^[A-Za-z0-9._-]{1,64}$", given):
            self.id = given


class IdsMayEndInANewline:
    """`$` also matches before a newline at the end."""

    breaks = "P10"

    class Observed(_Observed):
        request = _DollarId


class _WordId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        given = environ.get("HTTP_X_REQUEST_ID", "")
        if re.fullmatch(r"[\w.-]{1,64}", given):
            self.id = given


class IdsOfAnyLetters:
    r"""`\w` also matches é and ², which WSGI hands over for bytes beyond ASCII."""

    breaks = "P10"

    class Observed(_Observed):
        request = _WordId


class _RepairedId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        given = re.sub(r"[^A-Za-z0-9._-]", "", environ.get("HTTP_X_REQUEST_ID", ""))[:64]
        self.id = given or self.id


class RepairsIds:
    """Takes out what is not allowed and keeps the rest: two clients' ids become one."""

    breaks = "P10"

    class Observed(_Observed):
        request = _RepairedId


class _StrictId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        if not re.fullmatch(r"[0-9A-Fa-f-]{1,64}", self.id):
            self.id = f"{random.SystemRandom().getrandbits(128):032x}"


class OnlyUuidsAreIds:
    """Whatever is not hexadecimal is replaced: the trail ends at this service."""

    breaks = "P10"

    class Observed(_Observed):
        request = _StrictId


class _SeededId(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        if self.id != environ.get("HTTP_X_REQUEST_ID"):
            self.id = f"{random.getrandbits(128):032x}"


class IdsFromTheSeed:
    """Fresh ids come from `random`, which a forked worker, or a seed, starts at the same place."""

    breaks = "P10"

    class Observed(_Observed):
        request = _SeededId


class _Counted(Request):
    last = 0

    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        if self.id != environ.get("HTTP_X_REQUEST_ID"):
            _Counted.last += 1
            self.id = f"{_Counted.last:032x}"


class IdsByCounting:
    """Fresh ids are numbers, which begin again with each process."""

    breaks = "P10"

    class Observed(_Observed):
        request = _Counted


class _Appends(Request):
    def _with_id(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [*headers, ("X-Request-ID", self.id)]


class TwoIdsInOneAnswer:
    """The id is added to whatever the application has set."""

    breaks = "P10"

    class Observed(_Observed):
        request = _Appends


class _FirstOnly(Request):
    def starting(self, start_response: StartResponse) -> StartResponse:
        inner = super().starting(start_response)

        def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
            if not exc_info:
                return inner(status, headers, exc_info)
            kept, self._with_id = self._with_id, list  # type: ignore[method-assign, assignment]
            try:
                return inner(status, headers, exc_info)
            finally:
                self._with_id = kept  # type: ignore[method-assign]

        return start


class ErrorsHaveNoId:
    """The answer to an error lacks the id. Modelled on tomwojcik/starlette-context issue 9."""

    breaks = "P10"

    class Observed(_Observed):
        request = _FirstOnly


# --- whose request it is --------------------------------------------------------------------------


class _SetsOnly(WorkingFor):
    def __exit__(self, kind: Any = None, *_: object) -> None:
        if kind is None or kind is StopIteration:
            super().__exit__()


class ClearsAfterSuccessOnly:
    """No `finally`: an error leaves the id to the next request. ambient-toolbox issue 103."""

    breaks = "P11"

    class Observed(_Observed):
        working = _SetsOnly


class LeaksBetweenTheSteps:
    """A generator sets the id once for all of its steps: it is set wherever the server goes on."""

    breaks = "P11"

    class Observed(_Observed):
        pass


class _OneGenerator(Body):
    def __next__(self) -> bytes:
        if self._steps is None:
            _current.set(self._request.id)
        return super().__next__()

    def close(self) -> None:
        super().close()
        _current.set(None)


LeaksBetweenTheSteps.Observed.body = _OneGenerator


class _Nobody(WorkingFor):
    def __init__(self, _: str | None) -> None:
        super().__init__(None)


class _ForgetfulBody(_Body):
    working = _Nobody


class OnlyTheCallHasTheId:
    """The body is read without it. Modelled on instana/python-sensor PR 821."""

    breaks = "P11"

    class Observed(_Observed):
        body = _ForgetfulBody


class _NotInClose(_Body):
    def shut(self) -> None:
        with WorkingFor(None):
            super().shut()


class CleaningUpHasNoId:
    """What the application logs while its body is closed belongs to nobody."""

    breaks = "P11"

    class Observed(_Observed):
        body = _NotInClose


class _Clears(WorkingFor):
    def __exit__(self, *_: object) -> None:
        _current.set(None)


class AnInnerRequestClears:
    """Afterwards the id is None, also for the outer request. Modelled on cliquet issue 173."""

    breaks = "P11"

    class Observed(_Observed):
        working = _Clears


class _Reuses(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self.id = request_id() or self.id


class TakesTheIdThatIsThere:
    """A thread that has an id keeps it for the next request. Modelled on django-cid PR 40."""

    breaks = "P11"

    class Observed(_Observed):
        request = _Reuses


class _Global:
    id: str | None = None


class _WorkingGlobally:
    def __init__(self, given: str | None) -> None:
        self.given = given
        self.before: str | None = None

    def __enter__(self) -> None:
        self.before = _Global.id
        _Global.id = self.given

    def __exit__(self, *_: object) -> None:
        _Global.id = self.before


class _GlobalBody(_Body):
    working = _WorkingGlobally


class OneIdForAllThreads:
    """The id is a global variable, saved and restored carefully; threads share it."""

    breaks = "P11"

    class Log(_Log):
        def line(self, level: str, event: str, fields: dict[str, Any]) -> str:
            with WorkingFor(request_id() or _Global.id):
                return line_of(level, event, fields)

    class Observed(_Observed):
        working = _WorkingGlobally
        body = _GlobalBody

    def request_id() -> str | None:  # type: ignore[misc]
        return _Global.id

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        mine = _Global.id

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with _WorkingGlobally(mine):
                return function(*args, **kwargs)

        return run


# --- carried --------------------------------------------------------------------------------------


class CapturesInTheWorker:
    """The id is looked up when the function runs. Modelled on hynek/structlog issue 462."""

    breaks = "P12"

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with WorkingFor(request_id()):
                return function(*args, **kwargs)

        return run


class OneContextForAllRuns:
    """`copy_context().run`: a context cannot be entered while it is entered."""

    breaks = "P12"

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        return functools.partial(contextvars.copy_context().run, function)


class LeavesTheIdInTheWorker:
    """The id is set in the pool's thread and stays there for the next job."""

    breaks = "P12"

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        mine = request_id()

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            _current.set(mine)
            return function(*args, **kwargs)

        return run


class ResetsAfterSuccessOnly:
    """A carried function that raises leaves its id behind."""

    breaks = "P12"

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        mine = request_id()

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            token = _current.set(mine)
            result = function(*args, **kwargs)
            _current.reset(token)
            return result

        return run


class NobodyIsNotCarried:
    """Outside of a request carried returns the function itself, which then sees any request."""

    breaks = "P12"

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        return reference.carried(function) if request_id() else function


class EndsWithTheRequest:
    """What is still running when the request is over loses its id."""

    breaks = "P12"

    class Observed(_Observed):
        over: set[str] = set()  # noqa: RUF012

        def _end(self, request: Request) -> None:
            super()._end(request)
            EndsWithTheRequest.Observed.over.add(request.id)

    def carried(function: Any) -> Any:  # type: ignore[misc]  # noqa: N805
        mine = request_id()

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with WorkingFor(None if mine in EndsWithTheRequest.Observed.over else mine):
                return function(*args, **kwargs)

        return run


# --- the end of a request -------------------------------------------------------------------------


class ClosedUnreadIsUnseen:
    """The body is a generator: closed before its first step, its `finally` never runs."""

    breaks = "P13"

    class Observed(reference.Observed):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body: Any = super().__call__(environ, start_response)

            def pieces() -> Iterator[bytes]:
                try:
                    yield from body
                finally:
                    body.close()

            return pieces()


class FailuresAreNotLogged:
    """The line is written after success only: what matters most is not seen."""

    breaks = "P13"
    mistake = "nothing to observe"

    class Observed(reference.Observed):
        def _write(self, request: Request, route: str, seconds: float) -> None:
            if request.error is None:
                super()._write(request, route, seconds)


class ExpectsExceptionsOnly:
    """`except Exception`: SystemExit and KeyboardInterrupt end a request unseen."""

    breaks = "P13"

    class Observed(_Observed):
        def _end(self, request: Request) -> None:
            if request.error != "KeyboardInterrupt":
                super()._end(request)


class _LogsAtOnce(_Body):
    def __next__(self) -> bytes:
        try:
            return super().__next__()
        except StopIteration:
            raise
        except BaseException:
            self._end(self._request)
            raise


class ALineMoreForAnError:
    """A step that raises is logged at once, and again when the body is closed."""

    breaks = "P13"

    class Observed(_Observed):
        body = _LogsAtOnce


class LogsTheChangedPath:
    """Method and path are read at the end, when the application has shifted them about."""

    breaks = "P13"

    class Observed(_Observed):
        def _write(self, request: Request, route: str, seconds: float) -> None:
            environ = request.environ
            changed = Request({**environ, "HTTP_X_REQUEST_ID": request.id})
            request.method, request.path = changed.method, changed.path
            super()._write(request, route, seconds)


class _Mojibake(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self.path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")


class PathsAreMojibake:
    """WSGI's strings are bytes read as latin-1; they are logged like that."""

    breaks = "P13"

    class Observed(_Observed):
        request = _Mojibake


class _Prefixless(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__({**environ, "SCRIPT_NAME": ""})
        self.environ = environ


class ForgetsThePrefix:
    """The path lacks SCRIPT_NAME."""

    breaks = "P13"

    class Observed(_Observed):
        request = _Prefixless


class _EagerStatus(Request):
    def starting(self, start_response: StartResponse) -> StartResponse:
        inner = super().starting(start_response)

        def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
            try:
                return inner(status, headers, exc_info)
            finally:
                self._status = int(status[:3])

        return start


class BelievesAnAnswerThatCameTooLate:
    """The status of a second start_response counts, though the server has refused it."""

    breaks = "P13"

    class Observed(_Observed):
        request = _EagerStatus


class _FirstStatus(Request):
    def starting(self, start_response: StartResponse) -> StartResponse:
        inner = super().starting(start_response)

        def start(status: str, headers: Any, exc_info: Any = None, /) -> Any:
            kept = self._status
            result = inner(status, headers, exc_info)
            self._status = kept or self._status
            return result

        return start


class TheFirstStatusCounts:
    """An application that starts with 200 and then with 500 is logged as 200."""

    breaks = "P13"

    class Observed(_Observed):
        request = _FirstStatus


class _NeverSpoilt(Request):
    def failed(self, error: BaseException, *, answering: bool) -> None:
        super().failed(error, answering=False)


class AnErrorIsASuccess:
    """An application that starts with 200 and raises is logged as 200; the client got 500."""

    breaks = "P13"

    class Observed(_Observed):
        request = _NeverSpoilt


class _AlwaysSpoilt(Request):
    def failed(self, error: BaseException, *, answering: bool) -> None:
        super().failed(error, answering=answering)
        self._spoilt = True


class EveryErrorIsA500:
    """Also one that came after the client had got its 200."""

    breaks = "P13"

    class Observed(_Observed):
        request = _AlwaysSpoilt


class _Uncounted(Request):
    def _noting(self, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
        return write


class WrittenBytesAreNotCounted:
    """Only the pieces of the body are, not what goes through write()."""

    breaks = "P13"

    class Observed(_Observed):
        request = _Uncounted


class LevelByErrorOnly:
    """An application that answers 503 without an exception is logged as info."""

    breaks = "P13"

    class Observed(reference.Observed):
        def _write(self, request: Request, route: str, seconds: float) -> None:
            log = self._log
            if request.error is None:
                self._log = _Calm(log)  # type: ignore[assignment]
            try:
                super()._write(request, route, seconds)
            finally:
                self._log = log


class _Calm:
    def __init__(self, log: Any) -> None:
        self.info = self.error = log.info


class StateOnTheMiddleware:
    """The request is an attribute of the middleware. As a review of opentelemetry-python PR 84 found."""

    breaks = "P13"

    class Observed(_Observed):
        current: Request | None = None

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body: Any = super().__call__(environ, start_response)
            self.current = body._request
            return body

        def _end(self, request: Request) -> None:
            super()._end(self.current or request)


class _LastError(Request):
    def failed(self, error: BaseException, *, answering: bool) -> None:
        self._left = None
        super().failed(error, answering=answering)


class TheLastErrorCounts:
    """An error while cleaning up hides the one that led to it."""

    breaks = "P13"

    class Observed(_Observed):
        request = _LastError


# --- time -----------------------------------------------------------------------------------------


class _WallClock(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        self._began = time.time()

    @property
    def seconds(self) -> float:
        return time.time() - self._began


class DurationsByTheWallClock:
    """time.time(): a request may take minus an hour."""

    breaks = "P14"
    mistake = "wall clock"

    class Observed(_Observed):
        request = _WallClock


class _StopsEarly(Request):
    """Takes the time when it is told to."""

    stopped: float | None = None

    @property
    def seconds(self) -> float:
        return super().seconds if self.stopped is None else self.stopped


class StopsWhenTheCallReturns:
    """Measures the call, not the body. Modelled on waybarrios/vllm-mlx PR 782."""

    breaks = "P14"

    class Observed(_Observed):
        request = _StopsEarly

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body: Any = super().__call__(environ, start_response)
            body._request.stopped = body._request.seconds
            return body


class _StopsBeforeClosing(_Body):
    def shut(self) -> None:
        self._request.stopped = self._request.seconds  # type: ignore[attr-defined]
        super().shut()


class StopsBeforeClosing:
    """What the application does in close() is not measured."""

    breaks = "P14"

    class Observed(_Observed):
        request = _StopsEarly
        body = _StopsBeforeClosing


class RoundsToMilliseconds:
    """The line tells milliseconds: most requests take 0.001."""

    breaks = "P14"

    class Observed(reference.Observed):
        def _write(self, request: Request, route: str, seconds: float) -> None:
            super()._write(request, route, round(seconds, 3))


class MillisecondsInTheHistogram:
    """The histogram is called seconds and is given milliseconds."""

    breaks = "P14"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            seconds = self._seconds
            self._seconds = _Thousandfold(seconds)


class _Thousandfold:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def observe(self, value: float, /, **labels: str) -> None:
        self._inner.observe(value * 1_000, **labels)


# --- counts ---------------------------------------------------------------------------------------


class AnErrorStaysInFlight:
    """The gauge goes down after success only. Modelled on reddit-mobile PR 380."""

    breaks = "P15"

    class Observed(_Observed):
        def _end(self, request: Request) -> None:
            super()._end(request)
            if request.error is not None:
                self._in_flight.add(1)


class OutOfFlightWhenTheCallReturns:
    """Streams that still run are not in flight."""

    breaks = "P15"

    class Observed(_Observed):
        request = _StopsEarly

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body: Any = super().__call__(environ, start_response)
            self._in_flight.add(-1)
            body._request.returned = True
            return body

        def _end(self, request: Request) -> None:
            if hasattr(request, "returned"):
                self._in_flight.add(1)
            super()._end(request)


class _ClosesAgain(_Body):
    def close(self) -> None:
        closed, self._closed = self._closed, False
        if closed:
            self.shut = lambda: None  # type: ignore[method-assign]
        super().close()


class ClosedTwiceCountsTwice:
    """A second close() ends the request again."""

    breaks = "P15"

    class Observed(_Observed):
        body = _ClosesAgain


class InFlightById:
    """Requests in flight are a set of ids: a client that sends one id twice is one request."""

    breaks = "P15"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._ids: set[str] = set()
            self._gauge, self._in_flight = self._in_flight, _Ignored()  # type: ignore[assignment]

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            request = Request(environ)
            self._ids.add(request.id)
            self._gauge.set(len(self._ids))
            return super().__call__(environ | {"HTTP_X_REQUEST_ID": request.id}, start_response)

        def _end(self, request: Request) -> None:
            self._ids.discard(request.id)
            self._gauge.set(len(self._ids))
            super()._end(request)


class _Ignored:
    def add(self, amount: float, /) -> None:
        pass


class MetricsAppearWithTheFirstRequest:
    """Metrics are declared when they are needed: a scrape before that shows nothing at all."""

    breaks = "P15"

    class Observed:
        def __init__(
            self, app: Any, registry: Any, log: Any, route: Any, max_routes: int = 100
        ) -> None:
            Routes(route, max_routes)
            self._parts = (app, registry, log, route, max_routes)
            self._inner: Any = None

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            self._inner = self._inner or reference.Observed(*self._parts)
            return self._inner(environ, start_response)


class InFlightIsSet:
    """The gauge is set to a number that was read before: two threads lose one."""

    breaks = "P15"
    mistake = "check then act"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._in_flight = _SetGauge(self._in_flight)


class _SetGauge:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def add(self, amount: float, /) -> None:
        if not hasattr(self._inner, "shown"):
            self._inner.shown = 0
        shown = self._inner.shown
        self._inner.shown = shown + amount
        self._inner.set(shown + amount)


# --- labels ---------------------------------------------------------------------------------------


class TheRawPathIsTheRoute:
    """Where there is no route the path is taken. Modelled on BerriAI/litellm issue 35666."""

    breaks = "P16"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes.of = self._of  # type: ignore[method-assign]

        def _of(self, environ: WSGIEnvironment) -> str:
            route = Routes.of(self._routes, environ)
            return environ.get("PATH_INFO", "") if route == OTHER else route


class EveryMethodIsALabel:
    """The method is taken as it came."""

    breaks = "P16"

    class Observed(reference.Observed):
        def _end(self, request: Request) -> None:
            seconds = request.seconds
            self._in_flight.add(-1)
            with WorkingFor(request.id):
                route = self._routes.of(request.environ)
                method = request.method
                self._total.add(1, method=method, route=route, status=str(request.status))
                self._seconds.observe(seconds, method=method, route=route)
                self._write(request, route, seconds)


class _Upper(Request):
    def __init__(self, environ: WSGIEnvironment) -> None:
        super().__init__(environ)
        if request_is_known(self.method):
            self.method = self.method.upper()


def request_is_known(method: str) -> bool:
    """Whether it is a method, apart from case."""
    return method.upper() in METHODS and method not in METHODS


class LowerCaseIsCorrected:
    """`get` is logged as GET, which it is not."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            method = _Upper(environ).method
            return super().__call__({**environ, "REQUEST_METHOD": method}, start_response)


class LowerCaseIsCounted:
    """`get` is counted as GET: a method is told by its letters, in upper or lower case."""

    breaks = "P16"

    class Observed(reference.Observed):
        def _end(self, request: Request) -> None:
            method = request.method
            request.method = method.upper() if method.upper() in METHODS else method
            super()._end(request)


class _RacyRoutes(Routes):
    def _admitted(self, route: str) -> str:
        if route not in self._known and len(self._known) >= self._most:
            return OTHER
        with self._lock:
            self._known.add(route)
        return route


class TwoRoutesForOnePlace:
    """Looks without the lock whether there is room: two threads find the last place free."""

    breaks = "P16"
    mistake = "check then act"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes.__class__ = _RacyRoutes


class _ForgetfulRoutes(Routes):
    def _admitted(self, route: str) -> str:
        with self._lock:
            if len(self._known) >= self._most and route not in self._known:
                self._known.clear()
            self._known.add(route)
        return route


class RoutesAreForgotten:
    """The set of known routes is emptied when it is full, and the labels go on growing."""

    breaks = "P16"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes.__class__ = _ForgetfulRoutes


class _ClosedRoutes(Routes):
    def _admitted(self, route: str) -> str:
        with self._lock:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(route)
        return route


class KnownRoutesBecomeOther:
    """When the set is full, all routes are other, also those that are in it."""

    breaks = "P16"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes.__class__ = _ClosedRoutes


class ABrokenRouteBreaksTheRequest:
    """What `route` raises goes on to the server."""

    breaks = "P16"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes.of = self._of  # type: ignore[method-assign]

        def _of(self, environ: WSGIEnvironment) -> str:
            route = self._routes._route(environ)
            return self._routes._admitted(route) if isinstance(route, str) else OTHER


# --- what goes through ----------------------------------------------------------------------------


class JoinsTheBody:
    """The body is read whole, so that its length is known: nothing streams any more."""

    breaks = "P17"

    class Observed(reference.Observed):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body: Any = super().__call__(environ, start_response)
            try:
                whole = b"".join(body)
            finally:
                body.close()
            return _Closed([whole])


class _Closed(list[bytes]):
    def close(self) -> None:
        pass


class _Ahead(_Body):
    _next: bytes | None = None

    def step(self) -> bytes:
        if self._steps is None:
            self._next = super().step()
        piece = self._next
        if piece is None:
            raise StopIteration
        self._next = next(self._steps or iter(()), None)
        return piece


class ReadsOneStepAhead:
    """A piece is handed on when the next one is there."""

    breaks = "P17"

    class Observed(_Observed):
        body = _Ahead


class _ClosesTheIterator(_Body):
    def shut(self) -> None:
        thing: Any = self._body if self._steps is None else self._steps
        if hasattr(thing, "close"):
            thing.close()


class ClosesTheIteratorOnly:
    """close() belongs to what the application returned, not to what iter() makes of it."""

    breaks = "P17"

    class Observed(_Observed):
        body = _ClosesTheIterator


class _SkipsEmpty(_Body):
    def step(self) -> bytes:
        piece = super().step()
        while not piece:
            piece = super().step()
        return piece


class LeavesOutEmptyPieces:
    """An empty piece is the application's way to say that it is still alive."""

    breaks = "P17"

    class Observed(_Observed):
        body = _SkipsEmpty


class AddsToTheEnviron:
    """The id is put into the environ, where the application may trip over it."""

    breaks = "P17"

    class Observed(_Observed):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            environ.setdefault("HTTP_X_REQUEST_ID", "")
            return super().__call__(environ, start_response)


class HandsOnACopy:
    """The application gets a copy of the environ: what it notes there reaches nobody."""

    breaks = "P17"

    class Observed(_Observed):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return super().__call__(dict(environ), start_response)


class AnswersForTheApplication:
    """An exception becomes an answer 500; whoever should have handled it never sees it."""

    breaks = "P17"

    class Observed(reference.Observed):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            try:
                return super().__call__(environ, start_response)
            except Exception:
                start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
                return _Closed([b"error"])


class _NoExcInfo(Request):
    def starting(self, start_response: StartResponse) -> StartResponse:
        def without(status: str, headers: Any, exc_info: Any = None, /) -> Any:
            return start_response(status, headers)

        return super().starting(without)


class DropsExcInfo:
    """start_response is called again without exc_info, which the server has to refuse."""

    breaks = "P17"

    class Observed(_Observed):
        request = _NoExcInfo


class _NoWriter(Request):
    def _noting(self, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
        def noting(piece: bytes) -> None:
            self.sent(piece)

        return noting


class WrittenBytesAreLost:
    """The write() of start_response counts, and hands nothing on."""

    breaks = "P17"

    class Observed(_Observed):
        request = _NoWriter


# --- waiting --------------------------------------------------------------------------------------


class OneLockAroundTheApplication:
    """A lock protects the middleware, and with it the application: one request at a time."""

    breaks = "P18"
    mistake = "global lock"

    class Observed(_Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._everything = threading.RLock()

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            with self._everything:
                return super().__call__(environ, start_response)


class OneLockAroundTheEnd:
    """The metrics and the line are brought together by a lock, which a slow stream holds."""

    breaks = "P18"
    mistake = "global lock"

    class Registry(reference.Registry):
        everything = None

    class Observed(_Observed):
        def __init__(self, app: Any, registry: Any, *more: Any) -> None:
            super().__init__(app, registry, *more)
            self._registry_lock = registry._lock

        def _write(self, request: Request, route: str, seconds: float) -> None:
            with self._registry_lock:
                super()._write(request, route, seconds)


class RouteUnderTheLock:
    """The application's route function runs while the set of routes is locked."""

    breaks = "P18"

    class Observed(reference.Observed):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self._routes._lock = threading.RLock()  # type: ignore[assignment]
            inner = self._routes.of
            lock = self._routes._lock

            def of(environ: WSGIEnvironment) -> str:
                with lock:
                    return inner(environ)

            self._routes.of = of  # type: ignore[method-assign]


class LogsBeforeItCounts:
    """The line is written first: while the disk is slow the request is neither over nor counted."""

    breaks = "P18"

    class Observed(reference.Observed):
        def _end(self, request: Request) -> None:
            seconds = request.seconds
            with WorkingFor(request.id):
                route = self._routes.of(request.environ)
                self._write(request, route, seconds)
                method = request.method if request.method in METHODS else OTHER
                self._total.add(1, method=method, route=route, status=str(request.status))
                self._seconds.observe(seconds, method=method, route=route)
            self._in_flight.add(-1)


class LostWaitsForTheStream:
    """lost() takes the lock that is held while the stream is slow."""

    breaks = "P18"

    class Log(reference.Log):
        def lost(self) -> int:
            with self._lock:
                return super().lost()


_ALL_STREAMS = threading.Lock()


class OneLockForAllLogs:
    """The lock belongs to the module: a slow stream holds up the logs of all others."""

    breaks = "P18"
    mistake = "global lock"

    class Log(reference.Log):
        def _write(self, line: str) -> None:
            with _ALL_STREAMS:
                super()._write(line)


class AScrapeLocksTheRegistry:
    """/metrics is streamed out of the registry, which is locked until the scraper has read it all."""

    breaks = "P18"

    class OpsApp(reference.OpsApp):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            body = super().__call__(environ, start_response)
            if environ.get("PATH_INFO") != "/metrics":
                return body
            return self._streamed(b"".join(body))

        def _streamed(self, body: bytes) -> Iterator[bytes]:
            with self._registry._lock:  # type: ignore[attr-defined]
                half = len(body) // 2
                yield body[:half]
                yield body[half:]


# --- /metrics and /health -------------------------------------------------------------------------


class AnyMethodWillDo:
    """POST /metrics is answered as GET is."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            if environ["REQUEST_METHOD"] == "POST":
                environ = {**environ, "REQUEST_METHOD": "GET"}
            return super().__call__(environ, start_response)


class ASlashAtTheEndIsForgiven:
    """/metrics/ is /metrics."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            path = environ.get("PATH_INFO", "").rstrip("/")
            return super().__call__({**environ, "PATH_INFO": path}, start_response)


class TheVersionIsMissing:
    """Content-Type is text/plain; the scraper has to guess which format that is."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def _metrics(self) -> Answer:
            return super()._metrics()._replace(content_type="text/plain; charset=utf-8")


class LettersOutsideAsciiAreReplaced:
    """The text is encoded as ASCII, with question marks; Content-Type says UTF-8."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def _metrics(self) -> Answer:
            text = self._registry.render()
            return super()._metrics()._replace(body=text.encode("ascii", "replace"))


class ReadsBeforeItRefuses:
    """The body of a POST is read before it is refused: as long as somebody cares to send."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def _answer(self, environ: WSGIEnvironment) -> Answer:
            if environ.get("CONTENT_LENGTH", "").isdigit():
                length = int(environ["CONTENT_LENGTH"])
                if length <= 1_000:
                    environ["wsgi.input"].read(length)
            return super()._answer(environ)


class MetricsAreCached:
    """The text of the first scrape is shown for ever."""

    breaks = "P19"

    class OpsApp(reference.OpsApp):
        def __init__(self, registry: Any) -> None:
            super().__init__(registry)
            self._text: Answer | None = None

        def _metrics(self) -> Answer:
            self._text = self._text or super()._metrics()
            return self._text
