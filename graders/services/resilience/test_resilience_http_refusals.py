"""The app: what it refuses, and what it reads of a body."""

import io
import json
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

from contracts.services.resilience import MAX_MESSAGE
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.http import call, raw, refused, request, serving

LIMIT = 6_000
GOOD = b'{"message": "hello"}'
ARABIC_FIVE = "\u0665".encode().decode("latin-1")  # a digit to str.isdigit() and int()
KIND = {"CONTENT_TYPE": "application/json"}


def app_of(impl: Implementation, limit: int = LIMIT) -> tuple[Any, list[str]]:
    """An app, and the list of what its downstream is sent."""
    sent: list[str] = []

    def downstream(message: str) -> str:
        sent.append(message)
        return "done"

    retry, breaker, timeout = impl.Retry(1), impl.CircuitBreaker(), impl.Timeout(30.0)
    return impl.ResilienceApp(downstream, retry, breaker, timeout, limit), sent


def ask(
    app: Callable[..., Iterable[bytes]],
    method: str,
    path: str,
    body: bytes | io.BytesIO = b"",
    **environ: str,
) -> tuple[int, bytes]:
    """One WSGI call with exactly this environ: status and body."""
    asked: dict[str, object] = {}
    setup_testing_defaults(asked)
    asked.pop("CONTENT_LENGTH", None)
    asked |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}
    asked["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else body
    asked |= environ
    statuses: list[str] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        statuses.append(status)
        return written.append

    rest = list(app(asked, start_response))
    return int(statuses[-1].split()[0]), b"".join(written + rest)


def refusal(did: str, status: int, got: tuple[int, bytes]) -> None:
    """This status, and a JSON object with a text under error."""
    equal(got[0], status, did=f"{did}: status")
    content = json.loads(got[1])
    good = isinstance(content, dict) and isinstance(content.get("error"), str)
    ensure(good, did=f"{did}: body", want='a JSON object with a text under "error"', got=got[1])


@check("P23", kind="behaviour")
def test_unknown_paths_and_methods(impl: Implementation) -> None:
    """Paths that are not served: 404. Methods that are not: 405 with Allow."""

    def scene(sim: Sim) -> None:
        app, sent = app_of(impl)
        for path in ("/", "/call/", "/calls", "/Call", "/health/", "/x/call", "//call", "/call%20"):
            for method in ("GET", "POST", "PUT"):
                body = GOOD if method == "POST" else b""
                refused(f"{method} {path}", 404, call(app, method, path, body))
        for path, methods, allowed in (
            ("/call", ("GET", "PUT", "DELETE", "OPTIONS", "BREW"), {"POST"}),
            ("/health", ("POST", "PUT", "DELETE", "OPTIONS", "BREW"), {"GET", "HEAD"}),
        ):
            for method in methods:
                answer = call(app, method, path, GOOD if method == "POST" else b"")
                refused(f"{method} {path}", 405, answer)
                got = {each.strip() for each in (answer.header("Allow") or "").split(",")}
                equal(got, allowed, did=f"{method} {path}: methods in Allow")
        head = call(app, "HEAD", "/call")
        equal((head.status, head.body), (405, b""), did="HEAD /call: status and body")
        equal(sent, [], did="what the downstream was sent after all these refusals")

    simulate(scene)


@check("P23", kind="behaviour")
def test_bad_bodies(impl: Implementation) -> None:
    """Forty bodies that are no such object: broken encodings, wrong types, keys too many, too deep."""

    def scene(sim: Sim) -> None:
        app, sent = app_of(impl)
        whole = json.dumps({"message": "hé"}, ensure_ascii=False)
        bad = [b"", b" ", b"hello", b"{", b'{"message": "hello"', b'{"message": "hello"}}', b"\xff"]
        bad += [GOOD + b"\x00", b'{"message": "\xff"}', b'{"message": "\xc3"}', b"'message'"]
        bad += [whole.encode("latin-1"), whole.encode("utf-16"), b"{'message': 'hello'}"]
        bad += [b"null", b"true", b"7", b'"hello"', b"[]", b'["message"]', b"{}", b"NaN"]
        bad += [b"[" * 3_000, b'{"message":' * 500, b"[" * 2_500 + b"]" * 2_500]
        bad += [b'{"message": "a", "message": "b"}', b'{"message": "a", "x": 1}']
        bad += [
            b'{"Message": "a"}',
            b'{"message": "a", "Idempotent": true}',
            b'{"idempotent": true}',
        ]
        values = ["", 7, None, True, ["a"], {"a": "b"}, "m" * (MAX_MESSAGE + 1), 1.5]
        bad += [json.dumps({"message": value}).encode() for value in values]
        bad += [b'{"message": %s}' % value for value in (b"NaN", b"Infinity", b"1" * 5_000)]
        bad += [b'{"message": "\\ud83d"}', b'{"message": "a\\udc00"}']
        bad += [
            b'{"message": "a", "idempotent": %s}' % value for value in (b"1", b"null", b'"true"')
        ]
        bad += [b'{"message": "a", "idempotent": %s}' % value for value in (b"0", b"[]", b"NaN")]
        bad += [b'{"message": "a", "idempotent": true, "idempotent": true}']
        for body in bad:
            answer = call(app, "POST", "/call", body, {"Content-Type": "application/json"})
            refused(f"POST /call with the body {body[:48]!r} ({len(body)} bytes)", 400, answer)
        equal(sent, [], did="what the downstream was sent after all these refusals")
        body = b'{"message": "\\ud83d\\ude42"}'
        answer = call(app, "POST", "/call", body, {"Content-Type": "application/json"})
        equal(answer.status, 200, did=f"POST /call with the body {body!r}, a whole pair: status")
        equal(sent, ["🙂"], did="what the downstream was sent then")

    simulate(scene, allow_threads_left=True)


@check("P23", kind="behaviour")
def test_bad_headers(impl: Implementation) -> None:
    """Content-Types that are not JSON; lengths that are missing, no number, too large."""

    def scene(sim: Sim) -> None:
        app, sent = app_of(impl)
        for kind in ("", "text/plain", "application/jsonp", "json", "application/x; json"):
            got = ask(app, "POST", "/call", GOOD, CONTENT_LENGTH="20", CONTENT_TYPE=kind)
            refusal(f"POST /call with Content-Type: {kind}", 415, got)
        for kind in ("text/json;application/json", "application/json-seq", "application/ json"):
            got = ask(app, "POST", "/call", GOOD, CONTENT_LENGTH="20", CONTENT_TYPE=kind)
            refusal(f"POST /call with Content-Type: {kind}", 415, got)
        refusal("POST /call without", 415, ask(app, "POST", "/call", GOOD, CONTENT_LENGTH="20"))
        cases: list[tuple[int, dict[str, str]]] = [
            (411, {}),
            (411, {"CONTENT_LENGTH": ""}),
            (411, {"CONTENT_LENGTH": "20", "HTTP_TRANSFER_ENCODING": "chunked"}),
            (411, {"HTTP_TRANSFER_ENCODING": "chunked"}),
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("-1", "+20", "20.0", "2_0", "0x14")],
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("20, 20", " 20", "x", ARABIC_FIVE)],
            (413, {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (413, {"CONTENT_LENGTH": "9" * 5_000}),
            (400, {"CONTENT_LENGTH": "21"}),
            (400, {"CONTENT_LENGTH": str(LIMIT)}),
            (400, {"CONTENT_LENGTH": "19"}),
            (400, {"CONTENT_LENGTH": "0"}),
        ]
        for status, environ in cases:
            shown = {name: value[:20] for name, value in environ.items()}
            got = ask(app, "POST", "/call", GOOD, **KIND, **environ)
            refusal(f"POST /call with {shown} and 20 bytes, {LIMIT} allowed", status, got)
        equal(sent, [], did="what the downstream was sent after all these refusals")
        got = ask(app, "POST", "/call", GOOD, **KIND, CONTENT_LENGTH="0020", HTTP_X="h" * 60_000)
        equal(got[0], 200, did="POST /call with Content-Length: 0020 and a header of 60 kB: status")
        padded = GOOD + b" " * (LIMIT - len(GOOD))
        got = ask(app, "POST", "/call", padded, **KIND, CONTENT_LENGTH=str(LIMIT))
        equal(got[0], 200, did=f"POST /call with a body of {LIMIT} bytes, {LIMIT} allowed: status")

    simulate(scene, allow_threads_left=True)


@check("P23", kind="behaviour")
def test_the_first_refusal_that_applies_is_the_answer(impl: Implementation) -> None:
    """Requests with two mistakes at once."""

    def scene(sim: Sim) -> None:
        app, sent = app_of(impl)
        text, huge = {"CONTENT_TYPE": "text/plain"}, {"CONTENT_LENGTH": str(LIMIT + 1)}
        chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
        cases: list[tuple[int, str, str, dict[str, str]]] = [
            (404, "BREW", "/nowhere", text),
            (405, "PUT", "/call", text | huge),
            (415, "POST", "/call", text),
            (415, "POST", "/call", text | huge),
            (411, "POST", "/call", KIND | {"CONTENT_LENGTH": "x"} | chunked),
            (411, "POST", "/call", KIND | huge | chunked),
            (413, "POST", "/call", KIND | huge),
        ]
        for status, method, path, environ in cases:
            got = ask(app, method, path, b"no JSON", **environ)
            refusal(f"{method} {path} with {environ} and a body that is no JSON", status, got)
        equal(sent, [], did="what the downstream was sent after all these refusals")

    simulate(scene)


@check("P24", kind="behaviour")
def test_exactly_the_announced_bytes_are_read(impl: Implementation) -> None:
    """The input holds the next request as well; of a body that is refused unread, nothing is read."""

    def scene(sim: Sim) -> None:
        app, _ = app_of(impl)
        for body, status in ((GOOD, 200), (b"no JSON", 400), (b"", 400)):
            whole = io.BytesIO(body + GOOD * 9)
            got = ask(app, "POST", "/call", whole, **KIND, CONTENT_LENGTH=str(len(body)))
            did = f"POST /call with {len(body)} bytes announced and more behind them"
            equal(got[0], status, did=did + ": status")
            equal(whole.tell(), len(body), did=did + ": bytes read")
        length = {"CONTENT_LENGTH": "20"}
        cases: list[tuple[int, str, str, dict[str, str]]] = [
            (404, "POST", "/nowhere", KIND | length),
            (405, "PUT", "/call", KIND | length),
            (405, "POST", "/health", KIND | length),
            (415, "POST", "/call", length),
            (411, "POST", "/call", KIND),
            (411, "POST", "/call", KIND | length | {"HTTP_TRANSFER_ENCODING": "chunked"}),
            (400, "POST", "/call", KIND | {"CONTENT_LENGTH": "20x"}),
            (413, "POST", "/call", KIND | {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (200, "GET", "/health", length),
        ]
        for status, method, path, environ in cases:
            whole = io.BytesIO(GOOD)
            got = ask(app, method, path, whole, **environ)
            equal(got[0], status, did=f"{method} {path} with {environ}: status")
            equal(whole.tell(), 0, did=f"{method} {path} with {environ}: bytes read")

    simulate(scene, allow_threads_left=True)


@check("P18", "P23", kind="contract")
def test_limits_of_the_app(impl: Implementation) -> None:
    """max_body_bytes zero, negative, as large as the body, and the 20,000 that are usual."""

    def scene(sim: Sim) -> None:
        for bad in (0, -1):
            did = f"ResilienceApp(…, max_body_bytes={bad})"
            raises(ValueError, lambda bad=bad: app_of(impl, bad), did=did)
        head = {"Content-Type": "application/json"}
        for limit, status in ((20, 200), (19, 413), (1, 413)):
            answer = call(app_of(impl, limit)[0], "POST", "/call", GOOD, head)
            equal(answer.status, status, did=f"a body of 20 bytes, {limit} allowed: status")
        policies = impl.Retry(1), impl.CircuitBreaker(), impl.Timeout(30.0)
        app = impl.ResilienceApp(str.upper, *policies)
        for length, status in ((20_000, 200), (20_001, 413)):
            answer = call(app, "POST", "/call", GOOD + b" " * (length - 20), head)
            equal(answer.status, status, did=f"a body of {length} bytes, no limit given: status")

    simulate(scene, allow_threads_left=True)


@check("P23", "P24", kind="behaviour")
def test_bad_requests_over_a_socket(plain: Implementation) -> None:
    """Short, oversized, chunked and broken bodies over a socket; the service goes on afterwards."""
    app, sent = app_of(plain)
    start = b"POST /call HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    length = b"Content-Length: %d\r\n\r\n"
    with serving(app) as address:
        for what, data, status in (
            ("a body that ends early", start + length % 50 + GOOD, 400),
            ("no body at all", start + length % 50, 400),
            ("no length", start + b"\r\n" + GOOD, 411),
            ("a chunked body", start + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
            ("10 GB announced", start + length % 10**10 + GOOD, 413),
            ("a length that is none", start + b"Content-Length: 1e3\r\n\r\n" + GOOD, 400),
            ("bytes that are no text", start + length % 4 + b"\xff\xfe\xfd\xfc", 400),
            ("a header of 30 kB", start + b"X: %s\r\n" % (b"x" * 30_000) + length % 2 + b"{}", 400),
            ("no Content-Type", b"POST /call HTTP/1.1\r\n" + length % 20 + GOOD, 415),
        ):
            head, _, body = raw(address, data).partition(b"\r\n\r\n")
            did = f"POST /call over a socket with {what}"
            equal(head.split()[1:2], [b"%d" % status], did=did + ": status")
            ensure(
                "error" in json.loads(body or b"{}"), did=did, want="JSON with an error", got=body
            )
        equal(sent, [], did="what the downstream was sent after these requests")
        answer = request(address, "POST", "/call", GOOD, {"Content-Type": "application/json"})
        equal((answer.status, sent), (200, ["hello"]), did="after these, a good request")
