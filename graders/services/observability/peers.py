"""The official client library behind the contract, and right observability in another style."""

import contextlib
import datetime as dt
import functools
import json
import math
import os
import re
import string
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.observability import (
    DURATION_BUCKETS,
    MAX_TEXT,
    METHODS,
    OTHER,
    REDACTED,
    SECRET_WORDS,
)

with contextlib.suppress(ImportError):  # whoever wants to run the peer says that it is missing
    import prometheus_client

Shape = tuple[str, tuple[str, ...], list[float]]
SAFE = set(string.ascii_letters + string.digits + "._-")
PARTS = (("",), ("_bucket", "_sum", "_count"))
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")


def _whole(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _values(names: tuple[str, ...], labels: dict[str, str]) -> tuple[str, ...]:
    if sorted(names) != sorted(labels):
        raise ValueError(f"labels {sorted(labels)}, not {sorted(names)}")
    if any(not isinstance(value, str) for value in labels.values()):
        raise TypeError("a label value is a str")
    return tuple(_whole(labels[name]) for name in names)


def _number(value: float) -> float:
    if not isinstance(value, int | float):
        raise TypeError("an int or a float is wanted")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise ValueError("no float can hold so much")
    return value


def _amount(amount: float, least: float = -math.inf) -> float:
    if not math.isfinite(_number(amount)) or amount < least:
        raise ValueError(f"{amount} is no amount here")
    return amount


def _declared(kind: str, name: str, labels: Iterable[str]) -> tuple[str, ...]:
    names = tuple(labels)
    good = _NAME.match(name) and all(map(_LABEL.match, names)) and len(set(names)) == len(names)
    ill = {"counter": not name.endswith("_total"), "histogram": "le" in names}.get(kind)
    if not good or ill:
        raise ValueError(f"a {kind} {name!r} with labels {names}")
    return names


def _bounds(kind: str, buckets: Iterable[float]) -> list[float]:
    bounds = list(buckets)
    if not (bounds and sorted(set(bounds)) == bounds and all(map(math.isfinite, bounds))):
        raise ValueError(f"buckets {bounds}")
    return bounds if kind == "histogram" else []


class _Declares:
    """The methods that declare; `_make` makes what is new."""

    _make: Callable[..., Any]

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: dict[str, tuple[object, Any]] = {}

    def _declare(
        self,
        kind: str,
        name: str,
        help_text: str,
        labels: Any = (),
        buckets: Any = DURATION_BUCKETS,
    ) -> Any:
        shape = kind, _declared(kind, name, labels), _bounds(kind, buckets)
        with self._lock:
            if name not in self._known:
                self._known[name] = shape, self._make(name, _whole(help_text), shape)
            known, metric = self._known[name]
        if known != shape:
            raise ValueError(f"{name} has been declared in another way")
        return metric

    counter = functools.partialmethod(_declare, "counter")
    gauge = functools.partialmethod(_declare, "gauge")
    histogram = functools.partialmethod(_declare, "histogram")


# --- the official library -------------------------------------------------------------------------


class PrometheusClient:
    """prometheus_client's registry and metrics, with the contract's opinion about arguments."""

    requires = ("prometheus_client",)
    fails: ClassVar[dict[str, str]] = {
        "P2": "sum and buckets have a lock each: a scrape may see the one without the other;"
        " and there is no sum if a bound is negative",
    }

    class Registry(_Declares):
        def __init__(self) -> None:
            super().__init__()
            prometheus_client.disable_created_metrics()
            self._registry = prometheus_client.CollectorRegistry()

        def render(self) -> str:
            return prometheus_client.generate_latest(self._registry).decode()

        def _make(self, name: str, text: str, shape: Shape) -> Any:
            kind, names, bounds = shape
            more = {"buckets": bounds} if bounds else {}
            made = getattr(prometheus_client, kind.capitalize())
            metric = made(name, text, names, registry=self._registry, **more)
            return _Wrapped(metric, names, 0 if kind == "counter" else -math.inf)


class _Wrapped:
    def __init__(self, metric: Any, names: tuple[str, ...], least: float) -> None:
        self._metric, self._names, self._least = metric, names, least

    def add(self, amount: float = 1, /, **labels: str) -> None:
        amount = _amount(amount, self._least)
        self._child(labels).inc(amount)

    def set(self, value: float, /, **labels: str) -> None:
        self._child(labels).set(_number(value))

    def observe(self, value: float, /, **labels: str) -> None:
        value = _amount(value)
        self._child(labels).observe(value)

    def _child(self, labels: dict[str, str]) -> Any:
        values = _values(self._names, labels)
        return self._metric.labels(*values) if values else self._metric


# --- another style --------------------------------------------------------------------------------


class _Stack(threading.local):
    def __init__(self) -> None:
        self.ids: list[str | None] = [None]  # the innermost request last


_stack = _Stack()


@contextlib.contextmanager
def _serving(given: str | None) -> Iterator[None]:
    _stack.ids.append(given)
    try:
        yield
    finally:
        _stack.ids.pop()


class _Family:
    """A metric of any kind: a list of numbers for each tuple of label values."""

    def __init__(self, lock: Any, name: str, text: str, shape: Shape) -> None:
        self._lock, self.name, self.text = lock, name, text
        self.kind, self._names, self._bounds = shape
        self.samples = {name + part for part in PARTS[bool(self._bounds)]}
        self._tops = [*self._bounds, math.inf] if self._bounds else []
        self._rows: dict[tuple[str, ...], list[float]] = {}
        if not self._names:
            self._row(())

    def add(self, amount: float = 1, /, **labels: str) -> None:
        amount = _amount(amount, 0 if self.kind == "counter" else -math.inf)
        values = _values(self._names, labels)
        with self._lock:
            self._row(values)[0] += amount

    def set(self, value: float, /, **labels: str) -> None:
        values, value = _values(self._names, labels), _number(value)
        with self._lock:
            self._row(values)[0] = value

    def observe(self, value: float, /, **labels: str) -> None:
        values, value = _values(self._names, labels), _amount(value)
        with self._lock:
            row = self._row(values)
            row[0] += value
            for place, top in enumerate(self._tops, start=1):
                row[place] += value <= top

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} " + self.text.replace("\\", r"\\").replace("\n", r"\n")
        yield f"# TYPE {self.name} {self.kind}"
        escape = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
        for values, row in self._rows.items():
            pairs = zip(self._names, values, strict=True)
            inside = [f'{name}="{value.translate(escape)}"' for name, value in pairs]
            plain = "{" + ",".join(inside) + "}" if inside else ""
            for top, count in zip(self._tops, row[1:], strict=True):
                all_of_it = ",".join(['le="' + _float(top) + '"', *inside])
                yield f"{self.name}_bucket{{{all_of_it}}} {_float(count)}"
            if self._bounds:
                yield f"{self.name}_count{plain} {_float(row[-1])}"
            yield f"{self.name}{'_sum' if self._bounds else ''}{plain} {_float(row[0])}"

    def _row(self, values: tuple[str, ...]) -> list[float]:
        return self._rows.setdefault(values, [0.0] * (len(self._tops) + 1))


def _float(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text := repr(float(value)), text)


class OneLockAndAStack:
    """One lock over all metrics, a stack of ids in a thread-local, a body that is a generator inside."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    def request_id() -> str | None:  # type: ignore[misc]
        return _stack.ids[-1]

    def carried(function: Callable[..., Any]) -> Callable[..., Any]:  # type: ignore[misc]  # noqa: N805
        mine = _stack.ids[-1]

        def run(*args: Any, **kwargs: Any) -> Any:
            with _serving(mine):
                return function(*args, **kwargs)

        return run

    class Registry(_Declares):
        def render(self) -> str:
            with self._lock:
                return "".join(f"{x}\n" for _, known in self._known.values() for x in known.lines())

        def _make(self, name: str, text: str, shape: Shape) -> Any:
            made = _Family(self._lock, name, text, shape)
            if any(made.samples & known.samples for _, known in self._known.values()):
                raise ValueError(f"{name} has a sample in common with another metric")
            return made

    class Log:
        def __init__(self, stream: Any) -> None:
            self._stream, self._turn = stream, threading.Semaphore(1)
            self._lost: list[None] = []

        def lost(self) -> int:
            return len(self._lost)

        def _put(self, level: str, event: str, /, **fields: Any) -> None:
            now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
            secret = {name for name in fields if any(w in name.lower() for w in SECRET_WORDS)}
            fields |= dict.fromkeys(secret, REDACTED)
            line = {_whole(name): _plain(value) for name, value in fields.items()}
            line |= {"time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"}
            line |= {"level": level, "event": _plain(event), "request_id": _stack.ids[-1]}
            try:
                with self._turn:
                    self._stream.write(json.dumps(line) + "\n")
                    self._stream.flush()
            except Exception:
                self._lost.append(None)

        info = functools.partialmethod(_put, "info")
        error = functools.partialmethod(_put, "error")

    class Observed:
        def __init__(
            self, app: Any, registry: Any, log: Any, route: Any, max_routes: int = 100
        ) -> None:
            if max_routes < 1:
                raise ValueError(f"max_routes={max_routes}")
            self.app, self.log, self.route = app, log, route
            self.free, self.places, self.lock = max_routes, set[str](), threading.Lock()
            two = ("method", "route")
            self.total = registry.counter("http_requests_total", "Over.", (*two, "status"))
            self.seconds = registry.histogram("http_request_duration_seconds", "Seconds.", two)
            self.flying = registry.gauge("http_requests_in_flight", "Under way.")

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            visit = _Visit(self, environ, start_response)
            self.flying.add(1)
            try:
                with _serving(visit.id):
                    visit.body = self.app(environ, visit.start)
            except BaseException as error:
                visit.end(visit.spoil(error))
                raise
            return visit

        def template(self, environ: WSGIEnvironment) -> str:
            try:
                route = self.route(environ)
            except Exception:
                return OTHER
            with self.lock:
                if isinstance(route, str) and route not in self.places and self.free:
                    self.free -= 1
                    self.places.add(route)
                return route if isinstance(route, str) and route in self.places else OTHER


class _Visit:
    """A request, and the body that is returned for it."""

    def __init__(self, front: Any, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.began = time.monotonic()
        self.front, self.environ, self.inner = front, environ, start_response
        given = environ.get("HTTP_X_REQUEST_ID", "")
        safe = 0 < len(given) < 65 and set(given) <= SAFE
        self.id = given if safe else os.urandom(16).hex()
        self.method, raw = environ["REQUEST_METHOD"], environ.get("SCRIPT_NAME", "")
        self.path = bytes(map(ord, raw + environ.get("PATH_INFO", ""))).decode(errors="replace")
        self.body, self.status, self.sent, self.over = (), "500", 0, False
        self.errors, self.told = list[str](), None

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.told = type(exc_info[1]).__name__ if exc_info else self.told
        mine = [pair for pair in headers if pair[0].upper() != "X-REQUEST-ID"]
        write = self.inner(status, [("X-Request-ID", self.id), *mine], exc_info)
        self.status = status.split(maxsplit=1)[0]

        def writing(piece: bytes) -> None:
            write(piece)
            self.sent += len(piece)

        return writing

    def spoil(self, error: BaseException) -> None:
        self.errors.append(type(error).__name__)
        self.status = self.status if self.sent else "500"

    def __iter__(self) -> Iterator[bytes]:
        steps: Iterator[bytes] | None = None
        while True:
            try:
                with _serving(self.id):
                    steps = iter(self.body) if steps is None else steps
                    piece = next(steps, None)
            except BaseException as error:
                self.spoil(error)
                raise
            if piece is None:
                return
            self.sent += len(piece)
            yield piece

    def close(self) -> None:
        if self.over:
            return
        try:
            with _serving(self.id):
                getattr(self.body, "close", lambda: None)()
        except BaseException as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.end()

    def end(self, _: None = None) -> None:
        took = time.monotonic() - self.began
        front, self.over, route = self.front, True, self.front.template(self.environ)
        labels = {"method": self.method if self.method in METHODS else OTHER, "route": route}
        front.total.add(status=self.status, **labels)
        front.seconds.observe(took, **labels)
        front.flying.add(-1)
        error = self.errors[0] if self.errors else self.told
        write = front.log.error if error or self.status >= "5" else front.log.info
        fields = {"path": self.path, "method": self.method, "route": route, "error": error}
        with _serving(self.id):
            write("request", **fields, duration=took, status=int(self.status), bytes=self.sent)


def _plain(value: object) -> object:
    small = isinstance(value, int) and -(1 << 63) <= value < 1 << 63
    if value is None or small or (isinstance(value, float) and abs(value) < math.inf):
        return value
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:
        text = value.__class__.__name__
    return _whole(text[:MAX_TEXT])
