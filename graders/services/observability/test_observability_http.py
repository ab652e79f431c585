"""/metrics and /health, and what is refused; in process and over sockets."""

import io
import json
import re
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.http import call, raw, refused, request, serving

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def filled(impl: Implementation) -> Any:
    """A registry with a counter whose label value is not ASCII."""
    registry = impl.Registry()
    registry.counter("c_total", "é", ("a",)).add(2, a="日本")
    return registry


@check("P19", kind="behaviour")
def test_metrics_and_health(impl: Implementation) -> None:
    """GET and HEAD of /metrics and /health, also with a query."""

    def scene(sim: Sim) -> None:
        registry = filled(impl)
        ops = impl.OpsApp(registry)
        for query in ("", "name[]=c_total"):
            answer = call(ops, "GET", "/metrics", query=query)
            equal(
                (answer.status, answer.body), (200, registry.render().encode()), did="GET /metrics"
            )
            equal(answer.header("Content-Type"), TEXT, did="GET /metrics: Content-Type")
            health = call(ops, "GET", "/health", query=query)
            equal((health.status, health.json()), (200, {"status": "ok"}), did="GET /health")
            media_type = (health.header("Content-Type") or "").partition(";")[0]
            equal(media_type, "application/json", did="GET /health: Content-Type")
        for path, got in (("/metrics", answer), ("/health", health)):
            equal(
                got.header("Content-Length"), str(len(got.body)), did=f"GET {path}: Content-Length"
            )
            head = call(ops, "HEAD", path)
            equal((head.status, head.body), (200, b""), did=f"HEAD {path}: status and body")
            want = sorted(got.headers), sorted(head.headers)
            equal(want[1], want[0], did=f"HEAD {path}: headers as for GET")
        registry.gauge("g", "").set(1)
        equal(
            call(ops, "GET", "/metrics").body, registry.render().encode(), did="GET after a change"
        )

    simulate(scene)


class Unread(io.BytesIO):
    """A request body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the request body was read")

    readline = readlines = readinto = read  # type: ignore[assignment]


@check("P19", kind="behaviour")
def test_everything_else_is_refused(impl: Implementation) -> None:
    """Unknown paths and methods, with bodies of any announced length, which are not read."""

    def scene(sim: Sim) -> None:
        ops = impl.OpsApp(filled(impl))
        paths = ("/", "/metrics/", "/metrics%00", "/Metrics", "/metric", "/metrics/x", "/x/metrics",
                 "/health/", "/%ff%fe", "/a%0d%0aX: y", "/é".encode().decode("latin-1"), "/" + "a" * 9_000)  # fmt: skip
        for path in paths:
            for method in ("GET", "POST", "BREW"):
                refused(f"{method} {path[:30]}", 404, call(ops, method, path))
            equal(call(ops, "HEAD", path).body, b"", did=f"HEAD {path[:30]}: body")
        for path in ("/metrics", "/health"):
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW", "get"):
                for length in ("0", "5", "1000000000"):
                    answer = call(ops, method, path, environ={"CONTENT_LENGTH": length})
                    refused(f"{method} {path}, Content-Length {length}", 405, answer)
                    got = {each.strip() for each in (answer.header("Allow") or "").split(",")}
                    equal(got, {"GET", "HEAD"}, did=f"{method} {path}: methods in Allow")
            answer = call(ops, "POST", path, Unread(b"x" * 100), {"Content-Length": "100"})
            refused(f"POST {path} with a body of 100 bytes, which is not read", 405, answer)

    simulate(scene)


MALFORMED = (
    # what it is, the bytes of the request, the status of the answer
    ("a path that is not there", b"GET /.env HTTP/1.1\r\n\r\n", 404),
    ("no UTF-8 in the path", b"GET /%ff%fe HTTP/1.1\r\n\r\n", 404),
    ("a newline in the path", b"GET /a%0d%0aX-Injected:%201 HTTP/1.1\r\n\r\n", 404),
    ("a null byte in the path", b"GET /metrics%00 HTTP/1.1\r\n\r\n", 404),
    ("control codes in the path", b"GET /%1b[31m%7f%c2%85 HTTP/1.1\r\n\r\n", 404),
    ("a path of 9,000 bytes", b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 404),
    ("JSON in the path", b"GET /%22,%22level%22:%22error%22} HTTP/1.1\r\n\r\n", 404),
    ("a method that is not served", b"DELETE /metrics HTTP/1.1\r\n\r\n", 405),
    ("a method that does not exist", b"BREW /health HTTP/1.1\r\n\r\n", 405),
    ("a method in lower case", b"get /metrics HTTP/1.1\r\n\r\n", 405),
    ("a body that is announced and not sent", b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n", 405),
    ("a body shorter than announced", b"PUT /health HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc", 405),
    ("a length that is no number", b"POST /metrics HTTP/1.1\r\nContent-Length: abc\r\n\r\n", 405),
    ("a negative length", b"POST /metrics HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 405),
    ("a body in chunks", b"POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 405),
    ("an id of 5,000 bytes", b"GET /x HTTP/1.1\r\nX-Request-ID: " + b"a" * 5_000 + b"\r\n\r\n", 404),
    ("two ids", b"GET /x HTTP/1.1\r\nX-Request-ID: a\r\nX-Request-ID: b\r\n\r\n", 404),
    ("an id that is no ASCII", b"GET /x HTTP/1.1\r\nX-Request-ID: \xff\xfe\r\n\r\n", 404),
    ("an empty id", b"GET /x HTTP/1.1\r\nX-Request-ID:\r\n\r\n", 404),
    ("eighty headers", b"GET /x HTTP/1.1\r\n" + b"X-A: b\r\n" * 80 + b"\r\n", 404),
)  # fmt: skip


class Lines:
    """A stream that keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text)

    def flush(self) -> None:
        pass


@check("P10", "P13", "P19", kind="behaviour")
def test_malformed_requests_over_a_socket(plain: Implementation) -> None:
    """Twenty malformed requests over a socket; then a client that does not end its request."""
    lines, registry = Lines(), plain.Registry()
    front = plain.Observed(plain.OpsApp(registry), registry, plain.Log(lines), lambda _: None)
    with serving(front) as address:
        for what, data, status in MALFORMED:
            head, _, body = raw(address, data).partition(b"\r\n\r\n")
            equal(head.split()[1:2], [b"%d" % status], did=f"{what}: status")
            error = json.loads(body).get("error") if body.startswith(b"{") else None
            ensure(isinstance(error, str), did=f"{what}: body", want='JSON with "error"', got=body)
            ids = re.findall(rb"(?im)^x-request-id: ([0-9a-f]{32})\r?$", head + b"\r\n")
            equal(len(ids), 1, did=f"{what}: fresh ids in the answer")
        silent = b"POST /health HTTP/1.1\r\nContent-Length: 50\r\n\r\nabc"
        head = raw(address, silent, end=True)
        equal(head.split()[1:2], [b"405"], did="half of a body: status")
        alive = request(address, "GET", "/metrics", headers={"X-Request-ID": "still-alive"})
        equal(alive.status, 200, did="GET /metrics after all these: status")
        equal(alive.header("X-Request-ID"), "still-alive", did="GET /metrics after all these: id")
    want = [status for _, _, status in MALFORMED] + [405, 200]
    found = [json.loads(line) for line in lines.lines]
    equal(sorted(line["status"] for line in found), sorted(want), did="all these requests: lines")


@check("P15", "P19", kind="behaviour")
def test_a_real_client_over_a_socket(plain: Implementation) -> None:
    """http.client against a threaded server: three requests, then /metrics."""
    registry = plain.Registry()
    ops = plain.OpsApp(registry)

    def app(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/fails":
            raise LookupError
        return ops(environ, start_response)

    def route(environ: Any) -> str:
        return str(environ["PATH_INFO"])

    lines = Lines()
    with serving(plain.Observed(app, registry, plain.Log(lines), route)) as address:
        for path, status in (("/health", 200), ("/none", 404), ("/fails", 500)):
            got = request(address, "GET", path).status
            equal(got, status, did=f"GET {path} over a socket: status")
    with serving(ops) as address:
        answer = request(address, "GET", "/metrics")
    equal(
        (answer.status, answer.header("Content-Type")),
        (200, TEXT),
        did="GET /metrics over a socket",
    )
    found = re.findall(r"^http_requests_total\{(.*)\} (\S+)$", answer.body.decode(), re.MULTILINE)
    got = {
        (dict(re.findall(r'(\w+)="([^"]*)"', labels))["status"], float(number))
        for labels, number in found
    }
    want = {("200", 1.0), ("404", 1.0), ("500", 1.0)}
    equal(got, want, did="GET /health, /none, /fails, which raises; then the counts in /metrics")
    errors = sorted(str(json.loads(line)["error"]) for line in lines.lines)
    equal(
        errors, ["LookupError", "None", "None"], did="GET /health, /none, /fails: errors in the log"
    )
