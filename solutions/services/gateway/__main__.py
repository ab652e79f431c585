"""The gateway as a server on loopback: `python -m solutions.services.gateway --port 8080`.

    --upstream /api=127.0.0.1:9000 --upstream /=127.0.0.1:9001 --client alice=key-of-alice

Records of the requests go to standard error, a JSON object for each.
"""

import dataclasses
import json
import sys
from collections.abc import Sequence

from contracts.services.gateway import Client, Record, Route, Upstream
from solutions import serving
from solutions.services.gateway import Gateway, HttpTransport
from solutions.services.gateway.strict import StrictHandler


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.gateway", "An API gateway.")
    parser.add_argument("--upstream", action="append", default=[], metavar="PREFIX=HOST:PORT")
    parser.add_argument("--client", action="append", default=[], metavar="NAME=KEY")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds for an upstream")
    parser.add_argument("--max-calls", type=int, default=16, help="of an upstream at once")
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second and client")
    parser.add_argument("--burst", type=int, default=20, help="requests at once")
    parser.add_argument("--max-body-bytes", type=int, default=1_000_000)
    options = parser.parse_args(arguments)

    def make() -> Gateway:
        routes = [_route(text, options.timeout, options.max_calls) for text in options.upstream]
        clients = [_client(text, options.rate, options.burst) for text in options.client]
        limit = options.max_body_bytes
        return Gateway(routes, clients, HttpTransport(), max_body_bytes=limit, observe=_log)

    return serving.run(make, options.port, handler=StrictHandler)


def _route(text: str, timeout: float, max_calls: int) -> Route:
    prefix, _, address = text.rpartition("=")
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"--upstream is PREFIX=HOST:PORT, not {text}")
    return Route(prefix, Upstream(host, int(port), timeout, max_calls))


def _client(text: str, rate: float, burst: int) -> Client:
    name, _, key = text.partition("=")
    return Client(name, (key,), rate, burst)


def _log(record: Record) -> None:
    print(json.dumps(dataclasses.asdict(record)), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
