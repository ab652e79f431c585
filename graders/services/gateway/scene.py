"""A gateway on loopback, in front of two services in its own process: one quick, one slow."""

import json
import time
from typing import Final
from wsgiref.types import WSGIApplication

from contracts.services.gateway import (
    Client,
    Route,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation

TRY: Final = (
    "curl -i {url}/shop/42                                      # 401: no key",
    "curl -i -H 'X-Api-Key: key-of-alice' {url}/shop/42         # what the upstream got",
    "curl -i -H 'Authorization: Bearer key-of-bob' {url}/admin  # 403: for alice only",
    "curl -i --path-as-is -H 'X-Api-Key: key-of-alice' {url}/shop/%2e%2e/admin   # 400",
    "curl -i -H 'X-Api-Key: key-of-alice' {url}/slow            # 504 after a second",
    "for n in 1 2 3 4 5 6 7; do curl -s -H 'X-Api-Key: key-of-bob' {url}/shop; done  # 429 after five",
)


class Behind:
    """The services behind the gateway, without a network."""

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        """Tell what came; the service `slow` never answers in time."""
        if address[0] == "slow":
            time.sleep(timeout)
            raise UpstreamTimeout(f"no answer within {timeout} s")
        told = {"method": request.method, "target": request.target} | dict(request.headers)
        body = json.dumps(told, indent=2).encode() + b"\n"
        return UpstreamResponse(200, (("Content-Type", "application/json"),), body)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    shop, slow = Upstream("shop", 8001), Upstream("slow", 8002, timeout=1.0, max_calls=2)
    routes = [
        Route("/shop", shop),
        Route("/slow", slow),
        Route("/admin", shop, clients=frozenset({"alice"})),
    ]
    clients = [
        Client("alice", ("key-of-alice",), rate=5.0, burst=20),
        Client("bob", ("key-of-bob",), rate=0.5, burst=5),
    ]
    served: WSGIApplication = impl.Gateway(routes, clients, Behind(), observe=print)
    return served
