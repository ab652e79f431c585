"""What comes back, what went wrong behind, and what the observer is told."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from contracts.services.gateway import (
    Client,
    Record,
    Route,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.http import Response, call, refused

KEY = "key-of-alice"
ALICE = Client("alice", (KEY,), 1e6, 1_000_000)
TEXT = (("Content-Type", "text/plain"),)
ROUTES = [
    Route("/", Upstream("behind", 1, timeout=2.5)),
    Route("/two", Upstream("two", 2, timeout=7.25)),
]


class Behind:
    """A transport that does what it is told."""

    def __init__(self, act: Callable[[UpstreamRequest], Any]) -> None:
        self.act = act
        self.asked: list[tuple[tuple[str, int], UpstreamRequest, float, int]] = []

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.asked.append((address, request, timeout, max_bytes))
        response = self.act(request)
        if isinstance(response, BaseException):
            raise response
        return response  # type: ignore[no-any-return]


def fine(_: UpstreamRequest) -> UpstreamResponse:
    """An ordinary answer."""
    return UpstreamResponse(200, TEXT, b"fine")


def ask(app: Any, method: str = "GET", path: str = "/", key: str = KEY) -> Response:
    """One request."""
    return call(app, method, path, headers={"X-Api-Key": key})


@check("P13", kind="behaviour")
def test_every_status_and_body(plain: Implementation) -> None:
    """Statuses known and unknown, bodies of all bytes, empty, and a million bytes."""
    for status in (
        200,
        201,
        206,
        226,
        299,
        301,
        400,
        401,
        404,
        418,
        429,
        451,
        500,
        502,
        503,
        504,
        599,
    ):
        for body in (b"", bytes(range(256))):
            response = UpstreamResponse(status, TEXT, body)
            app = plain.Gateway(ROUTES, [ALICE], Behind(lambda _, response=response: response))  # type: ignore[misc]
            answer = ask(app)
            did = f"the upstream answers {status} with {len(body)} bytes"
            equal((answer.status, answer.body), (status, body), did=did + ": status and body")
            equal(answer.header_values("Content-Type"), ["text/plain"], did=did + ": Content-Type")
            lengths = answer.header_values("Content-Length")
            equal(lengths, [str(len(body))], did=did + ": Content-Length")
            retry = answer.header("Retry-After"), answer.header("WWW-Authenticate")
            equal(retry, (None, None), did=did + ": Retry-After, WWW-Authenticate")
    large = UpstreamResponse(200, TEXT, b"v" * 1_000_000)
    app = plain.Gateway(ROUTES, [ALICE], Behind(lambda _: large))
    ensure(ask(app).body == large.body, did="an answer of 1,000,000 bytes", want="comes back whole")


@check("P12", kind="behaviour")
def test_what_the_transport_is_given(plain: Implementation) -> None:
    """Address, time limit and size limit of the upstream of each route."""
    behind = Behind(fine)
    app = plain.Gateway(ROUTES, [ALICE], behind)
    for path, address, timeout in (("/", ("behind", 1), 2.5), ("/two/x", ("two", 2), 7.25)):
        ask(app, "GET", path)
        ensure(bool(behind.asked), did=f"GET {path}", want="the transport is called")
        got = behind.asked[-1]
        equal(tuple(got[0]), address, did=f"GET {path}: address given to the transport")
        equal(got[2], timeout, did=f"GET {path}: time limit given to the transport")
        equal(got[3], 1_000_000, did=f"GET {path}: size limit given to the transport, by default")
    app = plain.Gateway(ROUTES, [ALICE], behind, max_response_bytes=5)
    ask(app)
    equal(behind.asked[-1][3], 5, did="max_response_bytes=5: size limit given to the transport")
    app = plain.Gateway([Route("/", Upstream("x", 1))], [ALICE], behind)
    ask(app)
    equal(behind.asked[-1][2], 5.0, did="Upstream without a timeout: that of the transport")


@check("P12", kind="behaviour")
def test_failures_become_502_and_504(plain: Implementation) -> None:
    """The transport raises all kinds of exceptions; afterwards it works again."""
    for error, status in (
        (UpstreamTimeout("slow"), 504),
        (UpstreamFailed("dead"), 502),
        (ConnectionRefusedError("refused"), 502),
        (TimeoutError("not the documented one"), 502),
        (ValueError("a bug"), 502),
        (KeyError(KEY), 502),
        (RuntimeError(KEY), 502),
    ):
        turns = [error, None]
        behind = Behind(lambda request, turns=turns: turns.pop(0) or fine(request))  # type: ignore[misc]
        app = plain.Gateway(ROUTES, [ALICE], behind)
        answer = ask(app)
        did = f"the transport raises {type(error).__name__}"
        refused(did, status, answer)
        ensure(KEY.encode() not in answer.body, did=did, want="no key in the answer")
        equal(ask(app).status, 200, did=f"{did}; the next request: status")


@check("P14", kind="behaviour")
def test_records_tell_the_truth(impl: Implementation) -> None:
    """Requests of every fate; what the observer is told of each."""

    def scene(sim: Sim) -> None:
        def act(request: UpstreamRequest) -> Any:
            sim.sleep(1.5)
            sim.jump_wall_clock(1_000.0)
            answers = {"/slow": UpstreamTimeout("slow"), "/dead": UpstreamFailed("dead")}
            return answers.get(request.target, UpstreamResponse(502, TEXT, b"own"))

        records: list[Record] = []
        behind = Behind(act)
        clients = [ALICE, Client("bob", ("key-of-bob",), 0.001, 1)]
        routes = [*ROUTES, Route("/closed", ROUTES[0].upstream, clients=frozenset({"bob"}))]
        app = impl.Gateway(routes, clients, behind, observe=records.append)
        for method, path, key, told in (
            ("GET", "/", KEY, ("alice", "behind:1", 502, True)),
            ("PUT", "/two/a%20b%41", KEY, ("alice", "two:2", 502, True)),
            ("GET", "/slow", KEY, ("alice", "behind:1", 504, False)),
            ("GET", "/dead", KEY, ("alice", "behind:1", 502, False)),
            ("GET", "/closed", KEY, ("alice", None, 403, False)),
            ("BREW", "/x", KEY, ("alice", None, 405, False)),
            ("GET", "/", "wrong-key", (None, None, 401, False)),
            ("GET", "/..", KEY, (None, None, 400, False)),
            ("POST", "/", KEY, ("alice", None, 400, False)),
            ("HEAD", "/", "key-of-bob", ("bob", "behind:1", 502, True)),
            ("GET", "/", "key-of-bob", ("bob", None, 429, False)),
        ):
            did = f"{method} {path} with the key {key}"
            before, asked = len(records), len(behind.asked)
            length = {"Content-Length": "5"} if method == "POST" else {}  # its body does not come
            answer = call(app, method, path, b"", {"X-Api-Key": key, **length})
            equal(len(records), before + 1, did=f"{did}: records for the observer")
            got = records[-1]
            did += ": what the observer is told: "
            want = (method, unquote(path))
            equal((got.method, got.path), want, did=did + "method, path")
            said = (got.client, got.upstream, got.status, got.from_upstream)
            equal(said, told, did=did + "client, upstream, status, from_upstream")
            equal(answer.status, told[2], did=did + "status of the answer")
            equal(answer.header_values("X-Request-Id"), [got.request_id], did=did + "request_id")
            called = len(behind.asked) > asked
            equal(called, told[1] is not None, did=did + "upstream, if it was called")
            took = abs(got.seconds - (1.5 if called else 0.0)) < 1e-6
            ensure(took, did=did + "seconds", want="1.5 if the upstream was called, or 0", got=got)
            ensure(key not in repr(got) or not told[0], did=did, want="no key", got=got)

    simulate(scene)


@check("P14", kind="behaviour")
def test_every_request_has_a_fresh_id(plain: Implementation) -> None:
    """Thirty requests, some refused: ids of answers, records and upstream."""
    records: list[Record] = []
    behind = Behind(fine)
    app = plain.Gateway(ROUTES, [ALICE], behind, observe=records.append)
    other = plain.Gateway(ROUTES, [ALICE], behind, observe=records.append)
    ids = []
    for number in range(30):
        key = "wrong-key" if number % 3 == 2 else KEY
        headers = {"X-Api-Key": key, "X-Request-Id": "mine"}
        answer = call(other if number % 2 else app, "GET", "/", headers=headers)
        ids += answer.header_values("X-Request-Id")
    equal(
        len(set(ids)), 30, did="30 requests, two gateways, 10 without a key: different X-Request-Id"
    )
    equal([record.request_id for record in records], ids, did="ids that the observer was told")
    behind_ids = [v for a in behind.asked for n, v in a[1].headers if n.lower() == "x-request-id"]
    equal(behind_ids, [each for n, each in enumerate(ids) if n % 3 != 2], did="ids at the upstream")
    good = all(0 < len(each) <= 200 and each.isascii() and each.isprintable() for each in ids)
    ensure(good and "mine" not in ids, did="30 requests that send X-Request-Id: mine", got=ids[:3])


@check("P14", kind="behaviour")
def test_an_observer_that_raises_disturbs_nothing(plain: Implementation) -> None:
    """The observer raises at every request, good and refused."""

    def observe(_: Record) -> None:
        told.append(1)
        raise RuntimeError("the disk for the log is full")

    told: list[int] = []
    app = plain.Gateway(ROUTES, [ALICE], Behind(fine), observe=observe)
    for number in range(20):
        answer = ask(app)
        equal((answer.status, answer.body), (200, b"fine"), did=f"request {number + 1}: answer")
        equal(ask(app, key="wrong-key").status, 401, did="one without a key: status")
    equal(len(told), 40, did="40 requests; calls of the observer")


@check("P14", kind="concurrency")
def test_ids_of_two_threads_differ(impl: Implementation) -> None:
    """Two requests at the same instant."""

    def scene(sim: Sim) -> None:
        records: list[Record] = []
        app = impl.Gateway(ROUTES, [ALICE], Behind(fine), observe=records.append)

        def one() -> str | None:
            return ask(app).header("X-Request-Id")

        got = sim.together(one, one)
        ensure(got[0] != got[1], did="two requests at once", want="two ids", got=got)
        told = sorted(record.request_id for record in records)
        equal(
            told, sorted(map(str, got)), did="two requests at once: ids that the observer was told"
        )

    explore(scene, schedules=24)


@check("P11", kind="behaviour")
def test_an_interrupt_goes_through_and_frees_the_place(plain: Implementation) -> None:
    """KeyboardInterrupt in the transport leaves the gateway; the next request is served."""
    upstream = Upstream("behind", 1, max_calls=1)
    turns = [KeyboardInterrupt(), None]
    behind = Behind(lambda request: turns.pop(0) or fine(request))
    app = plain.Gateway([Route("/", upstream)], [ALICE], behind)
    raises(KeyboardInterrupt, lambda: ask(app), did="KeyboardInterrupt in the transport")
    equal(
        ask(app).status, 200, did="max_calls=1: after KeyboardInterrupt in a call, another: status"
    )
