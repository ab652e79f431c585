"""The HTTP front: what it refuses, in which order, and what it reads of a body."""

import io
import json
from typing import Any, Final
from wsgiref.util import setup_testing_defaults

from contracts.services.url_shortener import MAX_BODY_BYTES, MAX_URL_LENGTH, RESERVED, Link
from graders.kit import Implementation, Sim, check, equal, simulate
from graders.kit.http import Response, call, raw, refused, request, serving

URL: Final = "https://example.com/"
GOOD: Final = b'{"url": "https://example.com/"}'
JSON: Final = {"Content-Type": "application/json"}
ARABIC_FIVE: Final = "\u0665".encode().decode("latin-1")  # a digit to str.isdigit() and int()


class Watched:
    """A repository in front of another that counts what is added."""

    def __init__(self, inner: Any) -> None:
        self.added = 0
        for name in ("get", "count_hit", "delete", "close"):
            setattr(self, name, getattr(inner, name))
        self._add = inner.add

    def add(self, link: Link) -> bool:
        """Count, and pass on."""
        self.added += 1
        return bool(self._add(link))


def front(impl: Implementation) -> tuple[Any, Watched]:
    """A front whose repository has the link `taken`, and counts what is added after that."""
    watched = Watched(impl.MemoryRepository())
    shortener = impl.Shortener(watched)
    shortener.shorten(URL, alias="taken")
    watched.added = 0
    return impl.ShortenerApp(shortener), watched


def ask(app: Any, method: str, path: str, body: Any = b"", **environ: str | None) -> Response:
    """One WSGI call with exactly this environ; JSON as type and a fitting length unless it says."""
    asked: dict[str, Any] = {}
    setup_testing_defaults(asked)
    asked |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}
    asked |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": ""}
    asked["wsgi.input"] = body
    if isinstance(body, bytes):
        asked |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    asked |= environ
    asked = {name: value for name, value in asked.items() if value is not None}
    answers: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        answers.append((status, headers))
        return written.append

    content = b"".join(app(asked, start_response))
    status, headers = answers[-1]
    return Response(int(status.split()[0]), headers, b"".join(written) + content)


@check("P19", kind="behaviour")
def test_unknown_paths_and_methods(impl: Implementation) -> None:
    """Paths that are not served: 404. Methods that are not: 405 with Allow."""

    def scene(sim: Sim) -> None:
        app, watched = front(impl)
        for path in ("/", "/links/", "/links/a/b", "/a/b", "//", "//taken", "/taken/", "/links//"):
            for method in ("GET", "POST", "DELETE", "PUT"):
                refused(f"{method} {path}", 404, ask(app, method, path, GOOD))
        allowed = {"/links": {"POST"}, "/taken": {"GET", "HEAD"}, "/none": {"GET", "HEAD"}}
        allowed |= {"/links/taken": {"GET", "HEAD", "DELETE"}, "/Links": {"GET", "HEAD"}}
        for path, methods in allowed.items():
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", "BREW"):
                if method not in methods:
                    answer = ask(app, method, path, GOOD)
                    refused(f"{method} {path}", 405, answer)
                    got = {each.strip() for each in (answer.header("Allow") or "").split(",")}
                    equal(got, methods, did=f"{method} {path}: methods in Allow")
        equal(watched.added, 0, did="links made by all these requests")
        hits = call(app, "GET", "/links/taken").json()["hits"]
        equal(hits, 0, did="hits after all these requests")

    simulate(scene)


@check("P19", kind="behaviour")
def test_unknown_codes(impl: Implementation) -> None:
    """Codes that never were: reserved ones, and some that cannot be codes at all."""

    def scene(sim: Sim) -> None:
        app, _ = front(impl)
        codes = ["none", "Taken", "taken%00", "taken%20", "taken%0A", "%74aken%C3", "%FF", "%C3%A9"]
        codes += ["x" * 8_000, "x'%20OR%20'1'='1", "tak%25", "t_ken", "..", ".", "favicon.ico"]
        codes += [
            "%2574aken",
            *(RESERVED - {"links"}),
            "%F0%9F%98%80",
            "taken;x",
            "taken&x",
            "<script>",
        ]
        for code in codes:
            for method, path in (("GET", "/"), ("GET", "/links/"), ("DELETE", "/links/")):
                answer = call(app, method, path + code)
                refused(f"{method} {path}{code[:30]}", 404, answer)
            status = call(app, "HEAD", "/" + code).status
            equal(status, 404, did=f"HEAD /{code[:30]}: status")
        equal(call(app, "GET", "/%74aken").status, 302, did="GET /%74aken: status")
        equal(call(app, "GET", "/taken?x=y&z").status, 302, did="GET /taken?x=y&z: status")

    simulate(scene)


@check("P19", kind="behaviour")
def test_bad_types(impl: Implementation) -> None:
    """POST without application/json: 415. Parameters and case do not matter."""

    def scene(sim: Sim) -> None:
        app, watched = front(impl)
        bad = [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
        bad += ["multipart/form-data; boundary=x", "text/json", "json", "xapplication/json"]
        bad += ["application/json-patch+json", "text/plain; application/json", "*/*"]
        bad += ["application/vnd.api+json", "application", ";application/json"]
        for kind in bad:
            body = io.BytesIO(GOOD)
            answer = ask(app, "POST", "/links", body, CONTENT_TYPE=kind, CONTENT_LENGTH="31")
            refused(f"POST with Content-Type: {kind}", 415, answer)
            equal(body.tell(), 0, did=f"POST with Content-Type: {kind}: bytes read of the body")
        equal(watched.added, 0, did="links made by all these requests")
        for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json ;x"):
            status = ask(app, "POST", "/links", GOOD, CONTENT_TYPE=kind).status
            equal(status, 201, did=f"POST with Content-Type: {kind}: status")

    simulate(scene)


@check("P19", "P20", kind="behaviour")
def test_bad_lengths(impl: Implementation) -> None:
    """POST without a usable Content-Length, and with one above the limit: nothing is read."""
    cases: list[tuple[int, dict[str, str | None]]] = [
        (411, {"CONTENT_LENGTH": None}),
        (411, {"CONTENT_LENGTH": ""}),
        (411, {"CONTENT_LENGTH": "31", "HTTP_TRANSFER_ENCODING": "chunked"}),
        (411, {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}),
        (411, {"CONTENT_LENGTH": "x", "HTTP_TRANSFER_ENCODING": "gzip"}),
        *[(400, {"CONTENT_LENGTH": bad}) for bad in ("-1", "+31", "31.0", "x", "3_1", "0x1f")],
        *[(400, {"CONTENT_LENGTH": bad}) for bad in ("31, 31", "31;", " 31", ARABIC_FIVE)],
        (413, {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}),
        (413, {"CONTENT_LENGTH": "9" * 5_000}),
    ]

    def scene(sim: Sim) -> None:
        app, watched = front(impl)
        for status, environ in cases:
            body = io.BytesIO(GOOD)
            shown = {name: (value or "")[:20] for name, value in environ.items()}
            refused(f"POST with {shown}", status, ask(app, "POST", "/links", body, **environ))
            equal(body.tell(), 0, did=f"POST with {shown}: bytes read of the body")
        equal(watched.added, 0, did="links made by all these requests")
        longest = GOOD + b" " * (MAX_BODY_BYTES - len(GOOD))
        for length, content in ((str(MAX_BODY_BYTES), longest), ("00031", GOOD)):
            status = ask(app, "POST", "/links", content, CONTENT_LENGTH=length).status
            equal(status, 201, did=f"POST with Content-Length: {length}: status")

    simulate(scene)


@check("P20", kind="behaviour")
def test_exactly_the_announced_bytes_are_read(impl: Implementation) -> None:
    """The input holds the next request as well; or it ends early."""

    def scene(sim: Sim) -> None:
        app, watched = front(impl)
        body = io.BytesIO(GOOD + b"POST /links HTTP/1.1\r\n")
        answer = ask(app, "POST", "/links", body, CONTENT_LENGTH=str(len(GOOD)))
        equal(answer.status, 201, did="POST with more bytes behind the body: status")
        equal(body.tell(), len(GOOD), did="POST with more bytes behind the body: bytes read")
        for came in (0, 1, len(GOOD) - 1, len(GOOD)):
            body = io.BytesIO(GOOD[:came])
            answer = ask(app, "POST", "/links", body, CONTENT_LENGTH=str(len(GOOD) + 1))
            did = f"POST with Content-Length: {len(GOOD) + 1}, of which {came} bytes come"
            refused(did, 400, answer)
        equal(watched.added, 1, did="links made by one whole body and four that end early")

    simulate(scene)


@check("P19", kind="behaviour")
def test_bad_bodies(impl: Implementation) -> None:
    """Bodies that are no JSON, no object, name a key twice, have wrong keys or wrong types."""
    bad: list[bytes] = [
        b"", b" ", b"x", b"{", b"[]", b"null", b"5", b'"https://example.com/"', b"{}", GOOD + b"x",
        b'\xff{"url": "http://a"}', b'{"url": "http://a\xff"}', b'{"url": "http://a/\xc3"}',
        b'{"url": "http://a", "url": "http://b"}', b"{'url': 'http://a'}", b'{"url": "http://a",}',
        b'{"url": "http://a", "ttl": NaN}', b'{"url": "http://a", "ttl": Infinity}',
        b'{"url": "http://a", "alias": "abc", "alias": "abd"}', GOOD + GOOD, GOOD[:-1],
        b'{"url": "http://a", "tll": 5}', b'{"url": "http://a", "code": "abc"}',
        b'{"URL": "http://a"}', b'{"alias": "abc"}', b'{"url": null}', b'{"url": ["http://a"]}',
        b'{"url": {}}', b'{"url": 5}', b'{"url": true}', b'{"url": "http://a", "hits": 9}',
        b'{"url": "http://a", "self": 1}', b'{"url": "http://a", "": 1}',
        b"[" * 8_000, b'{"url": "http://a", "ttl": ' + b"9" * 5_000 + b"}",
        GOOD.decode().encode("utf-16"), b'{"url": "http://a\\u0000"}',
        b'{"url": "http://a/\\ud800"}', b'{"url": "http://a/\\u00e9"}', b'{"url": "http://a/\xc3\xa9"}',
        b'{"url": "http://a/\\r\\nX: y"}', b'{"url": "javascript:alert(1)"}', b'{"url": ""}',
        b'{"url": "http://u:p@a"}', b'{"url": "http://a b"}', b'{"url": "http://a\n"}',
        b'{"url": "http://' + b"a" * MAX_URL_LENGTH + b'"}',
    ]  # fmt: skip
    fields: dict[str, list[object]] = {
        "alias": ["", "ab", "a" * 33, "a/b", "links", "abc\n", 123, True, ["abc"], "äbc", {}],
        "ttl": [0, -1, 1.0, 1.5, 1e3, "60", True, False, [], 10**12, ""],
    }
    bad += [
        json.dumps({"url": URL, name: value}).encode() for name in fields for value in fields[name]
    ]

    def scene(sim: Sim) -> None:
        app, watched = front(impl)
        for body in bad:
            refused(f"POST of {body[:60]!r}", 400, call(app, "POST", "/links", body, JSON))
        equal(watched.added, 0, did="links made by all these requests")
        taken = json.dumps({"url": URL, "alias": "taken"}).encode()
        refused("POST of a taken alias", 409, call(app, "POST", "/links", taken, JSON))

    simulate(scene)


@check("P19", kind="behaviour")
def test_the_first_refusal_that_applies_is_the_answer(impl: Implementation) -> None:
    """Requests with two mistakes at once."""
    huge, text = {"CONTENT_LENGTH": str(MAX_BODY_BYTES + 1)}, {"CONTENT_TYPE": "text/plain"}
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    both = b'{"url": "ftp://a", "alias": "taken"}'
    cases: list[tuple[int, str, str, bytes, dict[str, str | None]]] = [
        (404, "BREW", "/a/b", b"", text | huge),
        (405, "PUT", "/links", b"", text | huge),
        (405, "POST", "/none", b"x", text),
        (415, "POST", "/links", b"x", text | huge),
        (415, "POST", "/links", b"x", text | {"CONTENT_LENGTH": None}),
        (411, "POST", "/links", b"x", chunked | {"CONTENT_LENGTH": "x"}),
        (411, "POST", "/links", b"x", chunked | huge),
        (413, "POST", "/links", b"x", {**huge}),
        (400, "POST", "/links", both, {}),
        (400, "POST", "/links", b'{"url": "http://a", "alias": "taken", "x": 1}', {}),
        (400, "POST", "/links", b'{"url": "http://a", "alias": "taken", "ttl": 0}', {}),
        (409, "POST", "/links", b'{"url": "http://a", "alias": "taken", "ttl": 1}', {}),
    ]

    def scene(sim: Sim) -> None:
        app, _ = front(impl)
        for status, method, path, body, environ in cases:
            did = f"{method} {path} of {body[:60]!r} with {environ}"
            refused(did, status, ask(app, method, path, body, **environ))

    simulate(scene)


@check("P19", "P20", kind="behaviour")
def test_bad_requests_over_a_socket(plain: Implementation) -> None:
    """Twenty bad requests to a real server; after each, a good one."""
    post = b"POST /links HTTP/1.1\r\nHost: a\r\n"
    typed = post + b"Content-Type: application/json\r\n"
    cases = [
        (b"404", b"GET / HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /none HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /%ff%00 HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /" + b"x" * 30_000 + b" HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /a/../taken HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /taken%0d%0aX:y HTTP/1.1\r\n\r\n"),
        (b"404", b"GET /none HTTP/1.1\r\nX: " + b"h" * 30_000 + b"\r\n\r\n"),
        (b"405", b"BREW /taken HTTP/1.1\r\n\r\n"),
        (b"405", b"GET /links HTTP/1.1\r\n\r\n"),
        (b"405", b"POST /taken HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
        (b"415", post + b"Content-Length: 2\r\n\r\n{}"),
        (b"415", post + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
        (b"411", typed + b"\r\n" + GOOD),
        (b"411", typed + b"Transfer-Encoding: chunked\r\n\r\n1f\r\n" + GOOD + b"\r\n0\r\n\r\n"),
        (b"400", typed + b"Content-Length: -5\r\n\r\n" + GOOD),
        (b"400", typed + b"Content-Length: 31x\r\n\r\n" + GOOD),
        (b"400", typed + b"Content-Length: 32\r\n\r\n" + GOOD),
        (b"400", typed + b"Content-Length: 30\r\n\r\n" + GOOD),
        (b"400", typed + b"Content-Length: 3\r\n\r\n\xff\xfe\xfd"),
        (b"413", typed + b"Content-Length: 1000000000000\r\n\r\n" + GOOD),
        (b"413", typed + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000),
        (b"409", typed + b'Content-Length: 36\r\n\r\n{"url": "http://a", "alias":"taken"}'),
    ]
    app, watched = front(plain)
    with serving(app) as address:
        for status, data in cases:
            head, _, body = raw(address, data).partition(b"\r\n\r\n")
            did = f"sent over a socket: {data[:70]!r}, {len(data)} bytes"
            equal(head.split()[1:2], [status], did=did + ": status")
            answer = Response(int(status), [("Content-Type", "application/json")], body)
            refused(did, int(status), answer)
            alive = request(address, "GET", "/taken")
            equal(alive.status, 302, did=did + "; then GET /taken: status")
    equal(watched.added, 1, did="links asked of the repository: the one whose alias is taken")
