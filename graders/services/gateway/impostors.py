"""Gateways and transports with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import dataclasses
import hashlib
import hmac
import itertools
import json
import posixpath
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.gateway import (
    HOP_BY_HOP,
    Connection,
    Record,
    Route,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
)
from solutions.services import gateway as reference
from solutions.services.gateway import desk, handler, transport, wire
from solutions.services.gateway.intake import Intake
from solutions.services.gateway.places import Places
from solutions.web import Refused

Pairs = tuple[tuple[str, str], ...]


def _with_headers(
    request: UpstreamRequest, change: Callable[[Pairs], Iterable[Any]]
) -> UpstreamRequest:
    """The same request with other headers."""
    return dataclasses.replace(request, headers=tuple(change(request.headers)))


def _set(pairs: Pairs, name: str, value: str) -> Pairs:
    """The same headers, one of them with another value."""
    return (*(pair for pair in pairs if pair[0].lower() != name.lower()), (name, value))


class _Asks(reference.Gateway):
    """The reference, whose requests to upstreams can be changed."""

    def _request(
        self, visit: Any, intake: Intake, upstream: Upstream, body: bytes
    ) -> UpstreamRequest:
        request = super()._request(visit, intake, upstream, body)
        return self.changed(request, intake, visit.environ)

    def changed(
        self, request: UpstreamRequest, intake: Intake, environ: WSGIEnvironment
    ) -> UpstreamRequest:
        return request


class _Answers(reference.Gateway):
    """The reference, whose answers can be changed before the last touch."""

    def _answer(self, visit: Any, response: UpstreamResponse, start_response: StartResponse) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            return start_response(status, self.final(headers, response, visit.method), exc_info)

        return super()._answer(visit, response, start)

    def final(
        self, headers: list[tuple[str, str]], response: UpstreamResponse, method: str
    ) -> list[tuple[str, str]]:
        return headers


# --- routes and paths -----------------------------------------------------------------------------


class MatchesCharacters:
    """/api serves /apix too. Modelled on volcano-sh/kthena issue 1117 and fabiolb/fabio issue 187."""

    breaks = "P1"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._routes = _Prefixes(routes)


class _Prefixes(desk.Routes):
    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: len(route.prefix), reverse=True)

    def _longest(self, path: str) -> Route | None:
        return next((route for route in self.routes if path.startswith(route.prefix)), None)


class TakesTheFirstRoute:
    """The first route that fits, in the order in which they were given, not the longest."""

    breaks = "P1"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._routes = _InOrder(routes)


class _InOrder(_Prefixes):
    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = [*routes]

    def _longest(self, path: str) -> Route | None:
        def fits(prefix: str) -> bool:
            return prefix == "/" or f"{path}/".startswith(f"{prefix}/")

        return next((route for route in self.routes if fits(route.prefix)), None)


class ForwardsPercentSignsAsTheyAre:
    """Encodes the decoded path anew, but leaves % alone: `100%25a` becomes the broken `100%a`."""

    breaks = "P2"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
            return dataclasses.replace(request, target=quote(intake.path, safe="/%") + query)


class DecodesTheQuery:
    """Reads the query into pairs and writes them again: nearly always the same."""

    breaks = "P2"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            path, _, query = request.target.partition("?")
            again = quote(unquote(query, "latin-1"), safe="/?=&+:;,", encoding="latin-1")
            return dataclasses.replace(request, target=path + ("?" + again if again else ""))


class DropsTheBodyOfGet:
    """A GET has no body, so none is sent; its Content-Length had one."""

    breaks = "P2"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            bodiless = request.method in {"GET", "DELETE", "OPTIONS"}
            return dataclasses.replace(request, body=b"") if bodiless else request


class RetriesWhatFailed:
    """Tries three times at once, whatever the method. Modelled on apex/up PR 334."""

    breaks = "P2"
    mistake = "retry storm"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            for _ in range(2):
                with contextlib.suppress(Refused):
                    return super()._call(upstream, request)
            return super()._call(upstream, request)


class RetriesOnlyWhatIsSafe:
    """Retries GET once when the upstream has failed. Harmless to data, not to an upstream in trouble."""

    breaks = "P2"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            try:
                return super()._call(upstream, request)
            except Refused as refusal:
                if refusal.answer.status != 502 or request.method not in {"GET", "HEAD"}:
                    raise
                return super()._call(upstream, request)


class RepairsPaths:
    """Resolves dots and double slashes instead of refusing them."""

    breaks = "P3"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            path = environ.get("PATH_INFO", "")
            if path.startswith("/") and re.search(r"//|/\.{1,2}(/|$)", path):
                tail = "/" if path.endswith("/") and path.strip("/.") else ""
                path = "/" + posixpath.normpath(path).lstrip("/") + tail
            return super()._take_in({**environ, "PATH_INFO": path})


class DecodesTwice:
    """Decodes the path once more than the server has. Modelled on ActivityWatch/aw-server-rust PR 636."""

    breaks = "P3"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            path = unquote(environ.get("PATH_INFO", ""), "latin-1")
            return super()._take_in({**environ, "PATH_INFO": path})


class AllowsPathParameters:
    """`;` is a character like any other. To a servlet container `/..;/admin` is `/../admin`."""

    breaks = "P3"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            stand_in = environ.get("PATH_INFO", "").replace(";", ",")
            intake = super()._take_in({**environ, "PATH_INFO": stand_in})
            return intake._replace(target=quote(environ["PATH_INFO"], "/?", "latin-1"))


# --- keys -----------------------------------------------------------------------------------------


class TakesEitherOfTwoKeys:
    """When both headers are there the first one counts; the other is not looked at."""

    breaks = "P4"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            intake = super()._take_in(environ)
            if "authorization" in intake.headers:
                intake.headers.pop("x-api-key", None)
            return intake


class KnowsOneKeyPerClient:
    """Only the first key of a client opens: replacing a key means an outage."""

    breaks = "P4"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._keys = desk.Keys([dataclasses.replace(c, keys=c.keys[:1]) for c in clients])


class LeavesAtTheMatch:
    """Stops comparing when a key has matched: the time tells which one it was.

    Modelled on justtrackio/gosoline PR 1387.
    """

    breaks = "P5"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._keys = _Leaves(clients)


class _Leaves(desk.Keys):
    def owner(self, headers: Mapping[str, str]) -> str:
        given = desk._digest(desk._given_key(headers))
        for known, owner in self._known:
            if hmac.compare_digest(known, given):
                return owner
        raise desk._unknown()


class ComparesPlainly:
    """Compares with ==. Modelled on musistudio/claude-code-router PR 1626."""

    breaks = "P5"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._keys = _Plain(clients)


class _Plain(desk.Keys):
    def owner(self, headers: Mapping[str, str]) -> str:
        given, name = desk._digest(desk._given_key(headers)), ""
        for known, owner in self._known:
            if known == given:
                name = owner
        if not name:
            raise desk._unknown()
        return name


class LooksUpThenCompares:
    """Finds the key in a table, and then compares in constant time what was found there."""

    breaks = "P5"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._keys = _Table(clients)


class _Table(desk.Keys):
    def owner(self, headers: Mapping[str, str]) -> str:
        key = desk._given_key(headers).encode("latin-1")
        given = hashlib.sha256(key).digest()
        for known, owner in self._known:
            if known[:4] == given[:4] and hmac.compare_digest(known, given):
                return owner
        raise desk._unknown()


# --- refusals and buckets -------------------------------------------------------------------------


class RoutesBeforeItCounts:
    """Takes the token last: what does not exist can be asked for as often as one likes."""

    breaks = "P6"

    class Gateway(reference.Gateway):
        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            visit.client = client = self._keys.owner(intake.headers)
            upstream = self._routes.find(intake.path, client, visit.method).upstream
            self._buckets[client].take()
            return upstream


class TellsMethodsToStrangers:
    """405 before 403: who may not use a route learns what it can do."""

    breaks = "P6"

    class Gateway(reference.Gateway):
        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            try:
                return super()._admit(visit, intake)
            except Refused as refusal:
                if refusal.answer.status != 403:
                    raise
                route = self._routes._longest(intake.path)
                if route is not None and visit.method not in route.methods:
                    allowed = ", ".join(route.methods)
                    raise Refused(405, "not served here", ("Allow", allowed)) from None
                raise


class ErrorsAreText:
    """A refusal is a line of text that calls itself JSON."""

    breaks = "P6"

    class Gateway(_Answers):
        def _answer(self, visit: Any, response: UpstreamResponse, start_response: Any) -> Any:
            if not visit.from_upstream:
                text = json.loads(response.body)["error"].encode()
                response = dataclasses.replace(response, body=text)
            return super()._answer(visit, response, start_response)


class WallClock:
    """Refills by time.time(): set the clock, and everybody has a burst."""

    breaks = "P7"
    mistake = "wall clock"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._buckets = {client.name: _Wall(client.rate, client.burst) for client in clients}


class _Wall(desk.Bucket):
    def __init__(self, rate: float, burst: int) -> None:
        super().__init__(rate, burst)
        self._since = time.time()

    def take(self) -> None:
        now, real = time.time(), time.monotonic()
        self._since = real - max(0.0, now - self._since)
        try:
            super().take()
        finally:
            self._since = now


class LooksThenTakes:
    """Sees under the lock whether there is a token, and takes it later."""

    breaks = "P7"
    mistake = "check then act"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._buckets = {client.name: _Later(client.rate, client.burst) for client in clients}


class _Later(desk.Bucket):
    def take(self) -> None:
        before = self._tokens
        super().take()
        after = self._tokens
        with self._lock:
            self._tokens += before - after if before > after else 0.0
            left = self._tokens
        with self._lock:
            self._tokens = left - 1


class OneBucketForAll:
    """All clients share the first one's bucket: the loudest decides."""

    breaks = "P7"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            if self._buckets:
                first = self._buckets[clients[0].name]
                self._buckets = dict.fromkeys(self._buckets, first)


class RefusalsPostpone:
    """A refused request starts the waiting anew: who keeps asking is never served."""

    breaks = "P7"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, clients, *rest, **more)
            self._buckets = {c.name: _Postpones(c.rate, c.burst) for c in clients}


class _Postpones(desk.Bucket):
    def take(self) -> None:
        before = self._tokens
        try:
            super().take()
        except Refused:
            self._tokens = before
            raise


class RetryAfterIsRoundedDown:
    """Retry-After in whole seconds, rounded down: who obeys comes too early."""

    breaks = "P7"

    class Gateway(_Answers):
        def final(self, headers: Any, response: UpstreamResponse, method: str) -> Any:
            return [
                (name, str(max(1, int(value) - 1)) if name == "Retry-After" else value)
                for name, value in headers
            ]


# --- headers --------------------------------------------------------------------------------------


class KnowsTheListOnly:
    """Removes the hop-by-hop headers of the list, and keeps those that Connection names.

    Modelled on cloudflare/pingora issue 706 and golang/go issue 16875.
    """

    breaks = "P8"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            there = {name.lower() for name, _ in request.headers}
            named = {
                each.strip().lower() for each in intake.headers.get("connection", "").split(",")
            }
            fine = named - HOP_BY_HOP - there - {"x-api-key", "authorization", "x-real-ip"}
            more = [(name.title(), intake.headers[name]) for name in fine if name in intake.headers]
            return _with_headers(request, lambda pairs: [*pairs, *more])


class ReadsOneConnectionHeader:
    """Looks at the first Connection header of an answer only. Modelled on golang/go issue 46313."""

    breaks = "P8"

    class Gateway(reference.Gateway):
        def _answer(self, visit: Any, response: UpstreamResponse, start_response: Any) -> Any:
            first, kept = True, []
            for name, value in response.headers:
                if name.lower() == "connection":
                    if first:
                        kept.append((name, value))
                    first = False
                else:
                    kept.append((name, value))
            return super()._answer(
                visit, dataclasses.replace(response, headers=tuple(kept)), start_response
            )


class KeepsHopsOfAnswers:
    """Cleans requests only: the upstream's Keep-Alive and Upgrade reach the client.

    Modelled on diennea/carapaceproxy PR 583.
    """

    breaks = "P8"

    class Gateway(_Answers):
        def final(self, headers: Any, response: UpstreamResponse, method: str) -> Any:
            hops = [
                pair for pair in response.headers if pair[0].lower() in HOP_BY_HOP - {"connection"}
            ]
            return [*headers, *hops]


class RemovesWhatItHasSet:
    """Sets its headers first, and then removes those that Connection names.

    Modelled on golang/go issue 50580.
    """

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            named = {
                each.strip().lower() for each in intake.headers.get("connection", "").split(",")
            }
            named -= {"host"}
            return _with_headers(
                request, lambda pairs: [p for p in pairs if p[0].lower() not in named]
            )


class ProlongsForwardedFor:
    """Appends to the X-Forwarded-For that the client has made up."""

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            said = intake.headers.get("x-forwarded-for", "")
            chain = f"{said}, {environ['REMOTE_ADDR']}" if said else environ["REMOTE_ADDR"]
            return _with_headers(request, lambda pairs: _set(pairs, "X-Forwarded-For", chain))


class AddsASecondForwardedFor:
    """Its own X-Forwarded-For behind the client's: readers of the first one are deceived.

    Modelled on aether-lang-dev/aether issue 1837.
    """

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            said = intake.headers.get("x-forwarded-for")
            more = [("X-Forwarded-For", said)] if said else []
            return _with_headers(request, lambda pairs: [pairs[0], *more, *pairs[1:]])


class BelievesWhoItIs:
    """Sets X-Client-Id only if there is none: whoever sends one is who he wants to be."""

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            said = intake.headers.get("x-client-id")
            return (
                _with_headers(request, lambda p: _set(p, "X-Client-Id", said)) if said else request
            )


class PassesTheKeyOn:
    """The upstream gets the client's Authorization, and could call in its name."""

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            said = intake.headers.get("authorization")
            more = [("Authorization", said)] if said else []
            return _with_headers(request, lambda pairs: [*pairs, *more])


class ForwardsTheClientsHost:
    """Host is what the client says: the upstream answers for any name."""

    breaks = "P9"

    class Gateway(_Asks):
        def changed(
            self, request: UpstreamRequest, intake: Intake, environ: Any
        ) -> UpstreamRequest:
            host = intake.headers.get("host", request.headers[0][1])
            return _with_headers(request, lambda pairs: _set(pairs, "Host", host))


# --- bodies of requests ---------------------------------------------------------------------------


class ReadsNumbersLeniently:
    """int() reads Content-Length: it takes +5, 5_0, and blanks. Modelled on apple/servicetalk PR 1427."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            try:
                length = str(max(0, int(environ.get("CONTENT_LENGTH", ""))))
            except ValueError:
                return super()._take_in(environ)
            return super()._take_in({**environ, "CONTENT_LENGTH": length})


class PrefersTheLength:
    """Transfer-Encoding beside a Content-Length is ignored: the upstream may see it otherwise."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            if environ.get("CONTENT_LENGTH"):
                environ = {k: v for k, v in environ.items() if k != "HTTP_TRANSFER_ENCODING"}
            return super()._take_in(environ)


class JoinsEqualLengths:
    """`5, 5` is 5, as the RFC allows; and not what was promised."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            lengths = {each.strip() for each in environ.get("CONTENT_LENGTH", "").split(",")}
            if len(lengths) == 1:
                environ = {**environ, "CONTENT_LENGTH": lengths.pop()}
            return super()._take_in(environ)


class ReadsBeforeItAsks:
    """Reads the body first, and then looks whether the client may send one."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            body = handler.read_body(visit.environ, intake.length)
            visit.environ = {**visit.environ, "wsgi.input": _Read(body)}
            return super()._admit(visit, intake)


class _Read:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def read(self, _size: int = -1) -> bytes:
        body, self.body = self.body, b""
        return body


class ForwardsHalfABody:
    """A body that ends early is forwarded as far as it came."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            source = visit.environ["wsgi.input"]
            visit.environ = {**visit.environ, "wsgi.input": _Padded(source)}
            return super()._admit(visit, intake)


class _Padded:
    def __init__(self, source: Any) -> None:
        self.source = source

    def read(self, size: int = -1) -> bytes:
        data = bytes(self.source.read(size))
        return data or bytes(size)


class FoldsHeaders:
    """Control characters in a header value become blanks, instead of a refusal."""

    breaks = "P10"

    class Gateway(reference.Gateway):
        def _take_in(self, environ: WSGIEnvironment) -> Intake:
            return super()._take_in(
                {
                    name: re.sub(r"[\r\n]+[ \t]*", " ", value)
                    if name.startswith("HTTP_")
                    else value
                    for name, value in environ.items()
                }
            )


# --- places and time ------------------------------------------------------------------------------


class WaitsForAPlace:
    """Whoever finds no place waits for one: a slow upstream collects the threads of the server."""

    breaks = "P11"
    mistake = "unbounded queue"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._places = {r.upstream: _Queue(r.upstream.max_calls) for r in routes}


class _Queue(Places):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self._semaphore = threading.Semaphore(number)

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        with self._semaphore:
            yield


class LosesPlaces:
    """A call that fails keeps its place for ever. Modelled on falabellamichael/SignalR.E.A.C.H issue 11."""

    breaks = "P11"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._places = {r.upstream: _Leaky(r.upstream.max_calls) for r in routes}


class _Leaky(Places):
    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            if not self._free:
                raise Refused(503, "the upstream is busy")
            self._free -= 1
        yield
        with self._lock:
            self._free += 1


class CountsWithoutALock:
    """Looks for a place and takes it in two steps."""

    breaks = "P11"
    mistake = "check then act"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._places = {r.upstream: _Unlocked(r.upstream.max_calls) for r in routes}


class _Unlocked(Places):
    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        if not self._free:
            raise Refused(503, "the upstream is busy")
        with self._lock:
            self._free -= 1
        try:
            yield
        finally:
            with self._lock:
                self._free += 1


class PlacesForEachRoute:
    """Two routes to one upstream have max_calls places each."""

    breaks = "P11"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, *rest: Any, **more: Any) -> None:
            super().__init__(routes, *rest, **more)
            self._by_prefix = {r.prefix: Places(r.upstream.max_calls) for r in routes}

        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            upstream = super()._admit(visit, intake)
            route = self._routes._longest(intake.path)
            assert route is not None
            self._places = {**self._places, upstream: self._by_prefix[route.prefix]}
            return upstream


class TakesThePlaceTooEarly:
    """Holds a place while the client is still sending its body."""

    breaks = "P11"

    class Gateway(reference.Gateway):
        def _forward(self, visit: Any) -> UpstreamResponse:
            intake = self._take_in(visit.environ)
            upstream = self._admit(visit, intake)
            with self._places[upstream].one():
                body = handler.read_body(visit.environ, intake.length)
                request = self._request(visit, intake, upstream, body)
                visit.upstream = f"{upstream.host}:{upstream.port}"
                response = self._call(upstream, request)
            visit.from_upstream = True
            return response


class WaitsAnHour:
    """Every upstream has the same generous time limit: one that hangs collects all calls."""

    breaks = "P12"
    mistake = "no time limit"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            return super()._call(dataclasses.replace(upstream, timeout=3_600.0), request)


class EverythingIsABadGateway:
    """A time-out is a 502 like every other failure."""

    breaks = "P12"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            try:
                return super()._call(upstream, request)
            except Refused as refusal:
                raise Refused(502, "the upstream failed") from refusal


class OneForAll:
    """One lock around every request: they are answered one after the other."""

    breaks = "P15"
    mistake = "global lock"

    class Gateway(reference.Gateway):
        def __init__(self, *rest: Any, **more: Any) -> None:
            super().__init__(*rest, **more)
            self._one = threading.Lock()

        def _forward(self, visit: Any) -> UpstreamResponse:
            with self._one:
                return super()._forward(visit)


class ReportsUnderALock:
    """Records are told one after the other: a slow log holds up all requests."""

    breaks = "P15"

    class Gateway(reference.Gateway):
        def __init__(self, *rest: Any, **more: Any) -> None:
            super().__init__(*rest, **more)
            self._log = threading.Lock()

        def _report(self, visit: Any, status: int) -> None:
            with self._log:
                super()._report(visit, status)


# --- answers and records --------------------------------------------------------------------------


class KnownStatusesOnly:
    """A status that HTTPStatus does not know becomes 502."""

    breaks = "P13"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            response = super()._call(upstream, request)
            try:
                HTTPStatus(response.status)
            except ValueError as error:
                raise Refused(502, "an unknown status") from error
            return response


class KeepsTheLastCookie:
    """Headers in a dictionary: of several Set-Cookie one is left. Modelled on lablup/backend.ai issue 13193."""

    breaks = "P13"

    class Gateway(_Answers):
        def final(self, headers: Any, response: UpstreamResponse, method: str) -> Any:
            return [*{name.lower(): (name, value) for name, value in headers}.values()]


class HeadHasNoLength:
    """The answer to HEAD has the length of the body that it does not have: 0."""

    breaks = "P13"

    class Gateway(_Answers):
        def final(self, headers: Any, response: UpstreamResponse, method: str) -> Any:
            if method != "HEAD":
                return headers
            return [(n, "0" if n.lower() == "content-length" else v) for n, v in headers]


class HidesErrors:
    """A 5xx of the upstream is replaced by the gateway's own. Modelled on webserver-llc/angie PR 169."""

    breaks = "P13"

    class Gateway(reference.Gateway):
        def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
            response = super()._call(upstream, request)
            if response.status >= 500:
                raise Refused(502, "the upstream failed")
            return response


class ReportsSuccessOnly:
    """Refusals and failures are not reported: at three in the morning there is nothing to see."""

    breaks = "P14"
    mistake = "nothing to observe"

    class Gateway(reference.Gateway):
        def _report(self, visit: Any, status: int) -> None:
            if visit.from_upstream:
                super()._report(visit, status)


class NamesTheUpstreamTooEarly:
    """The record names the upstream as soon as it is known, also if it was never called."""

    breaks = "P14"

    class Gateway(reference.Gateway):
        def _admit(self, visit: Any, intake: Intake) -> Upstream:
            upstream = super()._admit(visit, intake)
            visit.upstream = f"{upstream.host}:{upstream.port}"
            return upstream


class KeepsTheClientsId:
    """X-Request-Id is taken over from the client: one client can make all look like one request."""

    breaks = "P14"

    class Gateway(reference.Gateway):
        def _forward(self, visit: Any) -> UpstreamResponse:
            visit.request_id = visit.environ.get("HTTP_X_REQUEST_ID", visit.request_id)
            return super()._forward(visit)


class NumbersRequests:
    """Ids are numbers, counted in each gateway from 1: two of them say the same."""

    breaks = "P14"

    class Gateway(reference.Gateway):
        def __init__(self, *rest: Any, **more: Any) -> None:
            super().__init__(*rest, **more)
            self._numbers = itertools.count(1)

        def _forward(self, visit: Any) -> UpstreamResponse:
            visit.request_id = str(next(self._numbers))
            return super()._forward(visit)


class MeasuresByTheWallClock:
    """The duration of a request is a difference of time.time()."""

    breaks = "P14"
    mistake = "wall clock"

    class Gateway(reference.Gateway):
        def __init__(self, *rest: Any, **more: Any) -> None:
            super().__init__(*rest, **more)
            told = self._observe
            self._observe = lambda record: told(self._timed(record))
            self._starts: dict[str, float] = {}

        def _forward(self, visit: Any) -> UpstreamResponse:
            self._starts[visit.request_id] = time.time()
            return super()._forward(visit)

        def _timed(self, record: Record) -> Record:
            began = self._starts.pop(record.request_id)
            return dataclasses.replace(record, seconds=time.time() - began)


class ObserverIsTrusted:
    """What the observer raises becomes the client's problem."""

    breaks = "P14"

    class Gateway(reference.Gateway):
        def __init__(self, *rest: Any, **more: Any) -> None:
            super().__init__(*rest, **more)
            told = self._observe
            self._failed: list[Exception] = []

            def tell(record: Record) -> None:
                try:
                    told(record)
                except Exception as error:
                    self._failed.append(error)

            self._observe = tell

        def _forward(self, visit: Any) -> UpstreamResponse:
            if self._failed:
                raise Refused(500, "cannot write the log")
            return super()._forward(visit)


# --- the transport --------------------------------------------------------------------------------


class TimesEachRead:
    """The time limit starts anew with each read: a byte now and then keeps the call for ever."""

    breaks = "P16"
    mistake = "no time limit"

    class HttpTransport(reference.HttpTransport):
        def _read(self, connection: Connection, clock: Any, method: str, max_bytes: int) -> Any:
            left = clock.left()

            def receive() -> bytes:
                connection.settimeout(left)
                return connection.recv(65_536)

            return wire.Reader(receive).answer(method, max_bytes)


class ConnectsWithoutLimit:
    """The time limit begins when the connection is there."""

    breaks = "P16"

    class HttpTransport(reference.HttpTransport):
        def __init__(self, *connect: Any, **more: Any) -> None:
            super().__init__(*connect, **more)
            inner, self._late = self._connect, 0.0

            def take_time(address: tuple[str, int], seconds: float) -> Connection:
                start = time.monotonic()
                connection = inner(address, seconds)
                self._late = time.monotonic() - start
                return connection

            self._connect = take_time

        def _write(self, connection: Connection, clock: Any, request: UpstreamRequest) -> None:
            clock._end += self._late
            super()._write(connection, clock, request)


class WaitsForTheEnd:
    """Reads until the upstream closes, also when it has said how long its answer is."""

    breaks = "P16"

    class HttpTransport(reference.HttpTransport):
        def _read(self, connection: Connection, clock: Any, method: str, max_bytes: int) -> Any:
            response = super()._read(connection, clock, method, max_bytes)
            while True:
                connection.settimeout(clock.left())
                if not connection.recv(65_536):
                    return response


class _Reads(reference.HttpTransport):
    """The reference with another reader."""

    reader: type[wire.Reader] = wire.Reader

    def _read(self, connection: Connection, clock: Any, method: str, max_bytes: int) -> Any:
        def receive() -> bytes:
            connection.settimeout(clock.left())
            return connection.recv(65_536)

        return self.reader(receive).answer(method, max_bytes)


class TakesHalfABody:
    """A body that ends early is taken as it is. Modelled on psf/requests issue 4956."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def _exactly(self, size: int, limit: int) -> bytes:
                if size > limit:
                    raise UpstreamFailed("too large")
                while len(self._buffer) < size:
                    data = self._receive()
                    if not data:
                        return self._take(size)
                    self._buffer += data
                return self._take(size)


class BelievesTheFirstLength:
    """Of two Content-Length the first one counts. Modelled on NVIDIA/OpenShell PR 663."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def _body(self, version: str, headers: Pairs, max_bytes: int) -> bytes:
                lengths = [pair for pair in headers if pair[0].lower() == "content-length"]
                return super()._body(
                    version, tuple(p for p in headers if p not in lengths[1:]), max_bytes
                )


class FindsChunkedAnywhere:
    """`"chunked" in value`: xchunked is chunked too. Modelled on NVIDIA/OpenShell PR 663."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def _body(self, version: str, headers: Pairs, max_bytes: int) -> bytes:
                if any(n.lower() == "transfer-encoding" and "chunked" in v for n, v in headers):
                    return b"".join(self._chunks(max_bytes))
                return super()._body(version, headers, max_bytes)


class ReadsAllThenLooks:
    """Reads a body to its end, and then looks whether it is too large."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def _body(self, version: str, headers: Pairs, max_bytes: int) -> bytes:
                body = super()._body(version, headers, 1 << 62)
                if len(body) > max_bytes:
                    raise UpstreamFailed("too large")
                return body


class InterimAnswersHaveNoLimit:
    """Each head has its limit, and there may be any number of interim ones."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def answer(self, method: str, max_bytes: int) -> UpstreamResponse:
                while True:
                    while b"\r\n\r\n" not in self._buffer[:16_384] and len(self._buffer) < 16_384:
                        self._more()
                    if not re.match(rb"HTTP/1\.1 10[023-9] ", self._buffer[:13]):
                        return super().answer(method, max_bytes)
                    while next(self._lines(16_384)):
                        pass


class BodiesOfHead:
    """Waits for the body that Content-Length speaks of, in the answer to HEAD as well."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def answer(self, method: str, max_bytes: int) -> UpstreamResponse:
                return super().answer("GET" if method == "HEAD" else method, max_bytes)


class AcceptsBareLineFeeds:
    """A line may end in LF alone, as many parsers have it: two of them see different headers."""

    breaks = "P17"

    class HttpTransport(_Reads):
        class reader(wire.Reader):  # noqa: N801
            def _lines(self, limit: int) -> Iterator[str]:
                for line in super()._lines(limit):
                    yield from line.split("\n")


class LeavesConnectionsOpen:
    """Closes a connection when all went well, and forgets it when something went wrong."""

    breaks = "P18"

    class HttpTransport(reference.HttpTransport):
        def send(self, address: Any, request: Any, timeout: float, max_bytes: int) -> Any:
            inner = self._connect

            def connect(where: tuple[str, int], seconds: float) -> Any:
                return _Shy(inner(where, seconds))

            if not hasattr(self, "shy"):
                self.shy, self._connect = True, connect
            return super().send(address, request, timeout, max_bytes)


class _Shy:
    """A connection that closes only if nothing has gone wrong on it."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.well = inner, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def recv(self, size: int) -> bytes:
        self.well = False
        data = bytes(self.inner.recv(size))
        self.well = bool(data)
        return data

    def close(self) -> None:
        if self.well:
            self.inner.close()


class SaysNothingOfEmptyBodies:
    """A PUT without a body goes without Content-Length: many servers answer 411."""

    breaks = "P18"

    class HttpTransport(reference.HttpTransport):
        def _write(self, connection: Connection, clock: Any, request: UpstreamRequest) -> None:
            data = transport.write(request)
            if not request.body:
                data = data.replace(b"\r\nContent-Length: 0\r\n", b"\r\n")
            connection.settimeout(clock.left())
            with contextlib.suppress(BrokenPipeError):
                connection.sendall(data)


class GivesUpWhenItCannotSend:
    """An upstream that answers early and closes is one that has failed.

    Modelled on envoyproxy/envoy issue 2929 and dotnet/yarp issue 2731.
    """

    breaks = "P18"

    class HttpTransport(reference.HttpTransport):
        def _write(self, connection: Connection, clock: Any, request: UpstreamRequest) -> None:
            connection.settimeout(clock.left())
            connection.sendall(transport.write(request))


class KeepsAlive:
    """Says nothing of closing: the upstream keeps connections that nobody uses again."""

    breaks = "P18"

    class HttpTransport(reference.HttpTransport):
        def _write(self, connection: Connection, clock: Any, request: UpstreamRequest) -> None:
            connection.settimeout(clock.left())
            with contextlib.suppress(BrokenPipeError):
                data = transport.write(request).replace(b"\r\nConnection: close\r\n", b"\r\n", 1)
                connection.sendall(data)


class TrustsItsCaller:
    """Writes any header value, line breaks included."""

    breaks = "P19"

    class HttpTransport(reference.HttpTransport):
        def send(self, address: Any, request: Any, timeout: float, max_bytes: int) -> Any:
            clean = tuple((name, re.sub(r"[\r\n]", " ", value)) for name, value in request.headers)
            request = dataclasses.replace(request, headers=clean)
            return super().send(address, request, timeout, max_bytes)


class LooksAtSettingsLater:
    """Two clients with one key are no error: it belongs to whoever comes last."""

    breaks = "P19"

    class Gateway(reference.Gateway):
        def __init__(self, routes: Any, clients: Any, *rest: Any, **more: Any) -> None:
            seen: set[str] = set()
            unique = []
            for client in clients:
                keys = tuple(dict.fromkeys(key for key in client.keys if key not in seen))
                seen.update(keys)
                unique.append(dataclasses.replace(client, keys=keys or ("-" * 8 + client.name,)))
            super().__init__(routes, unique, *rest, **more)
