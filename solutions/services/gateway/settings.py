"""Whether routes, clients and upstreams make sense. ValueError says which one does not."""

import math
import re
from collections.abc import Hashable, Iterable, Sequence

from contracts.services.gateway import METHODS, Client, Route, Upstream
from solutions.services.gateway.intake import path_fault

_HOST = re.compile(r"[A-Za-z0-9._-]+")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{8,}")


def check_settings(routes: Sequence[Route], clients: Sequence[Client]) -> None:
    """All of it, and that it fits together."""
    for client in clients:
        _check_client(client)
    for route in routes:
        _check_route(route, {client.name for client in clients})
    _differ("prefixes", [route.prefix for route in routes])
    _differ("client names", [client.name for client in clients])
    _differ("keys", [key for client in clients for key in client.keys], shown=False)
    upstreams = {route.upstream for route in routes}
    _differ("addresses of upstreams", [(each.host, each.port) for each in upstreams])


def check_limits(**limits: int) -> None:
    """Each is at least 1."""
    for name, limit in limits.items():
        _check(limit >= 1, f"{name} must be at least 1, not {limit}")


def _check(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)


def _check_client(client: Client) -> None:
    _check(bool(_NAME.fullmatch(client.name)), f"{client.name!r} is no name of a client")
    _check(len(client.keys) >= 1, f"{client.name} has no key")
    good = all(_KEY.fullmatch(key) for key in client.keys)
    _check(good, f"a key of {client.name} is too short or has a strange character")
    _check(0 < client.rate < math.inf, f"{client.name}: rate must be finite and above 0")
    _check(client.burst >= 1, f"{client.name}: burst must be at least 1")


def _check_route(route: Route, names: set[str]) -> None:
    prefix = route.prefix
    fault = path_fault(prefix.encode())
    _check(not fault, f"prefix {prefix!r}: {fault}")
    _check(prefix == "/" or not prefix.endswith("/"), f"prefix {prefix!r} ends in a slash")
    _check(bool(route.methods), f"{prefix} serves no method")
    _check(route.methods <= set(METHODS), f"{prefix}: methods are {', '.join(METHODS)}")
    unknown = (route.clients or frozenset()) - names
    _check(not unknown, f"{prefix} names unknown clients: {', '.join(unknown)}")
    _check_upstream(route.upstream)


def _check_upstream(upstream: Upstream) -> None:
    host, port = upstream.host, upstream.port
    _check(bool(_HOST.fullmatch(host)), f"{host!r} is no host")
    _check(1 <= port <= 65_535, f"{port} is no port")
    _check(0 < upstream.timeout < math.inf, f"{host}: timeout must be finite and above 0")
    _check(upstream.max_calls >= 1, f"{host}: max_calls must be at least 1")


def _differ(what: str, values: Iterable[Hashable], *, shown: bool = True) -> None:
    seen: set[Hashable] = set()
    for value in values:
        _check(value not in seen, f"two {what} are equal{f': {value}' if shown else ''}")
        seen.add(value)
