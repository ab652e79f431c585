"""One HTTP exchange on one connection within one time limit."""

import contextlib
import math
import socket
import time
from collections.abc import Callable

from contracts.services.gateway import (
    Connection,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from solutions.services.gateway.wire import Reader, check_request, write

Connect = Callable[[tuple[str, int], float], Connection]
_AT_ONCE = 65_536


class HttpTransport:
    """Speaks HTTP/1.1 and believes only what is well-formed. See the contract."""

    def __init__(self, connect: Connect = socket.create_connection) -> None:
        self._connect = connect

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        """Send the request and return the whole answer."""
        if not 0 < timeout < math.inf or max_bytes < 0:
            raise ValueError(f"timeout {timeout}, max_bytes {max_bytes}")
        check_request(request)
        clock = Clock(timeout)
        try:
            with contextlib.closing(self._connect(address, clock.left())) as connection:
                self._write(connection, clock, request)
                return self._read(connection, clock, request.method, max_bytes)
        except TimeoutError as error:
            raise UpstreamTimeout(f"no answer within {timeout} s") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that DNS cannot have
            raise UpstreamFailed(str(error)) from error

    def _write(self, connection: Connection, clock: "Clock", request: UpstreamRequest) -> None:
        connection.settimeout(clock.left())
        try:
            connection.sendall(write(request))
        except TimeoutError:
            raise
        except OSError:
            pass  # it may have answered before it closed: look

    def _read(
        self, connection: Connection, clock: "Clock", method: str, max_bytes: int
    ) -> UpstreamResponse:
        def receive() -> bytes:
            connection.settimeout(clock.left())  # anew each time: the limit is one for all reads
            return connection.recv(_AT_ONCE)

        return Reader(receive).answer(method, max_bytes)


class Clock:
    """The time limit of one exchange, whatever it consists of."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. TimeoutError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
