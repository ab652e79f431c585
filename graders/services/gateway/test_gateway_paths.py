"""Paths and queries that two servers could read differently."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote_from_bytes

from contracts.services.gateway import (
    MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
    Client,
    Route,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
)
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import bare, call, refused

KEY = "key-of-alice"
ALICE = Client("alice", (KEY,), rate=1e6, burst=1_000_000)
HEADERS = {"Authorization": f"Bearer {KEY}"}
EVERYTHING = [Route("/", Upstream("behind", 1)), Route("/api/admin", Upstream("admin", 2))]


class Behind:
    """A transport that counts its calls."""

    calls = 0

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.calls += 1
        return UpstreamResponse(200, (("Content-Type", "text/plain"),))


def gateway(impl: Implementation) -> tuple[Any, Behind]:
    """A gateway that has a route for every path, and what is behind it."""
    behind = Behind()
    return impl.Gateway(EVERYTHING, [ALICE], behind), behind


def status(app: Callable[..., Iterable[bytes]], **environ: str) -> int:
    """Of the answer to one call with exactly this environ."""
    return bare(app, HTTP_X_API_KEY=KEY, REMOTE_ADDR="127.0.0.1", **environ).status


@check("P3", kind="behaviour")
def test_path_tricks(plain: Implementation) -> None:
    """Dots, encoded slashes, backslashes, parameters, NUL, double encoding, bad UTF-8, in turn."""
    app, behind = gateway(plain)
    tricks = ["/..", "/../x", "/x/..", "/x/../admin", "/.", "/./x", "/x/.", "/api/./admin"]
    tricks += ["/%2e%2e/x", "/x/%2E%2e", "/%2e", "/x/.%2e/admin", "/api/..%2fadmin"]
    tricks += ["/...", "/x/.../y", "/admin.", "/admin./x", "/x/admin%2e", "/a..", "/a../b"]
    tricks += ["//", "//x", "/x//y", "/x//", "/x/%2f", "/%2f/x", "/x%2f%2fy", "///"]
    tricks += ["/x\\y", "/x%5cy", "/%5c..%5cadmin", "/x%5C"]
    tricks += ["/x;y", "/x;", "/api;v=1/admin", "/x%3by", "/..;/admin", "/x/..%3b/admin"]
    tricks += ["/x%00", "/%00", "/x%00.png", "/x%0a", "/x%0d%0aY:z", "/x%09y", "/x%7f", "/x%1f"]
    tricks += ["/%252e%252e/x", "/x%252fy", "/x%2500", "/%25%36%31dmin", "/x%25Ff", "/%2541"]
    tricks += ["/%ff", "/x/%c0%ae%c0%ae/y", "/%c3", "/x%e0%80%af", "/%ed%a0%80", "/%f5%80%80%80"]
    for path in tricks:
        refused(f"GET {path}", 400, call(app, "GET", path, headers=HEADERS))
    equal(behind.calls, 0, did="all these paths; calls of an upstream")


@check("P3", kind="behaviour")
def test_every_byte_of_a_path(plain: Implementation) -> None:
    """/a<byte>b and /a<byte> for each of the 256 bytes: refused or let through by the table."""
    app, behind = gateway(plain)
    for byte in range(256):
        good = 32 <= byte < 127 and chr(byte) not in "\\;"
        for tail, fine in ((b"b", good), (b"", good and chr(byte) != ".")):
            path = "/a" + quote_from_bytes(bytes([byte]) + tail)
            want = 200 if fine else 400
            got = call(app, "GET", path, headers=HEADERS).status
            equal(got, want, did=f"GET {path}: status")
    ensure(behind.calls > 0, did="all these paths", want="some are forwarded")


@check("P3", kind="behaviour")
def test_paths_that_are_fine(plain: Implementation) -> None:
    """Dots inside of names, a slash at the end, a lone percent sign: nothing is refused."""
    app, behind = gateway(plain)
    fine = ["/", "/a/", "/.a", "/..a", "/a.b", "/a..b/c", "/.well-known/x", "/%25", "/100%25/x"]
    fine += ["/%25%2541"[:4], "/%25a", "/%25g0", "/a%20b", "/%C3%A9", "/~x", "/a:b", "/a@b,c"]
    for path in fine:
        equal(call(app, "GET", path, headers=HEADERS).status, 200, did=f"GET {path}: status")
    equal(behind.calls, len(fine), did="all these paths; calls of an upstream")


@check("P3", kind="behaviour")
def test_what_is_no_path_and_no_query(plain: Implementation) -> None:
    """PATH_INFO without a slash in front; queries with blanks, controls, bytes above 126, or #."""
    app, behind = gateway(plain)
    for path in ("", "*", "x", "http://other/x", ".", "%2fx"):
        equal(status(app, PATH_INFO=path), 400, did=f"PATH_INFO {path!r}: status")
    for query in ("a b", "a\tb", "a\r\nX: y", "\n", "\x00", "\x7f", "caf\xe9", "a#b", "#"):
        equal(status(app, QUERY_STRING=query), 400, did=f"query {query!r}: status")
    equal(behind.calls, 0, did="all these; calls of an upstream")
    for query in ("", "a=b", "%00", "..//;\\", "?", '!"$~'):
        equal(status(app, QUERY_STRING=query), 200, did=f"query {query!r}: status")


@check("P6", kind="behaviour")
def test_the_longest_path_and_query(plain: Implementation) -> None:
    """Paths and queries of the largest length, and one byte longer."""
    app, behind = gateway(plain)
    for path, query, status in (
        ("/" + "a" * (MAX_PATH_BYTES - 1), "", 200),
        ("/" + "a" * MAX_PATH_BYTES, "", 414),
        ("/" + "%61" * (MAX_PATH_BYTES - 1), "", 200),
        ("/" + "%C3%A9" * (MAX_PATH_BYTES // 2), "", 414),
        ("/" + "%C3%A9" * (MAX_PATH_BYTES // 2 - 1), "", 200),
        ("/" + "/" * MAX_PATH_BYTES, "", 414),
        ("/", "q" * MAX_QUERY_BYTES, 200),
        ("/", "q" * (MAX_QUERY_BYTES + 1), 414),
        ("/", "#" * (MAX_QUERY_BYTES + 1), 414),
    ):
        answer = call(app, "GET", path, headers=HEADERS, query=query)
        did = f"GET {path[:8]}…, {len(path):,} characters, query of {len(query):,} bytes"
        equal(answer.status, status, did=did + ": status")
        if status == 414:
            refused(did, 414, answer)
    equal(behind.calls, 4, did="four of these were fine; calls of an upstream")
