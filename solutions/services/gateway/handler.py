"""The gateway as a WSGI application: read, admit, forward, answer, report."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.gateway import (
    Client,
    Record,
    Route,
    Transport,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from solutions.services.gateway import headers as fields
from solutions.services.gateway.desk import Bucket, Keys, Routes
from solutions.services.gateway.intake import Intake, read_body, take_in
from solutions.services.gateway.places import Places
from solutions.services.gateway.settings import check_limits, check_settings
from solutions.web import Refused

_BODILESS = {204, 304}
_PHRASES = {413: "Content Too Large"}  # RFC 9110; older Pythons know its former name


@dataclass
class _Visit:
    """What has come of a request so far."""

    environ: WSGIEnvironment
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: float = field(default_factory=time.monotonic)
    client: str | None = None
    upstream: str | None = None
    from_upstream: bool = False

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])


class Gateway:
    """See the contract for what is refused and what is forwarded."""

    def __init__(
        self,
        routes: Sequence[Route],
        clients: Sequence[Client],
        transport: Transport,
        *,
        max_body_bytes: int = 1_000_000,
        max_response_bytes: int = 1_000_000,
        observe: Callable[[Record], object] = lambda _: None,
    ) -> None:
        check_settings(routes, clients)
        check_limits(max_body_bytes=max_body_bytes, max_response_bytes=max_response_bytes)
        self._keys = Keys(clients)
        self._buckets = {client.name: Bucket(client.rate, client.burst) for client in clients}
        self._routes = Routes(routes)
        self._places = {route.upstream: Places(route.upstream.max_calls) for route in routes}
        self._transport = transport
        self._max_body_bytes, self._max_response_bytes = max_body_bytes, max_response_bytes
        self._observe = observe

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        visit = _Visit(environ)
        try:
            response = self._forward(visit)
        except Refused as refusal:
            answer = refusal.answer
            kind, length = ("Content-Type", answer.content_type), str(len(answer.body))
            pairs = (*answer.headers, kind, ("Content-Length", length))
            response = UpstreamResponse(answer.status, pairs, answer.body)
        self._report(visit, response.status)
        return self._answer(visit, response, start_response)

    def _forward(self, visit: _Visit) -> UpstreamResponse:
        intake = self._take_in(visit.environ)
        upstream = self._admit(visit, intake)
        body = read_body(visit.environ, intake.length)  # before a place is taken: it may be slow
        request = self._request(visit, intake, upstream, body)
        with self._places[upstream].one():
            visit.upstream = f"{upstream.host}:{upstream.port}"
            response = self._call(upstream, request)
        visit.from_upstream = True
        return response

    def _take_in(self, environ: WSGIEnvironment) -> Intake:
        return take_in(environ, self._max_body_bytes)

    def _admit(self, visit: _Visit, intake: Intake) -> Upstream:
        visit.client = client = self._keys.owner(intake.headers)
        self._buckets[client].take()
        return self._routes.find(intake.path, client, visit.method).upstream

    def _request(
        self, visit: _Visit, intake: Intake, upstream: Upstream, body: bytes
    ) -> UpstreamRequest:
        environ, host = visit.environ, f"{upstream.host}:{upstream.port}"
        peer = (environ.get("REMOTE_ADDR", "unknown"), environ["wsgi.url_scheme"])
        who = (str(visit.client), visit.request_id)
        pairs = fields.to_upstream(intake.headers, host, peer, who)
        return UpstreamRequest(visit.method, intake.target, pairs, body)

    def _call(self, upstream: Upstream, request: UpstreamRequest) -> UpstreamResponse:
        address = (upstream.host, upstream.port)
        try:
            return self._transport.send(
                address, request, upstream.timeout, self._max_response_bytes
            )
        except UpstreamTimeout as error:
            raise Refused(504, "the upstream did not answer in time") from error
        except Exception as error:  # a fault of the transport is no reason to hang up on a client
            raise Refused(502, "the upstream gave no usable answer") from error

    def _report(self, visit: _Visit, status: int) -> None:
        record = Record(
            request_id=visit.request_id,
            client=visit.client,
            method=visit.method,
            path=visit.environ.get("PATH_INFO", ""),
            upstream=visit.upstream,
            status=status,
            from_upstream=visit.from_upstream,
            seconds=time.monotonic() - visit.started,
        )
        with contextlib.suppress(Exception):
            self._observe(record)

    def _answer(
        self, visit: _Visit, response: UpstreamResponse, start_response: StartResponse
    ) -> Iterable[bytes]:
        status, body, method = response.status, response.body, visit.method
        pairs = fields.to_client(status, response.headers)
        pairs += fields.length_to_client(method, status, response.headers, body)
        pairs.append(("X-Request-Id", visit.request_id))
        start_response(f"{status} {_phrase(status)}", pairs)
        return [] if method == "HEAD" or status in _BODILESS else [body]


def _phrase(status: int) -> str:
    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:  # an upstream may use a status that nobody has heard of
        return "Unknown"
