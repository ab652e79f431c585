"""HttpTransport over connections in simulated time: the time limit, and what is written."""

import io
import math
from collections.abc import Iterator
from typing import Any

from contracts.services.gateway import (
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, raises, simulate

GET = UpstreamRequest("GET", "/a?b", (("Host", "behind:1"), ("X-Tag", "1")))
POST = UpstreamRequest("POST", "/a", (("Host", "behind:1"),), b"12345")
TEN = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
FINE = TEN + b"0123456789"


class Line:
    """A connection in simulated time. What comes: bytes, seconds to wait, or an error; b"" is the end.

    Behind the last of it the peer is silent and connected.
    """

    def __init__(self, sim: Sim, *coming: Any, sends: float = 0.0, breaks: bool = False) -> None:
        self.sim, self.coming = sim, iter(coming)
        self.sends, self.breaks = sends, breaks
        self.sent = b""
        self.seconds: float | None = None
        self.ready = sim.now()
        self.item: Any = None
        self.closed, self.open_files = False, 0

    def settimeout(self, seconds: float | None, /) -> None:
        if seconds is not None and seconds < 0:
            raise ValueError("Timeout value out of range")
        self.seconds = seconds

    def sendall(self, data: bytes, /) -> None:
        if self.breaks:
            raise BrokenPipeError
        self._wait(self.sim.now() + self.sends)
        self.sent += data

    def recv(self, size: int, /) -> bytes:
        if self.closed and not self.open_files:
            raise OSError("the connection is closed")
        while self.item is None:
            self.item = next(self.coming, math.inf)
            if isinstance(self.item, float | int):
                self.ready = max(self.ready, self.sim.now()) + self.item
                self.item = None
                if math.isinf(self.ready):
                    break
        self._wait(self.ready)
        if isinstance(self.item, Exception):
            raise self.item
        data, rest = self.item[:size], self.item[size:]
        self.item = rest or (b"" if not data else None)
        return bytes(data)

    def _wait(self, until: float) -> None:
        left, limit = until - self.sim.now(), self.seconds
        if left <= 0:
            return
        if limit == 0:
            raise BlockingIOError
        if limit is None or limit > 1e6:
            raise CheckFailed("waited for the upstream", "a limit, set by settimeout", repr(limit))
        self.sim.sleep(min(left, limit))
        if left > limit:
            raise TimeoutError("timed out")

    def recv_into(self, buffer: Any, size: int = 0, /) -> int:
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, mode: str, /) -> io.BufferedReader:
        self.open_files += 1
        return io.BufferedReader(_File(self))

    def close(self) -> None:
        self.closed = True


class _File(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self.line: Line | None = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        assert self.line is not None
        return self.line.recv_into(buffer)

    def close(self) -> None:
        if self.line is not None:
            self.line.open_files -= 1
            self.line = None
        super().close()


class Net:
    """What an HttpTransport connects with: hands out one line, after a while."""

    def __init__(self, line: Line, takes: float = 0.0, error: Exception | None = None) -> None:
        self.line, self.takes, self.error = line, takes, error
        self.asked: list[tuple[tuple[str, int], float]] = []

    def __call__(self, address: tuple[str, int], seconds: float) -> Line:
        self.asked.append((address, seconds))
        if self.error is not None:
            raise self.error
        self.line.sim.sleep(min(self.takes, seconds))
        if self.takes > seconds:
            raise TimeoutError("timed out")
        self.line.seconds = seconds  # as socket.create_connection leaves it
        return self.line


def exchange(
    impl: Any,
    net: Net,
    request: UpstreamRequest = GET,
    timeout: float = 5.0,
    max_bytes: int = 1_000,
) -> UpstreamResponse:
    """One call of send; the connection must be closed after it."""
    try:
        response = impl.HttpTransport(net).send(("behind", 1), request, timeout, max_bytes)
        assert isinstance(response, UpstreamResponse)
        return response
    finally:
        if net.asked and net.error is None and net.takes <= timeout:
            ensure(net.line.closed, did="send; afterwards", want="the connection is closed")


def late(impl: Any, sim: Sim, net: Net, did: str, request: UpstreamRequest = GET) -> None:
    """The exchange ends in UpstreamTimeout 5 s after it has begun."""
    start = sim.now()
    raises(UpstreamTimeout, lambda: exchange(impl, net, request), did=f"{did}; timeout 5 s")
    took = sim.now() - start
    ensure(
        abs(took - 5.0) < 1e-6, did=f"{did}; timeout 5 s", want="UpstreamTimeout at 5 s", got=took
    )


@check("P16", kind="timing")
def test_an_upstream_that_trickles(impl: Implementation) -> None:
    """The upstream sends a byte every 0.9 s, of the head, of the body in each form, for ever."""

    def scene(sim: Sim) -> None:
        def drops(*data: bytes) -> Iterator[Any]:
            for part in data:
                for byte in part:
                    yield 0.9
                    yield bytes([byte])

        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for did, coming in (
            ("a byte of the head every 0.9 s", drops(FINE)),
            ("a byte every 1.25 s", (x for byte in FINE for x in (1.25, bytes([byte])))),
            ("a byte of the body every 0.9 s", iter([TEN, *drops(b"0123456789")])),
            ("a byte of a chunk every 0.9 s", iter([chunked + b"a\r\n", *drops(b"0123456789")])),
            (
                "a chunk every 0.9 s",
                iter([chunked, *(x for _ in range(9) for x in (0.9, b"1\r\nx\r\n"))]),
            ),
            (
                "the size of a chunk in bytes every 0.9 s",
                iter([chunked, *drops(b"a;extension\r\n")]),
            ),
            (
                "a trailer in bytes every 0.9 s",
                iter([chunked + b"0\r\n", *drops(b"X-Trailer: 1\r\n")]),
            ),
            (
                "bytes until the end every 0.9 s",
                iter([b"HTTP/1.1 200 OK\r\n\r\n", *drops(b"x" * 9)]),
            ),
            ("100 Continue every 0.9 s", iter([0.9, b"HTTP/1.1 100 Continue\r\n\r\n"] * 9)),
        ):
            late(impl, sim, Net(Line(sim, *coming)), did)

    simulate(scene)


@check("P16", kind="timing")
def test_one_limit_for_all_of_it(impl: Implementation) -> None:
    """Connecting, sending and waiting take 2 s each; or one of them takes too long alone."""

    def scene(sim: Sim) -> None:
        for did, net in (
            (
                "2 s each for connecting, sending, waiting",
                Net(Line(sim, 2.0, FINE, sends=2.0), 2.0),
            ),
            ("connecting takes 9 s", Net(Line(sim, FINE), 9.0)),
            ("sending takes 9 s", Net(Line(sim, FINE, sends=9.0))),
            ("the upstream is silent", Net(Line(sim))),
            ("the answer comes after 9 s", Net(Line(sim, 9.0, FINE))),
            ("silence after half of the head", Net(Line(sim, FINE[:20]))),
            ("silence after half of the body", Net(Line(sim, FINE[:-3]))),
            ("3 s to connect, then silence", Net(Line(sim), 3.0)),
        ):
            late(impl, sim, net, did, POST)

    simulate(scene)


@check("P16", kind="timing")
def test_nothing_is_begun_when_the_time_is_over(impl: Implementation) -> None:
    """Connecting overstays its limit and succeeds after 6 s of 5; sending does the same."""

    def scene(sim: Sim) -> None:
        line = Line(sim, FINE)

        def connect(address: tuple[str, int], seconds: float) -> Line:
            sim.sleep(6.0)
            line.seconds = seconds
            return line

        def send() -> object:
            return impl.HttpTransport(connect).send(("behind", 1), GET, 5.0, 1_000)

        raises(UpstreamTimeout, send, did="connecting takes 6 s and succeeds; timeout 5 s")
        equal(line.sent, b"", did="connecting takes 6 s, timeout 5 s: bytes sent after that")
        ensure(
            line.closed, did="connecting takes 6 s, timeout 5 s", want="the connection is closed"
        )

        class Overstays(Line):
            def sendall(self, data: bytes, /) -> None:
                self.sim.sleep(6.0)

        net = Net(Overstays(sim, FINE))
        did = "sending takes 6 s and succeeds; timeout 5 s"
        raises(UpstreamTimeout, lambda: exchange(impl, net), did=did)

    simulate(scene)


@check("P16", kind="timing")
def test_in_time_is_in_time(impl: Implementation) -> None:
    """Slow upstreams that are just quick enough, and answers that end before the connection does."""

    def scene(sim: Sim) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
        for did, net, takes, request in (
            (
                "1 s each for connecting, sending, waiting",
                Net(Line(sim, 1, FINE, sends=1), 1),
                3.0,
                GET,
            ),
            ("the last byte after 4.875 s", Net(Line(sim, FINE[:-1], 4.875, b"9")), 4.875, GET),
            ("a whole answer, then silence", Net(Line(sim, FINE)), 0.0, GET),
            ("a whole answer and more, then silence", Net(Line(sim, FINE + b"more")), 0.0, GET),
            ("chunks with an end, then silence", Net(Line(sim, chunked)), 0.0, GET),
            ("204, then silence", Net(Line(sim, b"HTTP/1.1 204 No Content\r\n\r\n")), 0.0, GET),
            ("304, then silence", Net(Line(sim, TEN.replace(b"200", b"304"))), 0.0, GET),
            (
                "HEAD, then silence",
                Net(Line(sim, TEN)),
                0.0,
                UpstreamRequest("HEAD", "/", GET.headers),
            ),
            ("the end after 4 s", Net(Line(sim, b"HTTP/1.0 200\r\n\r\nx", 4, b"")), 4.0, GET),
        ):
            start = sim.now()
            response = exchange(impl, net, request)
            ensure(response.status in {200, 204, 304}, did=did, want="an answer", got=response)
            equal(sim.now() - start, takes, did=did + ": seconds until it is returned")
            ensure(
                0 < net.asked[0][1] <= 5.0, did=f"{did}: seconds given to connect", got=net.asked
            )

    simulate(scene)


@check("P16", "P17", kind="timing")
def test_the_time_limit_knows_no_wall_clock(impl: Implementation) -> None:
    """The wall clock is set forwards and backwards while the answer comes."""

    def scene(sim: Sim) -> None:
        for jump in (86_400.0, -86_400.0):

            class Jumps(Line):
                def sendall(self, data: bytes, /, jump: float = jump) -> None:
                    self.sim.jump_wall_clock(jump)

            did = f"the wall clock is set by {jump} s while an answer comes"
            response = exchange(impl, Net(Jumps(sim, 1.0, FINE[:50], 1.0, FINE[50:])))
            equal(response.body, b"0123456789", did=did + ": body")
            late(impl, sim, Net(Jumps(sim, TEN)), did + ", and then nothing more")

    simulate(scene)


@check("P18", kind="behaviour")
def test_what_is_written(impl: Implementation) -> None:
    """Requests with and without a body: every byte that is sent."""

    def scene(sim: Sim) -> None:
        odd = (("Host", "behind:1"), ("X-A", ""), ("x-a", "2"), ("X-B", "a\tb \xe9"), ("Z", "1"))
        for method, body, length in (
            ("GET", b"", None),
            ("HEAD", b"", None),
            ("DELETE", b"", None),
            ("OPTIONS", b"", None),
            ("POST", b"", "0"),
            ("PUT", b"", "0"),
            ("PATCH", b"", "0"),
            ("GET", b"12", "2"),
            ("POST", bytes(range(256)) * 40, "10240"),
            ("PUT", b"\r\n\r\n", "4"),
        ):
            for headers in (GET.headers, odd):
                request = UpstreamRequest(method, "/a%20b?c=%00", headers, body)
                net = Net(Line(sim, FINE))
                exchange(impl, net, request)
                did = f"send of {method} with {len(body)} bytes of body and {len(headers)} headers"
                equal([each[0] for each in net.asked], [("behind", 1)], did=did + ": connected to")
                head, _, rest = net.line.sent.partition(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").split("\r\n")
                equal(first, f"{method} /a%20b?c=%00 HTTP/1.1", did=did + ": request line")
                pairs = [(n, v.strip(" ")) for n, _, v in (line.partition(":") for line in lines)]
                equal(pairs[: len(headers)], [*headers], did=did + ": first lines of the head")
                more = sorted((name.lower(), value) for name, value in pairs[len(headers) :])
                want = [("connection", "close")]
                want += [("content-length", length)] if length else []
                equal(more, want, did=did + ": the lines after these")
                ensure(rest == body, did=did + ": body", want="as given", got=rest)

    simulate(scene)


@check("P18", kind="behaviour")
def test_an_early_answer(impl: Implementation) -> None:
    """The upstream answers and closes before it has taken the body; or it just closes."""

    def scene(sim: Sim) -> None:
        early = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
        response = exchange(impl, Net(Line(sim, early, b"", breaks=True)), POST)
        did = "sending fails with BrokenPipeError, and an answer is there"
        equal((response.status, response.body), (413, b"big"), did=did + ": status and body")
        for coming in (b"", ConnectionResetError("reset")):
            net = Net(Line(sim, coming, breaks=True))
            did = f"sending fails with BrokenPipeError, and then there is {coming!r}"
            raises(UpstreamFailed, lambda net=net: exchange(impl, net, POST), did=did)  # type: ignore[misc]

    simulate(scene)


@check("P17", "P18", kind="behaviour")
def test_errors_of_the_connection(impl: Implementation) -> None:
    """Connecting fails, the connection breaks in the head or body; time-outs of the system."""

    def scene(sim: Sim) -> None:
        silent = Line(sim)
        cases: list[tuple[str, Net, type[Exception]]] = [
            (f"connecting raises {error!r}", Net(silent, error=error), kind)
            for error, kind in (
                (ConnectionRefusedError("refused"), UpstreamFailed),
                (OSError("no such host"), UpstreamFailed),
                (TimeoutError("of the system"), UpstreamTimeout),
            )
        ]
        reset = ConnectionResetError("reset")
        cases += [
            (
                f"the connection breaks after {size} bytes",
                Net(Line(sim, FINE[:size], reset)),
                UpstreamFailed,
            )
            for size in (0, 5, 30, len(TEN), len(FINE) - 1)
        ]
        until = Net(Line(sim, b"HTTP/1.1 200 OK\r\n\r\nabc", reset))
        cases.append(("it breaks in a body without a length", until, UpstreamFailed))
        for did, net, kind in cases:
            raises(kind, lambda net=net: exchange(impl, net), did=did)  # type: ignore[misc]
            equal(len(net.asked), 1, did=did + ": connections that were made")

    simulate(scene)
