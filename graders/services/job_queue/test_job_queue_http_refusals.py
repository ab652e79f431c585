"""The HTTP front: what it refuses, and what it reads of a body."""

import io
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.http import bare, call, raw, refused, request, serving

LIMIT = 100
GOOD = b'{"kind":"k"}'
ARABIC_FIVE = "\u0665".encode().decode("latin-1")  # a digit to str.isdigit() and int()


def untouched(impl: Implementation, limit: int = LIMIT) -> tuple[Any, Any, Callable[[str], None]]:
    """An app, its queue, and a function that checks that no job was accepted and that it lives."""
    queue = impl.JobQueue({"k": lambda _: 7, "null": lambda _: 0}, workers=1, capacity=5)
    app = impl.JobApp(queue, limit)
    accepted = [0]

    def alive(did: str) -> None:
        equal(queue.stats().accepted, accepted[0], did=did + ": jobs accepted")
        answer = call(app, "POST", "/jobs", GOOD)
        equal(answer.status, 202, did=did + "; then a good POST: status")
        accepted[0] += 1

    return app, queue, alive


@check("P23", kind="behaviour")
def test_unknown_paths_and_methods(impl: Implementation) -> None:
    """Paths that are not served: 404. Methods that are not: 405 with Allow. Ids that are not known: 404."""

    def scene(sim: Sim) -> None:
        app, queue, _ = untouched(impl)
        for path in ("/", "/job", "/jobsx", "/Jobs", "/stats/", "/stats/x", "/x/jobs", "//jobs"):
            for method in ("GET", "POST", "DELETE"):
                body = GOOD if method == "POST" else b""
                refused(f"{method} {path}", 404, call(app, method, path, body))
        for path, allowed in (
            ("/stats", {"GET", "HEAD"}),
            ("/jobs/x", {"GET", "HEAD"}),
            ("/jobs/", {"GET", "HEAD"}),
            ("/jobs", {"POST"}),
        ):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "BREW"):
                if method in allowed:
                    continue
                answer = bare(app, method, path.encode(), GOOD, CONTENT_LENGTH="12")
                refused(f"{method} {path}", 405, answer)
                got = {each.strip() for each in (answer.header("Allow") or "").split(",")}
                equal(got, allowed, did=f"{method} {path}: methods in Allow")
        job_id = queue.submit("k")
        ids = [
            b"",
            b"none",
            b"\xff\xfe",
            job_id.encode() + b"/",
            b"/" + job_id.encode(),
            b"a" * 9_000,
        ]
        for each in ids:
            did = f"GET /jobs/{each[:30]!r}, {len(each)} bytes"
            refused(did, 404, bare(app, "GET", b"/jobs/" + each))
        sim.settle()
        queue.stop()
        equal(queue.stats().accepted, 1, did="after all these: jobs accepted")

    simulate(scene)


BODIES: dict[str, bytes] = {
    "an empty body": b"",
    "only spaces": b"   ",
    "no JSON": b"kind=k",
    "half an object": b'{"kind":"k"',
    "more than one object": b'{"kind":"k"}{}',
    "single quotes": b"{'kind':'k'}",
    "a list": b'["k"]',
    "a text": b'"k"',
    "a number": b"7",
    "null": b"null",
    "bytes that are not UTF-8": b'{"kind":"k","payload":"\xff"}',
    "UTF-16": '{"kind":"k"}'.encode("utf-16"),
    "a surrogate in UTF-8": b'{"kind":"k","payload":"\xed\xa0\x80"}',
    "NaN": b'{"kind":"k","payload":NaN}',
    "Infinity": b'{"kind":"k","payload":[-Infinity]}',
    "a number above all floats": b'{"kind":"k","payload":1e999}',
    "such a number, deep inside": b'{"kind":"k","payload":[{"a":-1e999}]}',
    "the kind twice": b'{"kind":"k","kind":"k"}',
    "a key twice in the payload": b'{"kind":"k","payload":{"a":1,"a":2}}',
    "no kind": b'{"payload":1}',
    "an empty object": b"{}",
    "a kind of null": b'{"kind":null}',
    "a kind that is a number": b'{"kind":7}',
    "a kind that is a list": b'{"kind":["k"]}',
    "a kind that is an object": b'{"kind":{"k":1}}',
    "a kind that is true": b'{"kind":true}',
    "an unknown kind": b'{"kind":"none"}',
    "an empty kind": b'{"kind":""}',
    "a kind in capitals": b'{"kind":"K"}',
    "a kind with a surrogate": b'{"kind":"\\ud800"}',
    "a key that is not known": b'{"kind":"k","priority":1}',
    "a key that is nearly known": b'{"kind":"k","Payload":1}',
    "an id of the client's": b'{"kind":"k","id":"x"}',
}


@check("P23", kind="behaviour")
def test_bad_bodies(impl: Implementation) -> None:
    """Thirty-four bodies that are no job, each followed by a good one."""

    def scene(sim: Sim) -> None:
        app, queue, alive = untouched(impl, 10**6)
        very_deep = b'{"kind":"k","payload":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
        for what, body in (*BODIES.items(), ("very many brackets", very_deep)):
            did = f"POST /jobs with {what}"
            answer = call(app, "POST", "/jobs", body)
            refused(did, 400, answer)
            ensure(
                b"Traceback" not in answer.body and b'File \\"' not in answer.body,
                did=did,
                want="no traceback",
                got=answer.body,
            )
            alive(did)
            sim.settle()
        queue.stop()

    simulate(scene)


@check("P23", kind="behaviour")
def test_bad_lengths(impl: Implementation) -> None:
    """POST without a usable Content-Length, and with one above the limit."""

    def scene(sim: Sim) -> None:
        app, queue, alive = untouched(impl)
        cases: list[tuple[int, dict[str, str]]] = [
            (411, {}),
            (411, {"CONTENT_LENGTH": ""}),
            (411, {"CONTENT_LENGTH": "12", "HTTP_TRANSFER_ENCODING": "chunked"}),
            (411, {"HTTP_TRANSFER_ENCODING": "chunked"}),
            (411, {"CONTENT_LENGTH": "12", "HTTP_TRANSFER_ENCODING": "gzip"}),
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("-1", "+12", "12.0", "twelve", "1_2")],
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("12, 12", "12;", " 12", ARABIC_FIVE)],
            (413, {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (413, {"CONTENT_LENGTH": "9" * 5_000}),
        ]
        for status, environ in cases:
            shown = {name: value[:20] for name, value in environ.items()}
            did = f"POST /jobs with {shown}, {LIMIT} bytes allowed"
            refused(did, status, bare(app, "POST", b"/jobs", GOOD + b" " * 200, **environ))
            alive(did)
            sim.settle()
        accepted = queue.stats().accepted
        for length, body in (("100", GOOD + b" " * 88), ("00000012", GOOD)):
            answer = bare(app, "POST", b"/jobs", body, CONTENT_LENGTH=length)
            did = f"POST with Content-Length: {length}, {LIMIT} allowed: status"
            equal(answer.status, 202, did=did)
        equal(queue.stats().accepted, accepted + 2, did="two good ones: jobs accepted")
        queue.stop()

    simulate(scene)


@check("P23", "P24", kind="behaviour")
def test_malformed_requests_over_a_socket(plain: Implementation) -> None:
    """Twenty malformed requests to a real server, a good one after each."""
    queue = plain.JobQueue({"k": lambda _: 7}, workers=1, capacity=100)
    head = b"%s %s HTTP/1.1\r\nHost: queue\r\n"
    long = b"Content-Length: 12\r\n"
    cases: list[tuple[str, int, bytes]] = [
        ("a path that is not served", 404, head % (b"GET", b"/none") + b"\r\n"),
        ("an id that is not known", 404, head % (b"GET", b"/jobs/none") + b"\r\n"),
        ("an id of broken bytes", 404, head % (b"GET", b"/jobs/%FF%00") + b"\r\n"),
        ("an id of 9,000 letters", 404, head % (b"GET", b"/jobs/" + b"a" * 9_000) + b"\r\n"),
        ("the wrong method", 405, head % (b"PUT", b"/jobs") + long + b"\r\n" + GOOD),
        ("a method that nobody knows", 405, head % (b"BREW", b"/jobs") + b"\r\n"),
        ("DELETE of a job", 405, head % (b"DELETE", b"/jobs/none") + b"\r\n"),
        ("no length", 411, head % (b"POST", b"/jobs") + b"\r\n" + GOOD),
        (
            "chunks",
            411,
            head % (b"POST", b"/jobs") + b"Transfer-Encoding: chunked\r\n\r\nc\r\n" + GOOD,
        ),
        (
            "a negative length",
            400,
            head % (b"POST", b"/jobs") + b"Content-Length: -1\r\n\r\n" + GOOD,
        ),
        (
            "a length in words",
            400,
            head % (b"POST", b"/jobs") + b"Content-Length: x\r\n\r\n" + GOOD,
        ),
        ("a huge length", 413, head % (b"POST", b"/jobs") + b"Content-Length: 9999999999\r\n\r\n"),
        (
            "too long a body",
            413,
            head % (b"POST", b"/jobs") + b"Content-Length: 101\r\n\r\n" + b" " * 101,
        ),
        ("a short body", 400, head % (b"POST", b"/jobs") + b"Content-Length: 13\r\n\r\n" + GOOD),
        ("no body at all", 400, head % (b"POST", b"/jobs") + long + b"\r\n"),
        ("an empty body", 400, head % (b"POST", b"/jobs") + b"Content-Length: 0\r\n\r\n"),
        ("no JSON", 400, head % (b"POST", b"/jobs") + long + b"\r\n" + b"kind=k&x=123"),
        ("broken UTF-8", 400, head % (b"POST", b"/jobs") + long + b"\r\n" + b'{"kind":"\xff"}'),
        ("an unknown kind", 400, head % (b"POST", b"/jobs") + long + b"\r\n" + b'{"kind":"x"}'),
        ("a huge header", 404, head % (b"GET", b"/none") + b"X: " + b"x" * 60_000 + b"\r\n\r\n"),
    ]
    with serving(plain.JobApp(queue, LIMIT)) as address:
        for number, (what, status, data) in enumerate(cases):
            line, _, rest = raw(address, data).partition(b"\r\n")
            did = f"a request with {what} over a socket"
            equal(line.split()[1:2], [b"%d" % status], did=did + ": status")
            content = json.loads(rest.partition(b"\r\n\r\n")[2])
            is_text = isinstance(content.get("error"), str)
            ensure(is_text, did=did, want='a JSON object with a text under "error"', got=content)
            good = request(address, "POST", "/jobs", GOOD)
            equal(good.status, 202, did=did + "; then a good POST: status")
            equal(queue.stats().accepted, number + 1, did=did + "; then a good POST: accepted")
    queue.stop()


@check("P24", kind="behaviour")
def test_a_slow_client_holds_up_nobody(plain: Implementation) -> None:
    """A client sends half of its body and stays silent; others are served; then it sends the rest."""
    queue = plain.JobQueue({"k": lambda _: 7}, workers=1, capacity=9)
    head = b"POST /jobs HTTP/1.1\r\nHost: queue\r\nContent-Length: 12\r\n\r\n"
    with serving(plain.JobApp(queue, LIMIT)) as address:
        with socket.create_connection(address, 10) as slow:
            slow.sendall(head + GOOD[:5])
            good = request(address, "POST", "/jobs", GOOD)
            equal(
                good.status, 202, did="a client is silent in its body; another one's POST: status"
            )
            equal(queue.stats().accepted, 1, did="while it is silent: jobs accepted")
            slow.sendall(GOOD[5:] + b"GET / HTTP/1.1\r\n")
            answer = slow.makefile("rb").readline()
        equal(answer.split()[1:2], [b"202"], did="the silent client sends the rest: status")
        equal(queue.stats().accepted, 2, did="after that: jobs accepted")
    queue.stop()


@check("P23", kind="behaviour")
def test_the_first_refusal_that_applies_is_the_answer(impl: Implementation) -> None:
    """Requests with two mistakes at once, to a queue that is full and to one that is stopped."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"nap": time.sleep}, workers=1, capacity=1)
        app = impl.JobApp(queue, LIMIT)
        queue.submit("nap", 4)
        huge, chunked = {"CONTENT_LENGTH": "101"}, {"HTTP_TRANSFER_ENCODING": "chunked"}
        cases: list[tuple[int, str, bytes, bytes, dict[str, str]]] = [
            (404, "BREW", b"/nowhere", b"", {}),
            (405, "POST", b"/jobs/none", b"", {}),
            (405, "PUT", b"/jobs", b"x", huge),
            (411, "POST", b"/jobs", b"x", {"CONTENT_LENGTH": "x"} | chunked),
            (411, "POST", b"/jobs", b"x", huge | chunked),
            (413, "POST", b"/jobs", b"x", huge),
            (400, "POST", b"/jobs", b'{"kind":"nap"}', {"CONTENT_LENGTH": "15"}),
            (400, "POST", b"/jobs", b'{"kind":"none"}', {"CONTENT_LENGTH": "15"}),
            (400, "POST", b"/jobs", b'{"kind":"nap","x":1}', {"CONTENT_LENGTH": "20"}),
            (400, "POST", b"/jobs", b'{"kind":"nap","payload":1e999}', {"CONTENT_LENGTH": "30"}),
            (503, "POST", b"/jobs", b'{"kind":"nap"}', {"CONTENT_LENGTH": "14"}),
        ]
        for what in ("full", "stopped"):
            for status, method, path, body, environ in cases:
                did = f"a {what} queue: {method} {path.decode()}, {body!r}, {environ}"
                refused(did, status, bare(app, method, path, body, **environ))
            queue.stop(0)
        equal(queue.stats().accepted, 1, did="jobs accepted after all these refusals")
        queue.stop()

    simulate(scene)


@check("P24", kind="behaviour")
def test_what_is_read_of_a_body(impl: Implementation) -> None:
    """Bodies with more behind them, bodies that are refused unread, bodies that end early."""

    def scene(sim: Sim) -> None:
        app, queue, _ = untouched(impl)
        for length in (12, 13, LIMIT):
            body = io.BytesIO(GOOD + b" " * (length - 12) + b"\nGET / HTTP/1.1\r\n")
            answer = bare(app, "POST", b"/jobs", body, CONTENT_LENGTH=str(length))
            did = f"POST with Content-Length: {length} and more bytes behind the body"
            equal(answer.status, 202, did=did + ": status")
            equal(body.tell(), length, did=did + ": bytes read from wsgi.input")
        sim.settle()
        chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
        cases: list[tuple[int, str, bytes, dict[str, str]]] = [
            (413, "POST", b"/jobs", {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (411, "POST", b"/jobs", {}),
            (411, "POST", b"/jobs", {"CONTENT_LENGTH": "12"} | chunked),
            (400, "POST", b"/jobs", {"CONTENT_LENGTH": "x"}),
            (405, "PUT", b"/jobs", {"CONTENT_LENGTH": "12"}),
            (405, "POST", b"/jobs/none", {"CONTENT_LENGTH": "12"}),
            (404, "POST", b"/x", {"CONTENT_LENGTH": "12"}),
        ]
        for status, method, path, environ in cases:
            body = io.BytesIO(GOOD + b" " * 1_000)
            did = f"{method} {path.decode()} with {environ}, {LIMIT} bytes allowed"
            refused(did, status, bare(app, method, path, body, **environ))
            equal(body.tell(), 0, did=did + ": bytes read from wsgi.input")
        for came in (0, 1, 12):
            did = f"POST with Content-Length: 13, of which {came} bytes come"
            refused(did, 400, bare(app, "POST", b"/jobs", GOOD[:came], CONTENT_LENGTH="13"))
        equal(queue.stats().accepted, 3, did="jobs accepted after all these")
        queue.stop()

    simulate(scene)


@check("P20", kind="contract")
def test_limits_of_the_front(impl: Implementation) -> None:
    """Both limits of the app: zero, negative, one, and what they are by default."""

    def scene(sim: Sim) -> None:
        queue = impl.JobQueue({"k": lambda _: 7}, workers=1, capacity=9)
        for name in ("max_body_bytes", "retry_after"):
            for bad in (0, -1):
                raises(
                    ValueError,
                    lambda name=name, bad=bad: impl.JobApp(queue, **{name: bad}),
                    did=f"JobApp(queue, {name}={bad})",
                )
        app = impl.JobApp(queue, max_body_bytes=1, retry_after=1)
        refused("POST of 1 byte, 1 allowed", 400, call(app, "POST", "/jobs", b"1"))
        refused("POST of 2 bytes, 1 allowed", 413, call(app, "POST", "/jobs", b"{}"))
        app = impl.JobApp(queue)
        answer = call(app, "POST", "/jobs", GOOD + b" " * 99_988)
        equal(answer.status, 202, did="POST of 100,000 bytes, no limit given")
        refused("POST of 100,001", 413, bare(app, "POST", b"/jobs", CONTENT_LENGTH="100001"))
        queue.stop()

    simulate(scene)
