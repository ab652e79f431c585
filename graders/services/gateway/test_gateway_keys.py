"""Keys: who passes, and how a key is compared."""

import hmac
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from contracts.services.gateway import Client, Route, Upstream, UpstreamRequest, UpstreamResponse
from graders.kit import Implementation, check, ensure, equal
from graders.kit.http import Headers, call, refused

CLIENTS = [
    Client("alice", ("alice-key-1", "alice-key-two")),
    Client("bob", ("bob.key~3+4/5=",)),
    Client("carol", ("carol-key-1", "Alice-Key-1", "alice-key-10")),
]
KEYS = [key for client in CLIENTS for key in client.keys]
OWNERS = {key: client.name for client in CLIENTS for key in client.keys}
ROUTES = [Route("/", Upstream("behind", 1))]


class Behind:
    """A transport that knows for whom it was called."""

    def __init__(self) -> None:
        self.clients: list[list[str]] = []

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        names = [value for name, value in request.headers if name.lower() == "x-client-id"]
        self.clients.append(names)
        return UpstreamResponse(200, (("Content-Type", "text/plain"),))


class Spy:
    """Stands in for compare_digest; counts, and may decide otherwise."""

    def __init__(self, decide: Callable[[int, bool], bool] = lambda _, truth: truth) -> None:
        self.compared: list[tuple[Any, Any]] = []
        self._decide, self._real = decide, hmac.compare_digest

    def __call__(self, a: Any, b: Any, /) -> bool:
        self.compared.append((a, b))
        return self._decide(len(self.compared) - 1, self._real(a, b))

    @contextmanager
    def in_place(self) -> Iterator["Spy"]:
        """Both names of the function lead here for a while."""
        hmac.compare_digest = secrets.compare_digest = self  # type: ignore[assignment]
        try:
            yield self
        finally:
            hmac.compare_digest = secrets.compare_digest = self._real


@check("P4", kind="behaviour")
def test_every_key_opens_for_its_owner(plain: Implementation) -> None:
    """Six keys of three clients, in either header, the scheme in any case, blanks around."""
    behind = Behind()
    app = plain.Gateway(ROUTES, CLIENTS, behind)
    for key, owner in OWNERS.items():
        for headers in (
            {"Authorization": f"Bearer {key}"},
            {"X-Api-Key": key},
            {"Authorization": f"bearer   {key}"},
            {"Authorization": f" BEARER {key} "},
            {"X-Api-Key": f" {key}  "},
        ):
            status = call(app, "GET", "/", headers=headers).status
            equal(status, 200, did=f"GET / with {headers}: status")
            equal(behind.clients[-1], [owner], did=f"GET / with {headers}: X-Client-Id")


@check("P4", "P6", kind="behaviour")
def test_nobody_else_passes(plain: Implementation) -> None:
    """No key, half a key, a key and more, another case, another scheme, two keys."""
    behind = Behind()
    app = plain.Gateway(ROUTES, CLIENTS, behind)
    key, other = KEYS[0], KEYS[2]
    bad: list[Headers] = [{}]
    for wrong in (
        "",
        " ",
        key[:-1],
        key[1:],
        key + "x",
        key + "\u00e9",
        key.upper(),
        "alice",
        "None",
        "\u00e9" * 11,
        "key-nobody-has",
        f"{key},{key}",
        f"{key}, {other}",
        f"{key} {other}",
        f'"{key}"',
        f"Bearer {key}",
    ):
        bad += [{"X-Api-Key": wrong}, {"Authorization": f"Bearer {wrong}"}]
    bad += [{"Authorization": text} for text in (key, "Bearer", "", f"Basic {key}", f"Bearer{key}")]
    bad += [{"Authorization": f"Token {key}"}, {"Authorization": f"Bearer Bearer {key}"}]
    bad += [{"Authorization": f"Bearer={key}"}, {"Authorization": f"Bearer {key}, Basic x"}]
    bad += [{"Authorization": f"Bearer {key}", "X-Api-Key": each} for each in (key, other, "x")]
    bad += [{"Authorization": "Basic eDp5", "X-Api-Key": key}, {"Cookie": f"X-Api-Key={key}"}]
    bad += [{"Proxy-Authorization": f"Bearer {key}"}, {"Api-Key": key}]
    for headers in bad:
        answer = call(app, "GET", "/", headers=headers)
        refused(f"GET / with {headers}", 401, answer)
        scheme = (answer.header("WWW-Authenticate") or "").split(" ")[0]
        equal(scheme, "Bearer", did=f"GET / with {headers}: scheme in WWW-Authenticate")
        shown = any(each.encode() in answer.body for each in KEYS)
        ensure(not shown, did=f"GET / with {headers}", want="an error text without any key")
    equal(behind.clients, [], did="all these; calls of the upstream")
    answer = call(app, "GET", "/", query=f"api_key={key}&access_token={key}")
    equal(answer.status, 401, did="GET / with the key in the query: status")


@check("P5", kind="behaviour")
def test_every_key_is_compared_whichever_matches(plain: Implementation) -> None:
    """A spy in the place of hmac.compare_digest counts, for each key, none and a wrong length."""
    app = plain.Gateway(ROUTES, CLIENTS, Behind())
    for key in (*KEYS, "alice-key-2", "x" * 300, "k"):
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-Api-Key": key}):
            with Spy().in_place() as spy:
                status = call(app, "GET", "/", headers=headers).status
            did = f"GET / with {next(iter(headers))} of {key[:16]}; {len(KEYS)} keys are known"
            equal(status, 200 if key in KEYS else 401, did=did + ": status")
            calls = len(spy.compared)
            equal(calls, len(KEYS), did=did + ": calls of compare_digest")
            apart = len({frozenset(map(_plain, pair)) for pair in spy.compared})
            equal(apart, len(KEYS), did=did + ": different pairs that were compared")
    with Spy().in_place() as spy:
        call(app, "GET", "/")
    ensure(len(spy.compared) <= len(KEYS), did="GET / without a key: calls of compare_digest")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else bytes(value)


@check("P5", kind="behaviour")
def test_what_compare_digest_answers_decides(plain: Implementation) -> None:
    """The spy calls every key unequal, or one of them equal: that decides who it is."""
    behind = Behind()
    app = plain.Gateway(ROUTES, CLIENTS, behind)
    for key in KEYS:
        with Spy(lambda _, __: False).in_place():
            status = call(app, "GET", "/", headers={"X-Api-Key": key}).status
        did = "a right key, but hmac.compare_digest (replaced by the check) answers False"
        equal(status, 401, did=did)
    owners = set()
    for place in range(len(KEYS)):
        with Spy(lambda number, _, place=place: number == place).in_place():  # type: ignore[misc]
            status = call(app, "GET", "/", headers={"X-Api-Key": "a-wrong-key"}).status
        did = f"a wrong key, but compare_digest answers True to its call {place + 1}"
        equal(status, 200, did=did)
        owners.add(behind.clients[-1][0])
    equal(owners, set(OWNERS.values()), did="so for each of its calls; who it was")
