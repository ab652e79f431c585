"""Routing, and what is forwarded: method, path, query and body, exactly once."""

import random
import re
from collections.abc import Callable
from urllib.parse import quote, unquote_to_bytes

from contracts.services.gateway import (
    METHODS,
    Client,
    Route,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import Response, call
from graders.kit.shape import test_shape  # noqa: F401

TARGET = re.compile(r"(?:[A-Za-z0-9/._~!$&'()*+,:=@-]|%[0-9A-Fa-f]{2})+")
KEY = "key-of-alice"
ALICE = Client("alice", (KEY,), rate=1e6, burst=1_000_000)
TEXT = (("Content-Type", "text/plain"),)
OK = UpstreamResponse(200, TEXT, b"fine")


class Behind:
    """A transport that knows what it was asked, and gives one answer."""

    def __init__(
        self, answer: Callable[[UpstreamRequest], UpstreamResponse] = lambda _: OK
    ) -> None:
        self.answer = answer
        self.asked: list[tuple[tuple[str, int], UpstreamRequest]] = []

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.asked.append((address, request))
        return self.answer(request)


def routes(*prefixes: str) -> list[Route]:
    """A route for each prefix, to an upstream whose port is 1 for the first, 2 for the second …."""
    return [
        Route(prefix, Upstream("behind", port)) for port, prefix in enumerate(prefixes, start=1)
    ]


def ask(app: Callable[..., object], method: str, path: str, body: bytes = b"") -> Response:
    """One request with the key of Alice."""
    return call(app, method, path, body, {"X-Api-Key": KEY})  # type: ignore[arg-type]


@check("P1", kind="behaviour")
def test_the_longest_prefix_of_whole_segments(plain: Implementation) -> None:
    """Routes /api, /api/v2 and /shop: requests at their edges."""
    for prefixes in (("/api", "/api/v2", "/shop"), ("/shop", "/api/v2", "/api")):
        behind = Behind()
        app = plain.Gateway(routes(*prefixes), [ALICE], behind)
        for path, prefix in (
            ("/api", "/api"),
            ("/api/", "/api"),
            ("/api/v1", "/api"),
            ("/api/v2", "/api/v2"),
            ("/api/v2/", "/api/v2"),
            ("/api/v2/x/y", "/api/v2"),
            ("/api/v22", "/api"),
            ("/api/v", "/api"),
            ("/%61pi/x", "/api"),
            ("/shop/api/v2", "/shop"),
            ("/apix", None),
            ("/ap", None),
            ("/", None),
            ("/API", None),
            ("/x/api", None),
            ("/api%20", None),
        ):
            did = f"routes {', '.join(prefixes)}: GET {path}"
            answer = ask(app, "GET", path)
            if prefix is None:
                equal(answer.status, 404, did=did + ": status")
                continue
            equal(answer.status, 200, did=did + ": status")
            want = ("behind", prefixes.index(prefix) + 1)
            equal(behind.asked[-1][0], want, did=f"{did}: address (that of {prefix})")


@check("P1", kind="behaviour")
def test_a_route_for_everything(plain: Implementation) -> None:
    """A route / beside /a/b and /café: it gets what no other route serves."""
    behind = Behind()
    app = plain.Gateway(routes("/", "/a/b", "/café"), [ALICE], behind)
    for path, port in (
        ("/caf%C3%A9", 3),
        ("/caf%C3%A9/x", 3),
        ("/caf%C3%A9s", 1),
        ("/cafe%CC%81", 1),
        ("/", 1),
        ("/a", 1),
        ("/a/", 1),
        ("/a/bc", 1),
        ("/a/b", 2),
        ("/a/b/", 2),
    ):
        equal(ask(app, "GET", path).status, 200, did=f"routes / and /a/b: GET {path}: status")
        equal(behind.asked[-1][0][1], port, did=f"routes / (1) and /a/b (2): GET {path}")


@check("P1", kind="behaviour")
def test_generated_routes(plain: Implementation) -> None:
    """Random routes and paths of the segments a, ab and b (seed 7), compared with the definition."""
    chance = random.Random(7)
    for _ in range(12):
        made = {_path(chance, 3) or "/" for _ in range(4)}
        prefixes = sorted(made, key=lambda _: chance.random())
        behind = Behind()
        app = plain.Gateway(routes(*prefixes), [ALICE], behind)
        for _ in range(8):
            path = _path(chance, 4) or "/"
            fits = [p for p in prefixes if p == "/" or f"{path}/".startswith(f"{p}/")]
            answer = ask(app, "GET", path)
            did = f"routes {', '.join(prefixes)}: GET {path}"
            if not fits:
                equal(answer.status, 404, did=did + ": status")
            else:
                equal(answer.status, 200, did=did + ": status")
                got = prefixes[behind.asked[-1][0][1] - 1]
                equal(got, max(fits, key=len), did=did + ": the prefix that was taken")


def _path(chance: random.Random, longest: int) -> str:
    return "".join("/" + chance.choice(("a", "ab", "b")) for _ in range(chance.randrange(longest)))


@check("P2", kind="behaviour")
def test_what_was_routed_is_what_is_forwarded(plain: Implementation) -> None:
    """Paths with blanks, %2f, question marks, percent signs, umlauts; and queries."""
    behind = Behind()
    app = plain.Gateway(routes("/api"), [ALICE], behind)
    for path in (
        "/api",
        "/api/",
        "/api/a%20b",
        "/api%2fx",
        "/%61pi/%41",
        "/api/a%3Fb%23c",
        "/api/100%25",
        "/api/%25zz",
        "/api/%C3%A9/%E6%97%A5",
        "/api/a+b/c,d:e@f=g&h'i(j)*!$~-_.x",
        "/api/%22%3C%3E%5B%5D%5E%60%7B%7C%7D",
        "/api/...a/.b/a.b",
    ):
        for query in ("", "q=1", "a=%2f%zz&b=+?/&c", "x=%0d%0a"):
            ask(app, "GET", f"{path}?{query}" if query else path)
            did = f"GET {path}?{query}"
            ensure(bool(behind.asked), did=did, want="it is forwarded")
            target = behind.asked[-1][1].target
            sent, _, asked = target.partition("?")
            decoded = unquote_to_bytes(sent)
            equal(decoded, unquote_to_bytes(path), did=f"{did}: path at the upstream, decoded")
            equal(asked, query, did=f"{did}: query at the upstream")
            ensure(bool(TARGET.fullmatch(sent)), did=did, want="a well-formed path", got=target)


@check("P2", kind="behaviour")
def test_generated_paths_are_forwarded(plain: Implementation) -> None:
    """Random paths that no rule refuses (seed 3), every character encoded or not at random."""
    chance = random.Random(3)
    behind = Behind()
    app = plain.Gateway(routes("/"), [ALICE], behind)
    letters = "abz09-_~!$&'()*+,:=@ %?#é日\"<>[]^`{|}"
    for _ in range(40):
        segments = [
            "".join(chance.choice(letters) for _ in range(chance.randrange(1, 6)))
            for _ in range(chance.randrange(1, 4))
        ]
        path = "/" + "/".join(segment.replace("%", "%-") for segment in segments)
        wire = "".join(
            letter if letter in "/abz09" and chance.random() < 0.7 else quote(letter, safe="")
            for letter in path
        )
        answer = ask(app, "GET", wire)
        equal(answer.status, 200, did=f"GET {wire}: status")
        target = behind.asked[-1][1].target
        ensure(
            bool(TARGET.fullmatch(target)), did=f"GET {wire}", want="a well-formed path", got=target
        )
        got = unquote_to_bytes(target)
        equal(got, path.encode(), did=f"GET {wire}: target at the upstream, decoded")


@check("P2", kind="behaviour")
def test_methods_and_bodies(plain: Implementation) -> None:
    """Every method, with a body of all 256 bytes and without one."""
    behind = Behind()
    app = plain.Gateway(routes("/api"), [ALICE], behind)
    for method in METHODS:
        for body in (b"", bytes(range(256))):
            did = f"{method} /api with a body of {len(body)} bytes"
            answer = ask(app, method, "/api", body)
            equal(answer.status, 200, did=did + ": status")
            sent = behind.asked[-1][1]
            equal(sent.method, method, did=did + ": method at the upstream")
            equal(bytes(sent.body), body, did=did + ": body at the upstream")
    equal(len(behind.asked), 2 * len(METHODS), did="14 requests; calls of the upstream")


@check("P2", "P12", kind="behaviour")
def test_nothing_is_sent_twice(plain: Implementation) -> None:
    """The upstream fails or is too slow, with every method; how often it is called."""
    for error, status in ((UpstreamFailed, 502), (UpstreamTimeout, 504), (OSError, 502)):

        def fail(_: UpstreamRequest, error: type[Exception] = error) -> UpstreamResponse:
            raise error("on purpose")

        for method in METHODS:
            behind = Behind(fail)
            app = plain.Gateway(routes("/api"), [ALICE], behind)
            answer = ask(app, method, "/api")
            did = f"{method} /api, the transport raises {error.__name__}"
            equal(answer.status, status, did=did + ": status")
            equal(len(behind.asked), 1, did=did + ": calls of the transport")
    for status in (500, 502, 503, 429):
        behind = Behind(lambda _, status=status: UpstreamResponse(status, TEXT, b"own"))  # type: ignore[misc]
        app = plain.Gateway(routes("/api"), [ALICE], behind)
        answer = ask(app, "GET", "/api")
        did = f"GET, the upstream answers {status}"
        equal((answer.status, answer.body), (status, b"own"), did=did + ": status and body")
        equal(len(behind.asked), 1, did=did + ": calls of the upstream")
