"""The HTTP front: in process, in simulated time, and over a real socket."""

import json
from collections.abc import Iterator
from typing import Any, Final

from contracts.services.url_shortener import ATTEMPTS, MAX_TTL, Link, StorageDown
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.http import Response, call, refused, request, serving
from graders.kit.sqlite import Database

URL: Final = "https://example.com/a?b=c&d=%20#e"
BASE: Final = "https://sho.rt"
JSON: Final = {"Content-Type": "application/json"}


def post(app: Any, content: object, **headers: str) -> Response:
    """POST /links with this content as JSON."""
    return call(app, "POST", "/links", json.dumps(content).encode(), JSON | headers)


def apps(impl: Implementation) -> Iterator[tuple[str, Any, Any]]:
    """A front and its shortener over each repository, with the repository's name."""
    database = Database()
    for name, repository in (
        ("memory", impl.MemoryRepository()),
        ("SQLite", impl.SqliteRepository(database.path, database.connect)),
    ):
        shortener = impl.Shortener(repository, iter(["first", "second", "third"]).__next__)
        yield name, impl.ShortenerApp(shortener, BASE), shortener


@check("P18", "P11", kind="behaviour")
def test_a_link_over_http(impl: Implementation) -> None:
    """POST, GET of the short link, GET of what is known of it, DELETE; over both repositories."""

    def scene(sim: Sim) -> None:
        for name, app, shortener in apps(impl):
            made = post(app, {"url": URL})
            did = f"{name}: POST /links"
            equal(made.status, 201, did=did + ": status")
            equal(made.header("Location"), "/links/first", did=did + ": Location")
            link = shortener.look("first")
            want = {"code": "first", "url": URL, "short": f"{BASE}/first", "hits": 0}
            want |= {"created": link.created, "expires": None}
            equal(made.json(), want, did=did + ": body")
            for hits in (1, 2):
                got = call(app, "GET", "/first")
                did = f"{name}: POST, then GET /first"
                equal((got.status, got.header("Location")), (302, URL), did=did + ": Location")
                shown = call(app, "GET", "/links/first")
                equal(shown.status, 200, did=f"{name}: GET /links/first: status")
                equal(shown.json(), want | {"hits": hits}, did=f"{name}: GET /links/first: body")
            gone = call(app, "DELETE", "/links/first")
            equal((gone.status, gone.body), (204, b""), did=f"{name}: DELETE /links/first")
            refused(f"{name}: GET /first, deleted", 410, call(app, "GET", "/first"))
            refused(f"{name}: DELETE, deleted", 410, call(app, "DELETE", "/links/first"))

    simulate(scene)


@check("P18", "P5", kind="timing")
def test_alias_and_ttl_over_http(impl: Implementation) -> None:
    """Alias and ttl, null for either, the longest ttl; and the link's last instant."""

    def scene(sim: Sim) -> None:
        for name, app, shortener in apps(impl):
            made = post(app, {"ttl": 5, "alias": "my-Alias_1", "url": URL})
            equal(made.status, 201, did=f"{name}: POST with alias and ttl: status")
            link = shortener.look("my-Alias_1")
            shown = made.json()
            equal(shown["short"], f"{BASE}/my-Alias_1", did=f"{name}: POST with alias: short")
            equal(shown["expires"], link.expires, did=f"{name}: POST with ttl: expires")
            ensure(
                abs(shown["expires"] - shown["created"] - 5) < 2e-6,
                did=f"{name}: POST with ttl 5: seconds from created to expires",
                got=shown,
            )
            sim.sleep(4.75)
            status = call(app, "GET", "/my%2DAlias_1").status
            equal(status, 302, did=f"{name}: ttl 5; 4.75 s later GET /my%2DAlias_1: status")
            sim.sleep(0.25)
            for method, path in (("GET", "/"), ("HEAD", "/"), ("GET", "/links/")):
                status = call(app, method, path + "my-Alias_1").status
                equal(status, 410, did=f"{name}: ttl 5; 5 s later {method} {path}my-Alias_1")
            refused("DELETE, expired", 410, call(app, "DELETE", "/links/my-Alias_1"))
            made = post(app, {"url": URL, "alias": None, "ttl": None})
            equal(made.json()["code"], "first", did=f"{name}: POST with alias and ttl null: code")
            equal(made.json()["expires"], None, did=f"{name}: POST with ttl null: expires")
            equal(post(app, {"url": URL, "ttl": MAX_TTL}).status, 201, did="the longest ttl")

    simulate(scene)


@check("P18", "P8", kind="behaviour")
def test_head_counts_nothing(impl: Implementation) -> None:
    """HEAD of a short link and of what is known of it; then the hits."""

    def scene(sim: Sim) -> None:
        for name, app, shortener in apps(impl):
            post(app, {"url": URL})
            head = call(app, "HEAD", "/first")
            equal(head.status, 302, did=f"{name}: HEAD /first: status")
            equal(head.header("Location"), URL, did=f"{name}: HEAD /first: Location")
            got = call(app, "GET", "/first")
            length = got.header("Content-Length")
            equal(head.header("Content-Length"), length, did="HEAD: Content-Length, as for GET")
            about, shown = call(app, "HEAD", "/links/first"), call(app, "GET", "/links/first")
            equal((about.status, about.body), (200, b""), did=f"{name}: HEAD /links/first")
            for field in ("Content-Type", "Content-Length"):
                did = f"{name}: HEAD /links/first: {field}, as for GET"
                equal(about.header(field), shown.header(field), did=did)
            hits = shortener.look("first").hits
            equal(hits, 1, did=f"{name}: one GET /first, and some HEAD; then its hits")

    simulate(scene)


@check("P21", "P18", kind="behaviour")
def test_no_answer_can_be_cached(impl: Implementation) -> None:
    """Cache-Control, type and length of redirects, of links, of every refusal, and of 204."""

    def scene(sim: Sim) -> None:
        for _, app, _ in apps(impl):
            post(app, {"url": URL})
            answers = [
                (post(app, {"url": URL, "alias": "alias"}), "POST /links"),
                (post(app, {"url": URL, "alias": "alias"}), "POST, the alias is taken"),
                (post(app, {"url": "ftp://a"}), "POST of a bad URL"),
                (call(app, "POST", "/links", b"{}"), "POST without a type"),
                (call(app, "GET", "/first"), "GET /first"),
                (call(app, "HEAD", "/first"), "HEAD /first"),
                (call(app, "GET", "/none"), "GET of an unknown code"),
                (call(app, "GET", "/"), "GET /"),
                (call(app, "PUT", "/first"), "PUT /first"),
                (call(app, "GET", "/links/first"), "GET /links/first"),
                (call(app, "DELETE", "/links/first"), "DELETE /links/first"),
                (call(app, "GET", "/first"), "GET /first, deleted"),
            ]
            for answer, did in answers:
                said = (answer.header("Cache-Control") or "").replace(" ", "").lower().split(",")
                ensure("no-store" in said, did=f"{did}: Cache-Control", want="no-store", got=said)
                if answer.status != 204 and not did.startswith("HEAD"):
                    length = answer.header("Content-Length")
                    equal(length, str(len(answer.body)), did=f"{did}: Content-Length")
                    ensure(bool(answer.header("Content-Type")), did=f"{did}: Content-Type")

    simulate(scene)


@check("P21", "P18", kind="behaviour")
def test_headers_of_a_request_decide_nothing(impl: Implementation) -> None:
    """Host and forwarding headers of an attacker; base URLs with a path, without one, and bad ones."""
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "ftp",
        "Forwarded": "host=evil.example",
        "X-HTTP-Method-Override": "DELETE",
        "X-Original-URL": "/links/alias",
        "Referer": "http://evil.example/",
    }

    def scene(sim: Sim) -> None:
        for base in (BASE, "http://localhost:8080/go", ""):
            shortener = impl.Shortener(impl.MemoryRepository())
            app = impl.ShortenerApp(shortener, base) if base else impl.ShortenerApp(shortener)
            made = post(app, {"url": URL, "alias": "alias"}, **evil)
            did = f"base_url {base!r}, Host: evil.example, and such; "
            equal(made.json()["short"], f"{base}/alias", did=did + "POST: short")
            equal(made.header("Location"), "/links/alias", did=did + "POST: Location")
            shown = call(app, "GET", "/links/alias", headers=evil)
            equal(shown.json()["short"], f"{base}/alias", did=did + "GET /links/alias: short")
            got = call(app, "GET", "/alias", headers=evil)
            equal(got.header("Location"), URL, did=did + "GET /alias: Location")
        for bad in ("https://sho.rt/", "sho.rt", "ftp://sho.rt", "/", "javascript:x", "https:sho"):
            did = f"ShortenerApp(shortener, base_url={bad!r})"
            raises(
                ValueError,
                lambda bad=bad, s=shortener: impl.ShortenerApp(s, base_url=bad),
                did=did,
            )

    simulate(scene)


class Broken:
    """A repository whose disk is full."""

    def add(self, link: Link) -> bool:
        raise StorageDown("the disk is full")

    def get(self, code: str) -> Link | None:
        if code == "down":
            raise StorageDown("the disk is broken")
        return Link(code, URL, 1.0) if code == "code" else None

    def count_hit(self, code: str) -> None:
        raise StorageDown("the disk is full")

    def delete(self, code: str) -> bool:
        raise StorageDown("the disk is full")

    def close(self) -> None:
        """Nothing to let go of."""


@check("P18", "P19", kind="behaviour")
def test_what_cannot_be_stored_is_not_acknowledged(impl: Implementation) -> None:
    """Every call of the repository fails: 503, also for a redirect that cannot be counted."""

    def scene(sim: Sim) -> None:
        app = impl.ShortenerApp(impl.Shortener(Broken()))
        refused("POST /links, the disk is full", 503, post(app, {"url": URL}))
        alias = {"url": URL, "alias": "alias"}
        refused("POST with an alias, the disk is full", 503, post(app, alias))
        refused("GET /code, the hit cannot be counted", 503, call(app, "GET", "/code"))
        refused("DELETE, the disk is full", 503, call(app, "DELETE", "/links/code"))
        for path in ("/down", "/links/down"):
            refused(f"GET {path}, the disk is broken", 503, call(app, "GET", path))
        equal(call(app, "HEAD", "/code").status, 302, did="HEAD /code, only writing fails: status")
        codes = iter(["same"] * (2 * ATTEMPTS)).__next__
        app = impl.ShortenerApp(impl.Shortener(impl.MemoryRepository(), codes))
        equal(post(app, {"url": URL}).status, 201, did="POST, the source draws 'same': status")
        refused("POST, the source draws 'same' for ever", 503, post(app, {"url": URL}))

    simulate(scene)


@check("P18", "P9", kind="concurrency")
def test_requests_from_two_threads(impl: Implementation) -> None:
    """Two threads POST one alias, and follow it."""

    def scene(sim: Sim) -> None:
        app = impl.ShortenerApp(impl.Shortener(impl.MemoryRepository()))

        def client(url: str) -> tuple[int, str | None]:
            status = post(app, {"url": url, "alias": "alias"}).status
            return status, call(app, "GET", "/alias").header("Location")

        got = sim.together(lambda: client("http://a"), lambda: client("http://b"))
        did = "two threads POST one alias and GET /alias"
        equal(sorted(status for status, _ in got), [201, 409], did=did + ": statuses")
        won = "http://a" if got[0][0] == 201 else "http://b"
        equal([where for _, where in got], [won, won], did=did + ": Location")
        hits = call(app, "GET", "/links/alias").json()["hits"]
        equal(hits, 2, did=did + "; then its hits")

    explore(scene, schedules=40)


@check("P18", kind="behaviour")
def test_a_real_client_over_a_socket(plain: Implementation) -> None:
    """http.client against a threaded server over a SQLite file: everything once."""
    repository = plain.SqliteRepository("links.db")
    app = plain.ShortenerApp(plain.Shortener(repository), BASE)
    with serving(app) as address:
        body = json.dumps({"url": URL, "alias": "alias", "ttl": 600}).encode()
        made = request(address, "POST", "/links", body, JSON)
        equal(made.status, 201, did="POST over a socket: status")
        equal(made.json()["short"], f"{BASE}/alias", did="POST over a socket: short")
        for _ in range(3):
            got = request(address, "GET", "/alias")
            found = (got.status, got.header("Location"))
            equal(found, (302, URL), did="GET /alias over a socket: status, Location")
        head = request(address, "HEAD", "/alias")
        equal((head.status, head.header("Location")), (302, URL), did="HEAD over a socket")
        refused("POST of the alias again", 409, request(address, "POST", "/links", body, JSON))
        shown = request(address, "GET", "/links/alias").json()
        equal(shown["hits"], 3, did="three GET and a HEAD over a socket: hits")
        gone = request(address, "DELETE", "/links/alias")
        equal((gone.status, gone.body), (204, b""), did="DELETE over a socket")
        refused("GET after DELETE", 410, request(address, "GET", "/alias"))
    repository.close()
