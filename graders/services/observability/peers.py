"""The official client library behind the contract, and right observability in another style."""

import contextlib
import datetime as dt
import itertools
import json
import math
import os
import re
import string
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, ParamSpec, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

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

P = ParamSpec("P")
T = TypeVar("T")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")


def _whole(text: str) -> str:
    """The text without lone surrogates."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _values(names: tuple[str, ...], labels: dict[str, str]) -> tuple[str, ...]:
    """The label values in the order of the names."""
    if sorted(names) != sorted(labels):
        raise ValueError(f"labels {sorted(labels)}, not {sorted(names)}")
    if any(not isinstance(value, str) for value in labels.values()):
        raise TypeError("a label value is a str")
    return tuple(_whole(labels[name]) for name in names)


def _amount(amount: float, least: float = -math.inf) -> float:
    """A finite number that is not below `least`."""
    if not isinstance(amount, int | float):
        raise TypeError("an amount is an int or a float")
    if not math.isfinite(amount) or amount < least:
        raise ValueError(f"{amount} is no amount here")
    return amount


def _declared(kind: str, name: str, labels: Iterable[str]) -> tuple[str, ...]:
    """The label names of a declaration that is well formed."""
    names = tuple(labels)
    good = _NAME.match(name) and all(map(_LABEL.match, names)) and len(set(names)) == len(names)
    if not good or (kind == "counter" and not name.endswith("_total")):
        raise ValueError(f"a {kind} {name!r} with labels {names}")
    if kind == "histogram" and "le" in names:
        raise ValueError("le is taken")
    return names


def _ascending(buckets: Iterable[float]) -> list[float]:
    """Bounds that are finite and strictly ascending."""
    bounds = list(buckets)
    if not bounds or sorted(set(bounds)) != bounds or not all(map(math.isfinite, bounds)):
        raise ValueError(f"buckets {bounds}")
    return bounds


# --- the official library -------------------------------------------------------------------------


class PrometheusClient:
    """prometheus_client's registry and metrics, with the contract's opinion about arguments."""

    requires = ("prometheus_client",)
    fails: ClassVar[dict[str, str]] = {
        "P2": "sum and buckets have a lock each: a scrape may see the one without the other;"
        " and there is no sum if a bound is negative",
    }

    class Registry:
        def __init__(self) -> None:
            prometheus_client.disable_created_metrics()
            self._registry = prometheus_client.CollectorRegistry()
            self._lock = threading.Lock()
            self._known: dict[str, tuple[object, Any]] = {}

        def counter(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Any:
            names = _declared("counter", name, labels)
            return self._declare(name, (_Counter, names), lambda: _Counter(
                prometheus_client.Counter(name, _whole(help_text), names, registry=self._registry), names))  # fmt: skip

        def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Any:
            names = _declared("gauge", name, labels)
            return self._declare(name, (_Gauge, names), lambda: _Gauge(
                prometheus_client.Gauge(name, _whole(help_text), names, registry=self._registry), names))  # fmt: skip

        def histogram(
            self,
            name: str,
            help_text: str,
            labels: Iterable[str] = (),
            buckets: Iterable[float] = DURATION_BUCKETS,
        ) -> Any:
            names, bounds = _declared("histogram", name, labels), _ascending(buckets)
            return self._declare(name, (_Histogram, names, bounds), lambda: _Histogram(
                prometheus_client.Histogram(name, _whole(help_text), names,
                                            registry=self._registry, buckets=bounds), names))  # fmt: skip

        def render(self) -> str:
            return prometheus_client.generate_latest(self._registry).decode()

        def _declare(self, name: str, shape: object, make: Callable[[], Any]) -> Any:
            with self._lock:
                if name not in self._known:
                    self._known[name] = shape, make()
                known, metric = self._known[name]
            if known != shape:
                raise ValueError(f"{name} has been declared in another way")
            return metric


class _Wrapped:
    """A metric of the library."""

    def __init__(self, metric: Any, names: tuple[str, ...]) -> None:
        self._metric, self._names = metric, names

    def _child(self, labels: dict[str, str]) -> Any:
        values = _values(self._names, labels)
        return self._metric.labels(*values) if values else self._metric


class _Counter(_Wrapped):
    def add(self, amount: float = 1, /, **labels: str) -> None:
        amount = _amount(amount, 0)
        self._child(labels).inc(amount)


class _Gauge(_Wrapped):
    def add(self, amount: float, /, **labels: str) -> None:
        amount = _amount(amount)
        self._child(labels).inc(amount)

    def set(self, value: float, /, **labels: str) -> None:
        if not isinstance(value, int | float):
            raise TypeError("a value is an int or a float")
        self._child(labels).set(value)


class _Histogram(_Wrapped):
    def observe(self, value: float, /, **labels: str) -> None:
        value = _amount(value)
        self._child(labels).observe(value)


# --- another style --------------------------------------------------------------------------------


class _Stack(threading.local):
    """The requests that this thread works for, the innermost last."""

    def __init__(self) -> None:
        self.ids: list[str | None] = [None]


class _Family:
    """One metric: what it is, and a list of numbers for each tuple of label values."""

    def __init__(self, kind: str, text: str, names: tuple[str, ...], bounds: list[float]) -> None:
        self.kind, self.text, self.names, self.bounds = kind, text, names, bounds
        self.rows: dict[tuple[str, ...], list[float]] = {}
        if not names:
            self.row(())

    def row(self, values: tuple[str, ...]) -> list[float]:
        """The numbers: for a histogram cumulative counts, the last one of all, and the sum."""
        size = len(self.bounds) + 2 if self.kind == "histogram" else 1
        return self.rows.setdefault(values, [0.0] * size)

    def samples_of(self, name: str) -> set[str]:
        """The names of its samples."""
        return {f"{name}_{each}" for each in ("bucket", "sum", "count")} if self.bounds else {name}


class _Handle:
    """What the caller adds to: one class for all kinds."""

    def __init__(self, lock: Any, family: _Family) -> None:
        self._lock, self._family = lock, family

    def add(self, amount: float = 1, /, **labels: str) -> None:
        amount = _amount(amount, 0 if self._family.kind == "counter" else -math.inf)
        values = _values(self._family.names, labels)
        with self._lock:
            self._family.row(values)[0] += amount

    def set(self, value: float, /, **labels: str) -> None:
        if not isinstance(value, int | float):
            raise TypeError("a value is an int or a float")
        values = _values(self._family.names, labels)
        with self._lock:
            self._family.row(values)[0] = value

    def observe(self, value: float, /, **labels: str) -> None:
        value = _amount(value)
        values = _values(self._family.names, labels)
        with self._lock:
            row = self._family.row(values)
            for place, bound in enumerate([*self._family.bounds, math.inf]):
                row[place] += value <= bound
            row[-1] += value


def _float(value: float) -> str:
    for special, text in ((math.inf, "+Inf"), (-math.inf, "-Inf")):
        if value == special:
            return text
    return "NaN" if value != value else repr(float(value))  # noqa: PLR0124 - that is what NaN is


def _row_lines(
    name: str, family: _Family, values: tuple[str, ...], row: list[float]
) -> Iterator[str]:
    escape = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
    pairs = [f'{n}="{v.translate(escape)}"' for n, v in zip(family.names, values, strict=True)]
    plain = "{" + ",".join(pairs) + "}" if pairs else ""
    if family.kind != "histogram":
        yield f"{name}{plain} {_float(row[0])}"
        return
    for bound, count in zip([*family.bounds, math.inf], row, strict=False):
        inside = ",".join(['le="' + _float(bound) + '"', *pairs])
        yield f"{name}_bucket{{{inside}}} {_float(count)}"
    yield f"{name}_count{plain} {_float(row[-2])}"
    yield f"{name}_sum{plain} {_float(row[-1])}"


class OneLockAndAStack:
    """One lock over all metrics, a stack of ids in a thread-local, generators, and own JSON escapes."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}
    stack = _Stack()

    def request_id() -> str | None:  # type: ignore[misc]
        return OneLockAndAStack.stack.ids[-1]

    def carried(function: Callable[P, T]) -> Callable[P, T]:  # type: ignore[misc]  # noqa: N805
        mine = OneLockAndAStack.stack.ids[-1]

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            with _serving(mine):
                return function(*args, **kwargs)

        return run

    class Registry:
        def __init__(self) -> None:
            self._lock = threading.RLock()
            self._families: dict[str, _Family] = {}
            self._handles: dict[str, _Handle] = {}

        def counter(self, name: str, help_text: str, labels: Iterable[str] = ()) -> _Handle:
            return self._declare("counter", name, help_text, labels, [])

        def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> _Handle:
            return self._declare("gauge", name, help_text, labels, [])

        def histogram(
            self,
            name: str,
            help_text: str,
            labels: Iterable[str] = (),
            buckets: Iterable[float] = DURATION_BUCKETS,
        ) -> _Handle:
            return self._declare("histogram", name, help_text, labels, _ascending(buckets))

        def render(self) -> str:
            return "".join(f"{line}\n" for line in self._lines())

        def _lines(self) -> list[str]:
            lines = []
            with self._lock:
                for name, family in self._families.items():
                    text = family.text.replace("\\", r"\\").replace("\n", r"\n")
                    lines += [f"# HELP {name} {text}", f"# TYPE {name} {family.kind}"]
                    for values, row in family.rows.items():
                        lines += _row_lines(name, family, values, row)
            return lines

        def _declare(
            self, kind: str, name: str, text: str, labels: Iterable[str], bounds: list[float]
        ) -> _Handle:
            family = _Family(kind, _whole(text), _declared(kind, name, labels), bounds)
            with self._lock:
                known = self._families.get(name)
                if known is None:
                    self._check_samples(name, family)
                    self._families[name] = family
                    self._handles[name] = _Handle(self._lock, family)
                elif (known.kind, known.names, known.bounds) != (kind, family.names, bounds):
                    raise ValueError(f"{name} is something else")
                return self._handles[name]

        def _check_samples(self, name: str, family: _Family) -> None:
            mine = family.samples_of(name)
            for other, known in self._families.items():
                if mine & known.samples_of(other):
                    raise ValueError(f"{name} and {other} have a sample in common")

    class Log:
        def __init__(self, stream: Any) -> None:
            self._stream, self._turn = stream, threading.Semaphore(1)
            self._lost: list[None] = []

        def info(self, event: str, /, **fields: Any) -> None:
            self._put("info", event, fields)

        def error(self, event: str, /, **fields: Any) -> None:
            self._put("error", event, fields)

        def lost(self) -> int:
            return len(self._lost)

        def _put(self, level: str, event: str, fields: dict[str, Any]) -> None:
            now = dt.datetime.fromtimestamp(time.time(), dt.UTC)
            own = {
                "time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
                "level": level,
                "event": event,
                "request_id": OneLockAndAStack.request_id(),
            }
            pairs = [f"{_json(n)}:{_json(v)}" for n, v in own.items()]
            pairs += [f"{_json(n)}:{_field(n, v)}" for n, v in fields.items() if n not in own]
            try:
                with self._turn:
                    self._stream.write("{" + ",".join(pairs) + "}\n")
                    self._stream.flush()
            except Exception:
                self._lost.append(None)

    class Observed:
        def __init__(
            self,
            app: WSGIApplication,
            registry: Any,
            log: Any,
            route: Callable[[WSGIEnvironment], str | None],
            max_routes: int = 100,
        ) -> None:
            if max_routes < 1:
                raise ValueError(f"max_routes={max_routes}")
            self.app, self.log, self.route = app, log, route
            self.free = list(range(max_routes))  # places for routes
            self.places: dict[str, str] = {}
            self.lock = threading.Lock()
            name = "http_request"
            labels = ("method", "route")
            self.total = registry.counter(f"{name}s_total", "Requests.", (*labels, "status"))
            self.seconds = registry.histogram(f"{name}_duration_seconds", "Durations.", labels)
            self.flying = registry.gauge(f"{name}s_in_flight", "Requests under way.")

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            visit = _Visit(self, environ, start_response)
            self.flying.add(1)
            try:
                with _serving(visit.id):
                    visit.body = self.app(environ, visit.start)
            except BaseException as error:
                visit.spoil(error)
                visit.end()
                raise
            return visit

        def template(self, environ: WSGIEnvironment) -> str:
            """The label value."""
            try:
                route = self.route(environ)
            except Exception:
                return OTHER
            if not isinstance(route, str):
                return OTHER
            with self.lock:
                if route not in self.places:
                    if not self.free:
                        return OTHER
                    self.free.pop()
                    self.places[route] = route
                return self.places[route]

    class OpsApp:
        def __init__(self, registry: Any) -> None:
            self._registry = registry

        def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            path, method = environ.get("PATH_INFO"), environ["REQUEST_METHOD"]
            kind, more = "application/json", []
            if path not in {"/metrics", "/health"}:
                status, body = "404 Not Found", b'{"error": "no such page"}'
            elif method not in {"GET", "HEAD"}:
                status, body = "405 Method Not Allowed", b'{"error": "read only"}'
                more = [("Allow", "HEAD, GET")]
            elif path == "/health":
                status, body = "200 OK", b'{"status":"ok"}'
            else:
                status, body = "200 OK", self._registry.render().encode()
                kind = "text/plain; version=0.0.4; charset=utf-8"
            start_response(
                status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more]
            )
            return [] if method == "HEAD" else [body]


@contextlib.contextmanager
def _serving(given: str | None) -> Iterator[None]:
    ids = OneLockAndAStack.stack.ids
    ids.append(given)
    try:
        yield
    finally:
        ids.pop()


class _Visit:
    """A request, and the body that is returned for it."""

    def __init__(self, front: Any, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self.began = time.monotonic()
        self.front, self.environ, self.inner = front, environ, start_response
        given = environ.get("HTTP_X_REQUEST_ID", "")
        safe = set(given) <= set(string.ascii_letters + string.digits + "._-")
        self.id = given if safe and 1 <= len(given) <= 64 else os.urandom(16).hex()
        self.method = environ["REQUEST_METHOD"]
        raw = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self.path = bytes(map(ord, raw)).decode(errors="replace")
        self.body: Any = ()
        self.status, self.sent, self.over = "500", 0, False
        self.errors: list[str] = []
        self.info = ""

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info:
            self.info = type(exc_info[1]).__name__
        mine = [pair for pair in headers if pair[0].upper() != "X-REQUEST-ID"]
        write = self.inner(status, [("X-Request-ID", self.id), *mine], exc_info)
        self.status = status.split(maxsplit=1)[0]

        def writing(piece: bytes) -> None:
            write(piece)
            self.sent += len(piece)

        return writing

    def spoil(self, error: BaseException) -> None:
        """Note an exception of the application, before its body has come to an end."""
        self.errors.append(type(error).__name__)
        self.status = self.status if self.sent else "500"

    def __iter__(self) -> Iterator[bytes]:
        steps: Iterator[bytes] | None = None
        for _ in itertools.count():
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
        self.over = True
        try:
            with _serving(self.id):
                getattr(self.body, "close", lambda: None)()
        except BaseException as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            self.end()

    def end(self) -> None:
        """Count and log."""
        took = time.monotonic() - self.began
        front, self.over = self.front, True
        labels = {
            "method": self.method if self.method in METHODS else OTHER,
            "route": front.template(self.environ),
        }
        front.total.add(status=self.status, **labels)
        front.seconds.observe(took, **labels)
        front.flying.add(-1)
        error = (self.errors[0] if self.errors else self.info) or None
        write = front.log.error if error or self.status >= "5" else front.log.info
        with _serving(self.id):
            write("request", path=self.path, method=self.method, route=labels["route"], error=error,
                  duration=took, status=int(self.status), bytes=self.sent)  # fmt: skip


def _field(name: str, value: object) -> str:
    lower = name.lower()
    return _json(REDACTED if any(word in lower for word in SECRET_WORDS) else value)


def _json(value: object) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return str(value)
    if isinstance(value, float) and abs(value) < math.inf:
        return repr(value)
    if not isinstance(value, str):
        try:
            value = repr(value)
        except Exception:
            value = value.__class__.__name__
    return '"' + "".join(map(_char, _whole(value[:MAX_TEXT]))) + '"'


def _char(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if " " <= char <= "~" else json.dumps(char)[1:-1].replace("\x7f", r"\u007f")
