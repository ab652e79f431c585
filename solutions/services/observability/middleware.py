"""The WSGI application around another one. Nothing is locked while the other one runs."""

import threading
from collections.abc import Callable, Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from contracts.services.observability import METHODS, OTHER, Log, Registry
from solutions.services.observability.context import WorkingFor
from solutions.services.observability.request import Request

_Route = Callable[[WSGIEnvironment], str | None]


class Observed:
    """Gives each request an id, counts it and logs it. See the contract."""

    def __init__(
        self,
        app: WSGIApplication,
        registry: Registry,
        log: Log,
        route: _Route,
        max_routes: int = 100,
    ) -> None:
        self._routes = Routes(route, max_routes)
        self._app, self._log = app, log
        self._total = registry.counter(
            "http_requests_total", "Requests that are over.", ("method", "route", "status")
        )
        self._seconds = registry.histogram(
            "http_request_duration_seconds", "Seconds until the end.", ("method", "route")
        )
        self._in_flight = registry.gauge(
            "http_requests_in_flight", "Requests that are being answered."
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self._in_flight.add(1)
        try:
            with WorkingFor(request.id):
                body = self._app(environ, request.starting(start_response))
        except BaseException as error:
            request.failed(error, answering=True)
            self._end(request)
            raise
        return Body(body, request, self._end)

    def _end(self, request: Request) -> None:
        seconds = request.seconds
        self._in_flight.add(-1)
        with WorkingFor(request.id):
            method = request.method if request.method in METHODS else OTHER
            route = self._routes.of(request.environ)
            self._total.add(1, method=method, route=route, status=str(request.status))
            self._seconds.observe(seconds, method=method, route=route)
            self._write(request, route, seconds)

    def _write(self, request: Request, route: str, seconds: float) -> None:
        failed = request.error is not None or request.status >= 500
        (self._log.error if failed else self._log.info)(
            "request",
            method=request.method,
            path=request.path,
            route=route,
            status=request.status,
            bytes=request.bytes,
            duration=round(seconds, 6),
            error=request.error,
        )


class Body:
    """The application's body, step by step. A generator would not run at all if closed unread."""

    def __init__(
        self, body: Iterable[bytes], request: Request, end: Callable[[Request], None]
    ) -> None:
        self._body, self._request, self._end = body, request, end
        self._steps: Iterator[bytes] | None = None
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            with WorkingFor(self._request.id):
                if self._steps is None:
                    self._steps = iter(self._body)
                piece = next(self._steps)
        except StopIteration:
            raise
        except BaseException as error:
            self._request.failed(error, answering=True)
            raise
        self._request.sent(piece)
        return piece

    def close(self) -> None:
        """Close the application's body; with that the request is over."""
        if self._closed:
            return
        self._closed = True
        try:
            with WorkingFor(self._request.id):
                if hasattr(self._body, "close"):
                    self._body.close()
        except BaseException as error:
            self._request.failed(error, answering=False)
            raise
        finally:
            self._end(self._request)


class Routes:
    """The routes that have been seen: a bounded number."""

    def __init__(self, route: _Route, most: int) -> None:
        if most < 1:
            raise ValueError(f"max_routes must be at least 1, not {most}")
        self._route, self._most = route, most
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def of(self, environ: WSGIEnvironment) -> str:
        """The label value for this request."""
        try:
            route = self._route(environ)
        except Exception:  # noqa: BLE001 - what observes must not break what is observed
            return OTHER
        return self._admitted(route) if isinstance(route, str) else OTHER

    def _admitted(self, route: str) -> str:
        with self._lock:
            if route not in self._known and len(self._known) >= self._most:
                return OTHER
            self._known.add(route)
        return route
