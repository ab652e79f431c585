"""A gateway on loopback, in front of services in its own process: the slow one never answers in time."""

import dataclasses
import json
import time
from collections import deque
from typing import Final
from wsgiref.types import WSGIApplication

from contracts.services.gateway import (
    Client,
    Record,
    Route,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation
from graders.kit.load import Shot

TRY: Final = (
    "curl -i {url}/shop/42                                      # 401: no key",
    "curl -i -H 'X-Api-Key: key-of-alice' {url}/shop/42         # what the upstream got",
    "curl -i -H 'Authorization: Bearer key-of-bob' {url}/admin  # 403: for alice only",
    "curl -i --path-as-is -H 'X-Api-Key: key-of-alice' {url}/shop/%2e%2e/admin   # 400",
    "curl -i -H 'X-Api-Key: key-of-alice' {url}/slow            # 504 after a second",
    "curl -s -H 'X-Api-Key: key-of-alice' {url}/seen            # records of the last requests",
    "for n in 1 2 3 4 5 6 7; do curl -s -H 'X-Api-Key: key-of-bob' {url}/shop; done  # 429 after five",
)
KEY: Final = {"X-Api-Key": "key-of-alice"}
LOAD: Final = (
    Shot("GET", "/shop/$n?page=1", 200, holds=b"/shop/$n?page=1", headers=KEY),
    Shot("POST", "/shop/$n", 200, b"an order", b"8 bytes", KEY),
    Shot("GET", "/admin/$n", 200, holds=b"alice", headers=KEY),
    Shot("GET", "/shop/$n", 401, holds=b"error"),
    Shot("GET", "/nothing/$n", 404, holds=b"error", headers=KEY),
    Shot("GET", "/shop/%2e%2e/$n", 400, holds=b"error", headers=KEY),
    Shot("GET", "/seen", 200, holds=b"request_id", headers=KEY),
)


class Behind:
    """The services behind the gateway, without a network."""

    def __init__(self) -> None:
        self.seen: deque[Record] = deque(maxlen=20)

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        """`slow` never answers in time; `seen` tells the last records; `shop` tells what came."""
        if address[0] == "slow":
            time.sleep(timeout)
            raise UpstreamTimeout(f"no answer within {timeout} s")
        told: object = {"method": request.method, "target": request.target} | dict(request.headers)
        if address[0] == "seen":
            told = [dataclasses.asdict(record) for record in list(self.seen)]
        elif request.body:
            told = f"{len(request.body)} bytes"
        body = json.dumps(told, indent=2).encode() + b"\n"
        return UpstreamResponse(200, (("Content-Type", "application/json"),), body)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    shop, slow = Upstream("shop", 8001), Upstream("slow", 8002, timeout=1.0, max_calls=2)
    routes = [
        Route("/shop", shop),
        Route("/slow", slow),
        Route("/seen", Upstream("seen", 8003)),
        Route("/admin", shop, clients=frozenset({"alice"})),
    ]
    clients = [
        Client("alice", ("key-of-alice",), rate=100_000.0, burst=100_000),
        Client("bob", ("key-of-bob",), rate=0.5, burst=5),
    ]
    behind = Behind()
    served: WSGIApplication = impl.Gateway(routes, clients, behind, observe=behind.seen.append)
    return served
