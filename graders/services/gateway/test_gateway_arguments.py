"""Settings and requests that make no sense."""

import dataclasses
import math
from typing import Any

from contracts.services.gateway import (
    Client,
    Connection,
    Route,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
)
from graders.kit import Implementation, check, equal, raises

HERE = Upstream("behind", 1)
ROUTE = Route("/api", HERE)
ALICE = Client("alice", ("key-of-alice",))
BOB = Client("bob", ("key-of-bob",))
REQUEST = UpstreamRequest("GET", "/", (("Host", "behind:1"),))


class Behind:
    """A transport that nobody should call."""

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        raise AssertionError


def refuses(
    impl: Any, why: str, *, routes: Any = (ROUTE,), clients: Any = (ALICE,), **more: Any
) -> None:
    """Making such a gateway is a ValueError whose text holds no key."""
    made = f"Gateway with {why}"
    error = raises(ValueError, lambda: impl.Gateway(routes, clients, Behind(), **more), did=made)
    keys = [key for client in clients for key in client.keys if len(key) > 7]
    told = [key for key in keys if key in str(error)]
    equal(told, [], did=f"{made}: keys in the text of the error")


@check("P19", kind="contract")
def test_bad_routes_and_upstreams(plain: Implementation) -> None:
    """Prefixes that are no path, methods that there are not, hosts and numbers that make no sense."""
    prefixes = [
        "",
        "api",
        "/api/",
        "//",
        "//api",
        "/a//b",
        "/a/../b",
        "/..",
        "/a.",
        "/a;b",
        "/a\\b",
    ]
    for prefix in [*prefixes, "/a\x00", "/a\n", "/%2e", "/a%41"]:
        refuses(plain, f"the prefix {prefix!r}", routes=[Route(prefix, HERE)])
    for methods in ((), ("TRACE",), ("get",), ("GET", "BREW"), ("",)):
        refuses(plain, f"the methods {methods}", routes=[Route("/", HERE, frozenset(methods))])
    for names in (("bob",), ("alice", "bob"), ("Alice",)):
        route = Route("/", HERE, clients=frozenset(names))
        refuses(plain, f"the client alice and a route for {names}", routes=[route])
    for change in (
        *(
            {"host": host}
            for host in ("", "a b", "a:80", "a/b", "x@a", "a\r\nb", "http://a", "\xe9")
        ),
        *({"port": port} for port in (0, -1, 65_536)),
        *({"timeout": timeout} for timeout in (0, 0.0, -1.0, math.inf, math.nan)),
        *({"max_calls": calls} for calls in (0, -1)),
    ):
        upstream = dataclasses.replace(HERE, **change)  # type: ignore[arg-type]
        refuses(plain, f"an Upstream with {change}", routes=[Route("/x", upstream)])
    refuses(plain, "two routes /api", routes=[ROUTE, Route("/api", Upstream("other", 2))])
    for other in (Upstream("behind", 1, 6.0), Upstream("behind", 1, max_calls=3)):
        refuses(plain, "two Upstreams at behind:1", routes=[ROUTE, Route("/x", other)])


@check("P19", kind="contract")
def test_bad_clients_and_limits(plain: Implementation) -> None:
    """Names, keys, rates, bursts, and the two limits."""
    for change in (
        *({"name": name} for name in ("", "a b", "a\r\nb", "a/b", "\xe9", "a" * 65, "a,b")),
        *({"keys": keys} for keys in ((), ("",), ("7letter",), ("key-of-alice", "short"))),
        *(
            {"keys": (key,)}
            for key in ("k3y of alice", "key,of,alice", "key-of-\xe9lice", "key-of-a\n")
        ),
        {"keys": ("key-of-alice", "key-of-alice")},
        *({"rate": rate} for rate in (0, 0.0, -1.0, math.inf, math.nan)),
        *({"burst": burst} for burst in (0, -1)),
    ):
        client = dataclasses.replace(ALICE, **change)  # type: ignore[arg-type]
        refuses(plain, f"a Client with {change}", clients=[BOB, client])
    refuses(plain, "two clients of one name", clients=[ALICE, Client("alice", ("another-key",))])
    refuses(
        plain,
        "two clients with one key",
        clients=[ALICE, Client("bob", ("a-key-of-bob", *ALICE.keys))],
    )
    for name in ("max_body_bytes", "max_response_bytes"):
        for limit in (0, -1):
            refuses(plain, f"{name}={limit}", **{name: limit})


@check("P19", kind="contract")
def test_settings_at_their_limits(plain: Implementation) -> None:
    """Nothing to serve, the shortest and longest names and keys, the least of every number."""
    plain.Gateway([], [], Behind())
    least = Upstream("a", 65_535, 1e-9, 1)
    names = frozenset({"a" * 64})
    routes = [Route("/", least), Route("/é b/.x", least, frozenset({"GET"}), names)]
    routes.append(Route("/A", Upstream("a", 65_535, 1e-9, 1), clients=frozenset()))
    clients = [Client("a" * 64, ("-._~+/=0", "-._~+/=1"), 1e-9, 1), Client("A", ("eight888",))]
    app = plain.Gateway(routes, clients, Behind(), max_body_bytes=1, max_response_bytes=1)
    equal(callable(app), True, did="Gateway with everything at its limit")
    shown = repr(clients[1])
    equal("eight888" in shown, False, did=f"a key in {shown}")


@check("P19", "P18", kind="contract")
def test_requests_that_would_be_misread(plain: Implementation) -> None:
    """HttpTransport is given methods, targets, headers and limits that no request may have."""

    def connect(address: tuple[str, int], seconds: float) -> Connection:
        connected.append(address)
        raise ConnectionRefusedError

    connected: list[tuple[str, int]] = []
    transport = plain.HttpTransport(connect)
    host = REQUEST.headers
    bad: list[dict[str, Any]] = [
        {"method": each} for each in ("", "GE T", "GET\r\n", "G\xe9T", "A:B")
    ]
    bad += [
        {"target": each}
        for each in ("", "x", "*", "http://a/", "/a b", "/a\r\nX: y", "/\xe9", "/\x7f")
    ]
    bad += [
        {"headers": ((name, "x"), *host)} for name in ("", "X ", "X:", "X\r\nY", " X", "\xe9", "X(")
    ]
    bad += [
        {"headers": (*host, ("X", v))} for v in ("a\r\nb", "a\rb", "a\nb", "\x00", "\x7f", "\u20ac")
    ]
    for name in ("Connection", "content-length", "TRANSFER-ENCODING"):
        bad.append({"headers": (*host, (name, "5"))})
    bad += [{"headers": ()}, {"headers": (*host, *host)}, {"headers": (*host, ("hOST", "other"))}]
    for change in bad:
        request = dataclasses.replace(REQUEST, **change)
        did = f"HttpTransport().send of {request}"
        raises(
            ValueError, lambda request=request: transport.send(("a", 1), request, 1.0, 9), did=did
        )  # type: ignore[misc]
    for timeout in (0, 0.0, -1.0, math.inf, math.nan):
        did = f"HttpTransport().send with timeout {timeout}"
        raises(ValueError, lambda t=timeout: transport.send(("a", 1), REQUEST, t, 9), did=did)  # type: ignore[misc]
    raises(
        ValueError, lambda: transport.send(("a", 1), REQUEST, 1.0, -1), did="send with max_bytes -1"
    )
    equal(connected, [], did="all these; connections that were made")
