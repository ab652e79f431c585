"""Which headers go on, and which the gateway sets itself."""

import re
from collections.abc import Iterable, Mapping, Sequence

from contracts.services.gateway import HOP_BY_HOP

Pairs = tuple[tuple[str, str], ...]

_VIA = "1.1 gateway"
_KEPT_BACK = HOP_BY_HOP | {
    "authorization",
    "expect",
    "forwarded",
    "proxy",
    "x-api-key",
    "x-real-ip",
}
_OWN = {"host", "via", "x-client-id", "x-request-id"}
_BODILESS = {204, 304}


def to_upstream(
    headers: Mapping[str, str], host: str, peer: tuple[str, str], who: tuple[str, str]
) -> Pairs:
    """The headers of the forwarded request.

    `peer` is the client's address and scheme, `who` its name and the request's id. What the gateway
    sets is added last: a Connection header cannot name it away.
    """
    named = _named([headers.get("connection", "")])
    dropped = _KEPT_BACK | _OWN | named
    kept = [
        (name.title(), value)
        for name, value in headers.items()
        if name not in dropped and not name.startswith("x-forwarded-")
    ]
    before = "" if "via" in named else headers.get("via", "")
    asked = [("X-Forwarded-Host", headers["host"])] if "host" in headers else []
    return (
        ("Host", host),
        *kept,
        ("Via", f"{before}, {_VIA}" if before else _VIA),
        ("X-Forwarded-For", peer[0]),
        ("X-Forwarded-Proto", peer[1]),
        *asked,
        ("X-Client-Id", who[0]),
        ("X-Request-Id", who[1]),
    )


def to_client(status: int, headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of the answer, without a length."""
    named = _named(value for name, value in headers if name.lower() == "connection")
    dropped = HOP_BY_HOP | named | {"content-length", "x-request-id"}
    if status in _BODILESS:
        dropped |= {"content-type"}
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    if status not in _BODILESS and all(name.lower() != "content-type" for name, _ in kept):
        kept.append(("Content-Type", "application/octet-stream"))
    return kept


def length_to_client(
    method: str, status: int, headers: Sequence[tuple[str, str]], body: bytes
) -> list[tuple[str, str]]:
    """The Content-Length of the answer; to HEAD what the upstream says that GET would have."""
    if status in _BODILESS:
        return []
    if method != "HEAD":
        return [("Content-Length", str(len(body)))]
    said = [value for name, value in headers if name.lower() == "content-length"]
    if len(said) == 1 and re.fullmatch("[0-9]+", said[0]):
        return [("Content-Length", said[0])]
    return []


def _named(values: Iterable[str]) -> set[str]:
    """The headers that Connection headers name."""
    return {name.strip(" \t").lower() for value in values for name in value.split(",")}
