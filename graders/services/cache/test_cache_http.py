"""The HTTP front: in process, in simulated time, and over a real socket."""

import dataclasses
from urllib.parse import quote

from contracts.services.cache import MAX_KEY_BYTES
from graders.kit import Implementation, Sim, check, equal, explore, simulate
from graders.kit.http import call, request, serving

LIMIT = 100


@check("P15", kind="behaviour")
def test_put_get_delete(impl: Implementation) -> None:
    """A value of all 256 bytes goes in, comes out, is replaced, and is deleted."""

    def scene(sim: Sim) -> None:
        app = impl.CacheApp(impl.Cache(4))
        value = bytes(range(256))
        put = call(app, "PUT", "/cache/k", body=value)
        equal((put.status, put.body), (204, b""), did="PUT /cache/k: status and body")
        got = call(app, "GET", "/cache/k")
        equal((got.status, got.body), (200, value), did="then GET /cache/k: status and body")
        equal(got.header("Content-Type"), "application/octet-stream", did="GET: Content-Type")
        equal(got.header("Content-Length"), "256", did="GET: Content-Length")
        equal(call(app, "PUT", "/cache/k", body=b"").status, 204, did="PUT of an empty body")
        got = call(app, "GET", "/cache/k")
        equal((got.status, got.body), (200, b""), did="then GET: status and body")
        equal(call(app, "DELETE", "/cache/k").status, 204, did="DELETE /cache/k: status")
        equal(call(app, "GET", "/cache/k").status, 404, did="GET after DELETE: status")
        equal(call(app, "DELETE", "/cache/k").status, 404, did="DELETE for the second time")

    simulate(scene)


@check("P15", kind="behaviour")
def test_head_answers_as_get_without_a_body(impl: Implementation) -> None:
    """HEAD of a value, of a missing key and of the statistics."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        app = impl.CacheApp(cache)
        cache.put("k", b"value")
        cache.put("l", b"")
        for path, status in (("/cache/k", 200), ("/cache/x", 404), ("/stats", 200)):
            head, got = call(app, "HEAD", path), call(app, "GET", path)
            did = f"HEAD {path}"
            equal((head.status, head.body), (status, b""), did=did + ": status and body")
            for name in ("Content-Type", "Content-Length"):
                equal(head.header(name), got.header(name), did=f"{did}: {name}, as for GET")
        equal(cache.stats().hits, 2, did="hits after HEAD and GET of a key that is there")
        call(app, "HEAD", "/cache/k")
        cache.put("m", b"")
        equal("k" in cache, True, did="capacity 2: k, l; HEAD k, put m: k is still there")

    simulate(scene)


@check("P15", kind="behaviour")
def test_the_cache_behind_is_the_same_cache(impl: Implementation) -> None:
    """What HTTP puts the cache has, as str and bytes, and the other way round."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(4)
        app = impl.CacheApp(cache)
        call(app, "PUT", "/cache/k", body=b"over HTTP")
        equal(cache.get("k"), b"over HTTP", did='PUT /cache/k, then cache.get("k")')
        cache.put("l", b"by a call")
        equal(call(app, "GET", "/cache/l").body, b"by a call", did='cache.put("l"), then GET')
        call(app, "DELETE", "/cache/l")
        equal("l" in cache, False, did="DELETE /cache/l, then `in`")
        second = impl.CacheApp(impl.Cache(4))
        equal(call(second, "GET", "/cache/k").status, 404, did="GET from an app on another cache")
        got = call(app, "GET", "/cache/k").body
        equal(got, b"over HTTP", did="another app was made; then GET from the first one")

    simulate(scene)


@check("P15", kind="behaviour")
def test_keys_are_the_rest_of_the_path(impl: Implementation) -> None:
    """Keys with slashes, spaces, percent signs, question marks and letters outside ASCII."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(20)
        app = impl.CacheApp(cache)
        keys = (
            "a/b",
            "/",
            "a//b/",
            "..",
            "a b",
            "100%",
            "%41",
            "é",
            "日本",
            "stats",
            "a?b=c",
            "+",
            " a ",
            "E\u0301",
            "É",
            "K",
            "k\n",
        )
        for number, key in enumerate((*keys, "k" * MAX_KEY_BYTES, "é" * (MAX_KEY_BYTES // 2))):
            path, value = f"/cache/{quote(key, safe='')}", b"%d" % number
            put = call(app, "PUT", path, value)
            equal(put.status, 204, did=f"PUT with the key {key!r}: status")
            equal(cache.get(key), value, did=f"then cache.get({key!r})")
            got = call(app, "GET", path)
            did = f"GET with the key {key!r}: status and body"
            equal((got.status, got.body), (200, value), did=did)

    simulate(scene)


@check("P15", kind="timing")
def test_a_ttl_in_the_query(impl: Implementation) -> None:
    """PUT with ?ttl=, looked at just before and at the deadline; and without."""

    def scene(sim: Sim) -> None:
        app = impl.CacheApp(impl.Cache(8, ttl=8))
        for query, lives in (("ttl=5", 5), ("ttl=0.5", 0.5), ("", 8), ("x=1&ttl=020.50&y=", 20.5)):
            put = call(app, "PUT", "/cache/k", body=b"v", query=query)
            did = f"Cache(8, ttl=8): PUT /cache/k?{query}"
            equal(put.status, 204, did=did + ": status")
            sim.sleep(lives - 0.25)
            status = call(app, "GET", "/cache/k").status
            equal(status, 200, did=f"{did}; {lives - 0.25} s later GET")
            sim.sleep(0.25)
            status = call(app, "GET", "/cache/k").status
            equal(status, 404, did=f"{did}; exactly {lives} s later GET")
            equal(call(app, "DELETE", "/cache/k").status, 404, did=did + "; and DELETE")

    simulate(scene)


@check("P15", kind="behaviour")
def test_stats_shows_the_statistics(impl: Implementation) -> None:
    """Some requests, then GET /stats."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        app = impl.CacheApp(cache)
        for method, path in (("PUT", "a"), ("GET", "a"), ("GET", "b"), ("PUT", "b"), ("GET", "b")):
            call(app, method, f"/cache/{path}", body=b"v" if method == "PUT" else b"")
        call(app, "PUT", "/cache/b", body=b"v", query="ttl=1")
        sim.sleep(1)
        answer = call(app, "GET", "/stats")
        equal(answer.status, 200, did="GET /stats: status")
        media_type = (answer.header("Content-Type") or "").partition(";")[0]
        equal(media_type, "application/json", did="GET /stats: Content-Type")
        did = "PUT a, GET a, GET b, PUT b, GET b, PUT b with ttl=1, 1 s, GET /stats"
        want = {"hits": 2, "misses": 1, "evictions": 1, "expirations": 1}
        want |= {"loads": 0, "load_failures": 0, "size": 0}
        equal(answer.json(), want, did=did)
        equal(dataclasses.asdict(cache.stats()), want, did="the statistics of the cache after that")
        cache.get("x")
        got = call(app, "GET", "/stats").json()
        equal(got["misses"], 2, did="then get of a missing key, and GET /stats: misses")

    simulate(scene)


@check("P15", kind="concurrency")
def test_requests_from_two_threads(impl: Implementation) -> None:
    """Two threads send PUT and GET of two keys through one app."""

    def scene(sim: Sim) -> None:
        app = impl.CacheApp(impl.Cache(4))

        def client(key: str) -> list[object]:
            put = call(app, "PUT", f"/cache/{key}", key.encode())
            got = call(app, "GET", f"/cache/{key}")
            return [put.status, got.status, got.body, call(app, "GET", "/cache/none").status]

        got = sim.together(lambda: client("a"), lambda: client("b"))
        want = [[204, 200, b"a", 404], [204, 200, b"b", 404]]
        equal(got, want, did="two threads: PUT and GET of a key of their own, GET of a missing key")

    explore(scene, schedules=24)


@check("P15", kind="behaviour")
def test_a_real_client_over_a_socket(plain: Implementation) -> None:
    """http.client against a threaded server: PUT, GET, DELETE, /stats, and a refusal."""
    app = plain.CacheApp(plain.Cache(4), LIMIT)
    with serving(app) as address:
        put = request(address, "PUT", "/cache/a%20b%2Fc%C3%A9?ttl=600", body=b"\r\n\0value")
        equal(put.status, 204, did="PUT over a socket: status")
        got = request(address, "GET", "/cache/a%20b/c%C3%A9")
        equal((got.status, got.body), (200, b"\r\n\0value"), did="then GET: status and body")
        equal(got.header("Content-Length"), "8", did="then GET: Content-Length")
        gone = request(address, "DELETE", "/cache/none")
        equal(gone.status, 404, did="DELETE of a missing key over a socket: status")
        stats = request(address, "GET", "/stats").json()
        equal(stats["hits"], 1, did="GET /stats over a socket: hits")
        large = request(address, "PUT", "/cache/k", body=b"v" * (LIMIT + 1))
        equal(large.status, 413, did=f"PUT of {LIMIT + 1} bytes, {LIMIT} allowed: status")
