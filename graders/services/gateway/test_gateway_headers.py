"""Headers: what goes on, what stays behind, what the gateway says itself."""

from collections.abc import Iterable
from typing import Any

from contracts.services.gateway import (
    HOP_BY_HOP,
    Client,
    Route,
    Upstream,
    UpstreamRequest,
    UpstreamResponse,
)
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import Response, call

KEY = "key-of-alice"
CLIENTS = [Client("alice", (KEY,), 1e6, 1_000_000), Client("bob", ("key-of-bob",), 1e6, 1_000_000)]
ROUTES = [Route("/", Upstream("api.internal", 9000)), Route("/two", Upstream("10.0.0.2", 80))]
TEXT = ("Content-Type", "text/plain")


class Behind:
    """A transport that knows the headers it was given, and answers with others."""

    def __init__(self, *answers: tuple[str, str], status: int = 200) -> None:
        self.response = UpstreamResponse(status, answers or (TEXT,), b"body")
        self.got: list[tuple[str, str]] = []

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        self.got = list(request.headers)
        return self.response


def values(pairs: Iterable[tuple[str, str]], name: str) -> list[str]:
    """What the headers of that name say."""
    return [value for other, value in pairs if other.lower() == name.lower()]


def names(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Which headers there are, in lower case."""
    return {name.lower() for name, _ in pairs}


def forwarded(impl: Any, headers: dict[str, str], path: str = "/", **environ: str) -> Any:
    """What the upstream gets of a GET with these headers."""
    behind = Behind()
    app = impl.Gateway(ROUTES, CLIENTS, behind)
    answer = call(app, "GET", path, headers={"X-Api-Key": KEY} | headers, environ=environ)
    equal(answer.status, 200, did=f"GET {path} with {headers}: status")
    return behind.got


def answered(
    impl: Any, *headers: tuple[str, str], method: str = "GET", status: int = 200
) -> Response:
    """What the client gets when the upstream answers with these headers."""
    app = impl.Gateway(ROUTES, CLIENTS, Behind(*headers, status=status))
    return call(app, method, "/", headers={"X-Api-Key": KEY})


@check("P8", kind="behaviour")
def test_hop_by_hop_headers_of_a_request(plain: Implementation) -> None:
    """Every hop-by-hop header of the list, beside two that go on."""
    fine = {"X-Tag": "a, b", "Accept": "*/*", "Cookie": "a=1; b=2", "X-Keep-Alive": "yes"}
    for name in sorted(HOP_BY_HOP - {"transfer-encoding"}):
        got = forwarded(plain, {name.title(): "x-nothing", **fine})
        did = f"GET with {name.title()} and four headers that go on"
        ensure(name not in names(got), did=did, want=f"no {name} at the upstream", got=got)
        for each, value in fine.items():
            equal(values(got, each), [value], did=f"{did}: {each} at the upstream")


@check("P8", kind="behaviour")
def test_headers_named_by_connection_in_a_request(plain: Implementation) -> None:
    """Connection names headers: in any case, with blanks, after empty ones, several joined."""
    for connection in (
        "X-Secret",
        "x-secret",
        "X-SECRET, close",
        "close,X-Secret",
        "keep-alive ,\t x-sEcret ,Upgrade",
        ",X-Secret",
        ", ,x-secret,,",
        "close, close,x-secret,x-other",
    ):
        got = forwarded(plain, {"Connection": connection, "X-Secret": "1", "X-Secret-2": "2"})
        did = f"GET with X-Secret, X-Secret-2 and Connection: {connection}"
        equal(values(got, "X-Secret"), [], did=f"{did}: X-Secret at the upstream")
        equal(values(got, "X-Secret-2"), ["2"], did=f"{did}: X-Secret-2 at the upstream")
        equal(values(got, "Connection"), [], did=f"{did}: Connection at the upstream")
    got = forwarded(plain, {"Connection": "content-type, cookie"}, CONTENT_TYPE="a/b")
    equal(values(got, "Content-Type"), [], did="GET with Connection: content-type: Content-Type")


@check("P8", kind="behaviour")
def test_hop_by_hop_headers_of_an_answer(plain: Implementation) -> None:
    """The upstream's hop-by-hop headers, and those its Connection headers name, in several lines."""
    for name in sorted(HOP_BY_HOP):
        for spelled in (name, name.upper()):
            got = answered(plain, TEXT, (spelled, "x"), ("X-Tag", "1")).headers
            did = f"the upstream answers with {spelled}"
            ensure(name not in names(got), did=did, want=f"the client gets no {name}", got=got)
            equal(values(got, "X-Tag"), ["1"], did=did + " and X-Tag, which the client gets")
    secrets = (("X-Secret", "1"), ("x-secret", "2"), ("X-Other", "3"), ("X-Tag", "4"))
    for lines in (
        ["X-Secret, X-Other"],
        ["", "x-secret,x-other"],
        ["close", "X-SECRET", "x-OTHER"],
        ["x-secret", "", "keep-alive,\tx-other"],
        [", x-other ,", "x-secret ,"],
    ):
        for order in (0, 1):
            head = [("cOnnection" if order else "Connection", line) for line in lines]
            pairs = [TEXT, *secrets, *head] if order else [*head, TEXT, *secrets]
            got = answered(plain, *pairs).headers
            did = f"the upstream answers with X-Secret, X-Other, X-Tag and Connection {lines}"
            left = names(got) & {"x-secret", "x-other", "connection", "x-tag"}
            equal(left, {"x-tag"}, did=did + ": which of these the client gets")


@check("P9", kind="behaviour")
def test_what_the_gateway_says_itself(plain: Implementation) -> None:
    """A plain request: Host, Via, X-Forwarded-*, X-Client-Id, X-Request-Id at the upstream."""
    peer = {"REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "https"}
    for path, host in (("/", "api.internal:9000"), ("/two", "10.0.0.2:80")):
        got = forwarded(plain, {"Host": "shop.example:8443"}, path, **peer)
        for name, value in (
            ("Host", host),
            ("Via", "1.1 gateway"),
            ("X-Forwarded-For", "192.0.2.7"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "shop.example:8443"),
            ("X-Client-Id", "alice"),
        ):
            did = f"GET {path} from 192.0.2.7 over https: {name} at the upstream"
            equal(values(got, name), [value], did=did)
        equal(len(values(got, "X-Request-Id")), 1, did="GET /: X-Request-Id headers upstream")


@check("P9", kind="behaviour")
def test_the_client_cannot_say_who_it_is(plain: Implementation) -> None:
    """The client sends these headers itself, and names them in Connection, and both."""
    own = (
        "X-Client-Id",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Request-Id",
    )
    lies = dict.fromkeys(own, "mallory")
    connection = {"Connection": ", ".join(own) + ", host, via, content-length"}
    peer = {"REMOTE_ADDR": "192.0.2.7", "wsgi.url_scheme": "http"}
    truths = ("alice", "192.0.2.7", "http", "shop.example")
    for headers in (lies, connection, lies | connection):
        got = forwarded(plain, {"Host": "shop.example", **headers}, **peer)
        for name, value in zip(own, truths, strict=False):
            did = f"GET with {headers}: {name} at the upstream"
            equal(values(got, name), [value], did=did)
        for name, value in (("Host", "api.internal:9000"), ("Via", "1.1 gateway")):
            equal(values(got, name), [value], did=f"GET with {headers}: {name} at the upstream")
        ids = values(got, "X-Request-Id")
        fresh = len(ids) == 1 and "mallory" not in ids[0]
        ensure(fresh, did=f"GET with {headers}", want="one fresh X-Request-Id", got=ids)


@check("P9", kind="behaviour")
def test_what_stays_behind(plain: Implementation) -> None:
    """Credentials, and headers with which a client could pretend to be a proxy."""
    gone = (
        "Forwarded",
        "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Forwarded-Port",
        "X-Real-Ip",
    )
    gone += ("Expect", "Proxy")
    fine = ("X-Forward", "X-Real-Ipx", "Authorization-Info", "Origin", "X-Api-Key-Id")
    for key in ({"X-Api-Key": KEY}, {"Authorization": f"Bearer {KEY}"}):
        behind = Behind()
        app = plain.Gateway(ROUTES, CLIENTS, behind)
        headers = dict.fromkeys((*gone, *fine), "x") | key
        call(app, "GET", "/", headers=headers)
        kept = names(behind.got)
        did = f"GET with {', '.join(headers)}"
        left = sorted(kept & {name.lower() for name in (*gone, *key)})
        equal(left, [], did=did + ": which of those that should stay behind go on")
        missing = sorted({name.lower() for name in fine} - kept)
        equal(missing, [], did=did + ": which of the others do not go on")
        shown = any(KEY in value for _, value in behind.got)
        ensure(not shown, did=did, want="the key in no header at the upstream", got=behind.got)


@check("P9", kind="behaviour")
def test_via_is_prolonged_and_the_rest_is_kept(plain: Implementation) -> None:
    """Via of earlier proxies, and no Host; ordinary headers with odd values."""
    got = forwarded(plain, {"Via": "1.0 one, 1.1 two"})
    equal(values(got, "Via"), ["1.0 one, 1.1 two, 1.1 gateway"], did="Via: 1.0 one, 1.1 two")
    got = forwarded(plain, {"Via": "1.0 one", "Connection": "via"})
    equal(values(got, "Via"), ["1.1 gateway"], did="Via: 1.0 one, and Connection: via")
    odd = {"X-A": "", "X-B": "a\tb", "X-C": "caf\xe9", "X-D": 'q="1, 2"; x', "If-Match": '"a"'}
    odd |= {"X1": "1", "X-Long": "v" * 8_000}
    got = forwarded(plain, odd, CONTENT_TYPE="application/json; charset=utf-8")
    for name, value in {**odd, "Content-Type": "application/json; charset=utf-8"}.items():
        equal(values(got, name), [value], did=f"GET with {name}: {name} at the upstream")
    taken = {"connection", "content-length", "transfer-encoding"} & names(got)
    equal(taken, set(), did="headers for the transport: those that it sets itself")


@check("P13", kind="behaviour")
def test_headers_of_an_answer(plain: Implementation) -> None:
    """Several of one name, odd names and values; lengths that are not true."""
    sent = [("Set-Cookie", "a=1"), ("X-B", "2"), ("set-cookie", "b=2; Expires=Wed, 01 Jan"), TEXT]
    sent += [("ETag", 'W/"x"'), ("X-Empty", ""), ("x-lower", "caf\xe9"), ("Via", "1.1 behind")]
    answer = answered(plain, *sent, ("Content-Length", "999"), ("X-Request-Id", "mine"))
    got = [
        pair for pair in answer.headers if pair[0].lower() not in {"content-length", "x-request-id"}
    ]
    equal(
        got, sent, did=f"the upstream answers with {[name for name, _ in sent]}: headers, in order"
    )
    lengths = answer.header_values("Content-Length")
    equal(lengths, ["4"], did="it says Content-Length: 999 and sends 4 bytes: Content-Length")
    ids = answer.header_values("X-Request-Id")
    ensure(
        len(ids) == 1 and ids != ["mine"], did="X-Request-Id", want="the gateway's only", got=ids
    )
    answer = answered(plain, ("X-A", "1"))
    equal(answer.header("Content-Type"), "application/octet-stream", did="no Content-Type: type")


@check("P13", kind="behaviour")
def test_answers_without_a_body(plain: Implementation) -> None:
    """HEAD, and 204 and 304 to GET, with headers that speak of a body."""
    for lengths, want in (
        (["1234"], ["1234"]),
        ([], []),
        (["12", "12"], []),
        (["x"], []),
        (["+5"], []),
        (["5, 5"], []),
        ([""], []),
        (["\u00b2"], []),
    ):
        said = [("Content-Length", each) for each in lengths]
        answer = answered(plain, TEXT, *said, method="HEAD")
        did = f"HEAD, the upstream says Content-Length {lengths}"
        equal((answer.status, answer.body), (200, b""), did=did + ": status and body")
        equal(answer.header_values("Content-Length"), want, did=did + ": Content-Length")
    for status in (204, 304):
        for method in ("GET", "HEAD"):
            said = [("ETag", '"a"'), ("Content-Length", "9"), TEXT]
            answer = answered(plain, *said, method=method, status=status)
            did = f"{method}, the upstream answers {status} with {said}"
            equal((answer.status, answer.body), (status, b""), did=did + ": status and body")
            left = names(answer.headers) - {"x-request-id"}
            equal(left, {"etag"}, did=did + ": headers")
