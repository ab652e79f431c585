"""The HTTP front: what it refuses, and what it reads of a body."""

import io

from contracts.services.cache import MAX_KEY_BYTES
from graders.kit import Implementation, Sim, check, ensure, equal, raises, simulate
from graders.kit.http import bare, call, raw, refused, request, serving

LIMIT = 100
ARABIC_FIVE = "\u0665".encode().decode("latin-1")  # a digit to str.isdigit() and int()


@check("P17", kind="behaviour")
def test_lengths_over_a_socket(plain: Implementation) -> None:
    """Over a socket: more bytes than announced, fewer, and far too many announced."""
    app = plain.CacheApp(plain.Cache(4), LIMIT)
    head = b"PUT /cache/k HTTP/1.1\r\nHost: cache\r\nContent-Length: %d\r\n\r\n"
    with serving(app) as address:
        for length, status in ((3, 204), (7, 400), (10**9, 413)):
            line, _, _ = raw(address, head % length + b"abcdef").partition(b"\r\n")
            did = f"PUT with Content-Length: {length} and six bytes over a socket, {LIMIT} allowed"
            equal(line.split()[1:2], [b"%d" % status], did=did + ": status")
        got = request(address, "GET", "/cache/k")
        equal(got.body, b"abc", did="PUT with Content-Length: 3 and six bytes; then GET: body")


@check("P16", kind="behaviour")
def test_unknown_paths_and_methods(impl: Implementation) -> None:
    """Paths that are not served: 404. Methods that are not: 405 with Allow."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache)
        for path in ("/", "/cache", "/cachek", "/stats/", "/stats/x", "/Cache/k", "/x/cache/k"):
            for method in ("GET", "PUT", "POST"):
                did = f"{method} {path}"
                refused(did, 404, call(app, method, path, body=b"v" if method == "PUT" else b""))
        for path, allowed in (
            ("/stats", {"GET", "HEAD"}),
            ("/cache/k", {"GET", "HEAD", "PUT", "DELETE"}),
            ("/cache/", {"GET", "HEAD", "PUT", "DELETE"}),
        ):
            for method in ("POST", "PATCH", "OPTIONS", "PUT", "DELETE"):
                if method in allowed:
                    continue
                answer = call(app, method, path)
                refused(f"{method} {path}", 405, answer)
                got = {each.strip() for each in (answer.header("Allow") or "").split(",")}
                equal(got, allowed, did=f"{method} {path}: methods in Allow")
        equal(len(cache), 0, did="entries after all these refusals")

    simulate(scene)


@check("P15", "P16", kind="behaviour")
def test_a_missing_entry_is_told_in_json(impl: Implementation) -> None:
    """GET and DELETE of a key that is not there."""

    def scene(sim: Sim) -> None:
        app = impl.CacheApp(impl.Cache(4))
        for method in ("GET", "DELETE"):
            refused(f"{method} of a missing entry", 404, call(app, method, "/cache/k"))

    simulate(scene)


@check("P16", kind="behaviour")
def test_bad_keys(impl: Implementation) -> None:
    """Keys that are empty, not UTF-8, and too long by one byte; in every method."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache)
        long = MAX_KEY_BYTES + 1
        bad: list[tuple[bytes, int]] = [
            (b"", 400),
            (b"\xff", 400),
            (b"k\xc3", 400),
            (b"\xff" * long, 400),
        ]
        bad += ((b"k" * long, 414), ("é".encode() * (MAX_KEY_BYTES // 2 + 1), 414))
        for key, status in bad:
            for method in ("GET", "HEAD", "PUT", "DELETE"):
                shown = f"{key[:10]!r}, {len(key)} bytes"
                got = bare(app, method, b"/cache/" + key, b"v", CONTENT_LENGTH="1")
                equal(got.status, status, did=f"{method} with the key {shown}: status")
        equal(cache.stats().misses, 0, did="misses after requests with bad keys")
        equal(len(cache), 0, did="entries after PUT with bad keys")

    simulate(scene)


@check("P16", kind="behaviour")
def test_bad_ttls(impl: Implementation) -> None:
    """PUT with a ttl that is no number of seconds above zero, or given twice."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache)
        bad = ["", "0", "0.0", "-1", "+1", "%2B1", "abc", "inf", "nan", "1e3", "1_0", "5s", "5."]
        bad += [".5", "1.2.3", "%205", "5%0A", "%D9%A5", "0x10", "9" * 400, "5&ttl=5", "5&ttl="]
        for value in bad:
            answer = call(app, "PUT", "/cache/k", body=b"v", query=f"ttl={value}")
            refused(f"PUT /cache/k?ttl={value[:20]}", 400, answer)
        equal(len(cache), 0, did="entries after PUT with bad ttls")
        status = call(app, "PUT", "/cache/k", body=b"v", query="TTL=0&ttls=x&t").status
        equal(status, 204, did="PUT /cache/k?TTL=0&ttls=x&t (no ttl among them)")
        equal(call(app, "GET", "/cache/k", query="ttl=x").status, 200, did="GET /cache/k?ttl=x")

    simulate(scene)


@check("P16", kind="behaviour")
def test_bad_lengths(impl: Implementation) -> None:
    """PUT without a usable Content-Length, and with one above the limit."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("k", b"before")
        app = impl.CacheApp(cache, LIMIT)
        cases: list[tuple[int, dict[str, str]]] = [
            (411, {}),
            (411, {"CONTENT_LENGTH": ""}),
            (411, {"CONTENT_LENGTH": "1", "HTTP_TRANSFER_ENCODING": "chunked"}),
            (411, {"HTTP_TRANSFER_ENCODING": "chunked"}),
            (411, {"CONTENT_LENGTH": "1", "HTTP_TRANSFER_ENCODING": "gzip"}),
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("-1", "+1", "1.0", "one", "1_0", "0x1")],
            *[(400, {"CONTENT_LENGTH": bad}) for bad in ("1, 1", "1;", " 1", ARABIC_FIVE)],
            (413, {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (413, {"CONTENT_LENGTH": "9" * 5_000}),
        ]
        for status, environ in cases:
            got = bare(app, "PUT", b"/cache/k", b"v" * 200, **environ)
            shown = {name: value[:20] for name, value in environ.items()}
            equal(
                got.status, status, did=f"PUT /cache/k with {shown}, {LIMIT} bytes allowed: status"
            )
            ensure(
                bool(got.json().get("error")),
                did=f"PUT /cache/k with {shown}: body",
                want='a JSON object with a text under "error"',
                got=got.body,
            )
        equal(cache.get("k"), b"before", did="the value that was there, after the refused PUTs")
        for length, body in (("100", b"v" * LIMIT), ("00000100", b"w" * LIMIT)):
            got = bare(app, "PUT", b"/cache/k", body, CONTENT_LENGTH=length)
            did = f"PUT with Content-Length: {length}, {LIMIT} allowed"
            equal(got.status, 204, did=did + ": status")
            equal(cache.get("k"), body, did=did + "; then get")

    simulate(scene)


@check("P16", kind="behaviour")
def test_the_first_refusal_that_applies_is_the_answer(impl: Implementation) -> None:
    """Requests with two mistakes at once."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache, LIMIT)
        huge, none = {"CONTENT_LENGTH": "101"}, dict[str, str]()
        long = b"k" * (MAX_KEY_BYTES + 1)
        cases: list[tuple[int, str, bytes, dict[str, str]]] = [
            (404, "POST", b"/nowhere", none),
            (405, "POST", b"/cache/" + long, none),
            (405, "POST", b"/cache/", none),
            (400, "PUT", b"/cache/", huge | {"QUERY_STRING": "ttl=x"}),
            (414, "PUT", b"/cache/" + long, huge | {"QUERY_STRING": "ttl=x"}),
            (400, "PUT", b"/cache/k", huge | {"QUERY_STRING": "ttl=x"}),
            (400, "PUT", b"/cache/k", {"QUERY_STRING": "ttl=x"}),
            (411, "PUT", b"/cache/k", {"CONTENT_LENGTH": "x", "HTTP_TRANSFER_ENCODING": "chunked"}),
            (413, "PUT", b"/cache/k", huge),
        ]
        for status, method, path, environ in cases:
            got = bare(app, method, path, **environ)
            did = f"{method} {path[:12].decode()} ({len(path)} bytes) with {environ}: status"
            equal(got.status, status, did=did)
        equal(len(cache), 0, did="entries after all these refusals")

    simulate(scene)


@check("P17", kind="behaviour")
def test_exactly_the_announced_bytes_are_read(impl: Implementation) -> None:
    """The input holds the next request as well; it is to stay unread."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache, LIMIT)
        for length in (0, 1, 50, LIMIT):
            body = io.BytesIO(b"v" * length + b"\nGET / HTTP/1.1\r\n")
            got = bare(app, "PUT", b"/cache/k", body, CONTENT_LENGTH=str(length))
            did = f"PUT with Content-Length: {length} and more bytes behind the body"
            equal(got.status, 204, did=did + ": status")
            equal(cache.get("k"), b"v" * length, did=did + "; then get")
            equal(body.tell(), length, did=did + ": bytes read from wsgi.input")

    simulate(scene)


@check("P17", kind="behaviour")
def test_a_refused_body_is_not_read(impl: Implementation) -> None:
    """Bodies that are refused for key, ttl, length or method; none of their bytes is read."""

    def scene(sim: Sim) -> None:
        app = impl.CacheApp(impl.Cache(4), LIMIT)
        length = {"CONTENT_LENGTH": "9"}
        cases: list[tuple[int, str, bytes, dict[str, str]]] = [
            (413, "PUT", b"/cache/k", {"CONTENT_LENGTH": str(LIMIT + 1)}),
            (411, "PUT", b"/cache/k", {}),
            (411, "PUT", b"/cache/k", length | {"HTTP_TRANSFER_ENCODING": "chunked"}),
            (400, "PUT", b"/cache/k", {"CONTENT_LENGTH": "x"}),
            *[
                (400, "PUT", b"/cache/k", length | {"QUERY_STRING": f"ttl={ttl}"})
                for ttl in ("x", "0", "9" * 400, "5&ttl=5")
            ],
            (400, "PUT", b"/cache/", length),
            (400, "PUT", b"/cache/\xff", length),
            (414, "PUT", b"/cache/" + b"k" * (MAX_KEY_BYTES + 1), length),
            (405, "POST", b"/cache/k", length),
            (404, "PUT", b"/x", length),
        ]
        for status, method, path, environ in cases:
            body = io.BytesIO(b"v" * 1_000)
            got = bare(app, method, path, body, **environ)
            did = f"{method} {path[:12]!r} with {environ}, {LIMIT} bytes allowed"
            equal(got.status, status, did=did + ": status")
            equal(body.tell(), 0, did=did + ": bytes read from wsgi.input")

    simulate(scene)


@check("P17", kind="behaviour")
def test_a_body_that_ends_early_is_not_stored(impl: Implementation) -> None:
    """Content-Length 10, and the client hangs up after 0, 1 and 9 bytes."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        cache.put("k", b"before")
        app = impl.CacheApp(cache, LIMIT)
        for came in (0, 1, 9):
            got = bare(app, "PUT", b"/cache/k", b"v" * came, CONTENT_LENGTH="10")
            did = f"PUT with Content-Length: 10, of which {came} bytes come"
            equal(got.status, 400, did=did + ": status")
            equal(cache.get("k"), b"before", did=did + "; then get")

    simulate(scene)


@check("P14", kind="contract")
def test_limits_of_the_front(impl: Implementation) -> None:
    """max_value_bytes zero, negative, one, and the one million that is the default."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        for bad in (0, -1):
            raises(
                ValueError,
                lambda bad=bad: impl.CacheApp(cache, max_value_bytes=bad),
                did=f"CacheApp(cache, max_value_bytes={bad})",
            )
        app = impl.CacheApp(cache, max_value_bytes=1)
        equal(call(app, "PUT", "/cache/k", body=b"v").status, 204, did="PUT of 1 byte, 1 allowed")
        equal(call(app, "PUT", "/cache/k", body=b"vv").status, 413, did="PUT of 2 bytes, 1 allowed")
        app = impl.CacheApp(cache)
        status = call(app, "PUT", "/cache/k", body=b"v" * 1_000_000).status
        equal(status, 204, did="PUT of 1,000,000 bytes, no limit given")
        status = bare(app, "PUT", b"/cache/k", CONTENT_LENGTH="1000001").status
        equal(status, 413, did="PUT of 1,000,001 bytes, no limit given")

    simulate(scene)
