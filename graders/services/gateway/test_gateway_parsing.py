"""HttpTransport: which answers it takes, in pieces of any size, and which it does not."""

import io
import random
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any

from contracts.services.gateway import (
    MAX_HEADER_BYTES,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
)
from graders.kit import CheckFailed, Implementation, check, ensure, equal, raises

HEADERS = (("Host", "behind:1"),)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"x" * (
    MAX_HEADER_BYTES - len(OK + b"X: \r\n\r\n")
)  # makes a head that is just not too large


class Line:
    """A connection on which an answer comes in pieces, then the end; it never waits."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces, self.data = iter(pieces), b""
        self.closed = False

    def settimeout(self, seconds: float | None, /) -> None:
        """There is nothing to wait for."""

    def sendall(self, data: bytes, /) -> None:
        """What is sent does not matter here."""

    def recv(self, size: int, /) -> bytes:
        self.data = self.data or next((piece for piece in self.pieces if piece), b"")
        data, self.data = self.data[:size], self.data[size:]
        return data

    def recv_into(self, buffer: Any, size: int = 0, /) -> int:
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, mode: str, /) -> io.BufferedReader:
        return io.BufferedReader(_File(self))

    def close(self) -> None:
        self.closed = True


class _File(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self.line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self.line.recv_into(buffer)


def answer(
    impl: Any,
    pieces: Iterable[bytes],
    method: str = "GET",
    max_bytes: int = 1_000,
    timeout: float = 60.0,
) -> UpstreamResponse:
    """What send makes of an answer that comes in these pieces."""
    line = Line(pieces)
    transport = impl.HttpTransport(lambda address, seconds: line)
    request = UpstreamRequest(method, "/", HEADERS)
    try:
        response = transport.send(("behind", 1), request, timeout, max_bytes)
        assert isinstance(response, UpstreamResponse)
        return response
    finally:
        ensure(line.closed, did="send; afterwards", want="a closed connection")


GOOD: list[tuple[str, bytes, tuple[int, list[tuple[str, str]], bytes]]] = [
    ("GET", OK + b"Content-Length: 3\r\n\r\nabc", (200, [("Content-Length", "3")], b"abc")),
    ("GET", OK + b"Content-Length: 0\r\n\r\n", (200, [("Content-Length", "0")], b"")),
    ("GET", OK + b"content-length:0003  \r\n\r\nabcd", (200, [("content-length", "0003")], b"abc")),
    ("GET", b"HTTP/1.0 404\r\n\r\nto the end", (404, [], b"to the end")),
    ("GET", b"HTTP/1.1 599 \r\n\r\n", (599, [], b"")),
    ("GET", b"HTTP/1.1 299 What \xe9ver\t: x\r\n\r\n\r\n", (299, [], b"\r\n")),
    ("GET", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", (200, [("Transfer-Encoding", "chunked")], b"abc")),
    (
        "GET",
        OK
        + b'TRANSFER-encoding: Chunked\r\n\r\n1;x="y"\r\na\r\n00a\r\n0123456789\r\n000\r\nX: 1\r\nY: 2\r\n\r\n',
        (200, [("TRANSFER-encoding", "Chunked")], b"a0123456789"),
    ),
    ("GET", CHUNKED + b"0\r\n\r\nmore", (200, [("Transfer-Encoding", "chunked")], b"")),
    (
        "GET",
        CHUNKED + b"A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n",
        (200, [("Transfer-Encoding", "chunked")], b"\r\n" * 5),
    ),
    (
        "GET",
        CHUNKED + b"1a\r\n" + b"x" * 26 + b"\r\n1F4\r\n" + b"y" * 500 + b"\r\n0\r\n\r\n",
        (200, [("Transfer-Encoding", "chunked")], b"x" * 26 + b"y" * 500),
    ),
    ("GET", OK + b"X: " + LONG + b"\r\n\r\n", (200, [("X", LONG.decode())], b"")),
    ("GET", b"HTTP/1.1 102 Processing\r\n\r\n" + OK + b"\r\nabc", (200, [], b"abc")),
    ("HEAD", OK + b"Content-Length: 99\r\n\r\n", (200, [("Content-Length", "99")], b"")),
    ("HEAD", OK + b"Content-Length: x\r\n\r\nabc", (200, [("Content-Length", "x")], b"")),
    ("HEAD", CHUNKED, (200, [("Transfer-Encoding", "chunked")], b"")),
    (
        "GET",
        b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello",
        (204, [("Content-Length", "5")], b""),
    ),
    (
        "GET",
        b"HTTP/1.1 304 Not\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        (304, [("Content-Length", "5"), ("Transfer-Encoding", "chunked")], b""),
    ),
    (
        "GET",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\nContent-Length: 9\r\n\r\n"
        + OK
        + b"X: 1\r\n\r\nabc",
        (200, [("X", "1")], b"abc"),
    ),
    (
        "GET",
        OK
        + b"A:1\r\na: \t 2\t \r\nX-!#$%&'*+.^_`|~: \xe9\tb\r\nE:\r\nC: a: b\r\nContent-Length: 1\r\n\r\nx",
        (
            200,
            [
                ("A", "1"),
                ("a", "2"),
                ("X-!#$%&'*+.^_`|~", "\xe9\tb"),
                ("E", ""),
                ("C", "a: b"),
                ("Content-Length", "1"),
            ],
            b"x",
        ),
    ),
    ("GET", OK + b"Connection: x\r\nX: 1\r\n\r\n", (200, [("Connection", "x"), ("X", "1")], b"")),
]


@check("P17", kind="behaviour")
def test_good_answers_in_any_pieces(plain: Implementation) -> None:
    """Well-formed answers: in one piece, byte by byte, in random pieces (seed 5)."""
    chance = random.Random(5)
    for method, data, (status, headers, body) in GOOD:
        cuts = sorted(chance.randrange(len(data)) for _ in range(4))
        for pieces in (
            [data],
            [data[place : place + 1] for place in range(len(data))],
            [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)],
        ):
            response = answer(plain, pieces, method=method)
            did = f"{method}, answered {data[:60]!r} in {len(pieces)} pieces"
            equal(response.status, status, did=did + ": status")
            equal([*response.headers], headers, did=did + ": headers")
            equal(bytes(response.body), body, did=did + ": body")


BAD_LINES = [b"", b"\r\n", b"hello\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 \r\n\r\n"]
BAD_LINES += [b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 20\r\n\r\n", b"HTTP/1.1 2000 OK\r\n\r\n"]
BAD_LINES += [b"HTTP/1.1  200 OK\r\n\r\n", b"HTTP/1.1 +20 OK\r\n\r\n", b"HTTP/1.1 2_0 OK\r\n\r\n"]
BAD_LINES += [b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.2 200 OK\r\n\r\n", b"HTTP/0.9 200 OK\r\n\r\n"]
BAD_LINES += [
    b"http/1.1 200 OK\r\n\r\n",
    b" HTTP/1.1 200 OK\r\n\r\n",
    b"\r\nHTTP/1.1 200 OK\r\n\r\n",
]
BAD_LINES += [b"HTTP/1.1 200OK\r\n\r\n", b"ICY 200 OK\r\n\r\n", b"HTTP/1.1 200 O\rK\r\n\r\n"]
BAD_LINES += [
    b"HTTP/1.1 200 O\x00K\r\n\r\n",
    b"HTTP/1.1 200 OK\n\n",
    b"HTTP/1.1 200 OK\nX: 1\r\n\r\n",
]
BAD_LINES += [b"HTTP/1.1 600 No\r\n\r\n", b"HTTP/1.1 999 No\r\n\r\n", b"HTTP/1.1 099 No\r\n\r\n"]
BAD_LINES += [b"HTTP/1.1 000 No\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", OK + b"X: 1\r\n", OK]
BAD_LINES += [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\nX Y: 1\r\n\r\n" + OK + b"\r\n",
]
BAD_LINES += [
    b"\xff\xfe\x00\x01" * 50,
    b"HTTP/1.1 \xb2\xb0\xb0 OK\r\n\r\n",
    b"HTTP/1.1\t200 OK\r\n\r\n",
]


@check("P17", kind="behaviour")
def test_answers_that_are_none(plain: Implementation) -> None:
    """First lines that HTTP does not have, heads without an end, statuses out of range."""
    for data in BAD_LINES:
        for method in ("GET", "HEAD"):
            did = f"{method}, answered {data[:60]!r}"
            raises(UpstreamFailed, lambda d=data, m=method: answer(plain, [d], method=m), did=did)  # type: ignore[misc]


BAD_HEADERS = [b"no colon", b" X: 1", b"\tX: 1", b"X : 1", b"X\t: 1", b": 1", b"X Y: 1", b"X(: 1"]
BAD_HEADERS += [
    b"X: a\r\n folded",
    b"X: a\r\n\tfolded",
    b"X: a\rb",
    b"X: a\nY: b",
    b"X: \x00",
    b"X: \x7f",
]
BAD_HEADERS += [
    b"X: \x0b",
    b"\xe9: 1",
    b"X\x00: 1",
    b"X: 1\r",
    b"X\n: 1",
    b'"X": 1',
    b"X/Y: 1",
    b"@: 1",
]
UNCLEAR = [
    b"Content-Length: %s\r\n" % each for each in (b"-1", b"+3", b"0x3", b"3_0", b"", b"three")
]
UNCLEAR += [b"Content-Length: %s\r\n" % each for each in (b"3, 3", b"3,3", b"3 3", b"\xb3", b"3.0")]
UNCLEAR += [b"Content-Length: 3\r\n" * 2, b"Content-Length: 3\r\ncontent-length: 5\r\n"]
UNCLEAR += [
    b"Transfer-Encoding: %s\r\n" % each for each in (b"xchunked", b"gzip, chunked", b"identity")
]
UNCLEAR += [
    b"Transfer-Encoding: %s\r\n" % each for each in (b"chunked, chunked", b"chunked;q=1", b"")
]
UNCLEAR += [b"Transfer-Encoding: chunked\r\n" * 2, b"Transfer-Encoding: chunked,\r\n"]
UNCLEAR += [b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"]
UNCLEAR += [
    b"content-length: 3\r\ntransfer-encoding: chunked\r\n",
    b"Transfer-Encoding: \x0bchunked\r\n",
]


@check("P17", kind="behaviour")
def test_headers_that_are_unclear(plain: Implementation) -> None:
    """Folded lines, blanks before the colon, control characters; lengths and codings of two meanings."""
    body = b"3\r\nabc\r\n0\r\n\r\n"
    heads = [b"X-A: 1\r\n" + line + b"\r\nX-B: 1\r\nContent-Length: 3\r\n" for line in BAD_HEADERS]
    for lines in (*heads, *UNCLEAR):
        did = f"answered {lines!r}"
        raises(UpstreamFailed, lambda h=lines: answer(plain, [OK + h + b"\r\n" + body]), did=did)  # type: ignore[misc]
    old = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    raises(UpstreamFailed, lambda: answer(plain, [old]), did="answered in chunks in HTTP/1.0")


@check("P17", kind="behaviour")
def test_bodies_that_are_not_whole(plain: Implementation) -> None:
    """Bodies that end early, chunks whose size is none or wrong, at every place where they can end."""
    bad = [OK + b"Content-Length: 5\r\n\r\n" + b"12345"[:size] for size in range(5)]
    whole = CHUNKED + b"3\r\nabc\r\n0\r\nX: 1\r\n\r\n"
    bad += [whole[:size] for size in range(len(CHUNKED), len(whole))]
    sizes = [
        b"",
        b"-3",
        b"+3",
        b"0x3",
        b"3_0",
        b"g",
        b" 3",
        b"3.0",
        b"00000000000000003",
        b"\xb3",
        b"3\n",
    ]
    bad += [CHUNKED + size + b"\r\nabc\r\n0\r\n\r\n" for size in sizes]
    bad += [
        CHUNKED + each
        for each in (
            b"3\nabc\n0\n\n",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"2\r\nabc\r\n0\r\n\r\n",
            b"3\r\nabcXX0\r\n\r\n",
        )
    ]
    bad += [CHUNKED + b"3\r\nabc0\r\n\r\n", CHUNKED + b"3\r\nabc\n0\r\n\r\n"]
    bad += [CHUNKED + b"3;%s\r\nabc\r\n0\r\n\r\n" % (b"e" * 2_000)]
    for data in bad:
        did = f"answered {data[-40:]!r}, {len(data)} bytes, then the end"
        raises(UpstreamFailed, lambda d=data: answer(plain, [d]), did=did)  # type: ignore[misc]


@check("P17", kind="behaviour")
def test_limits_of_an_answer(plain: Implementation) -> None:
    """Bodies of max_bytes and one more, in each form; heads that are large and too large."""
    for size in (0, 5, 6):
        chunks = b"".join(b"1\r\nx\r\n" for _ in range(size))
        for form, data in (
            ("with its length", OK + b"Content-Length: %d\r\n\r\n" % size + b"x" * size),
            ("until the end", OK + b"\r\n" + b"x" * size),
            (
                "in one chunk",
                CHUNKED
                + (b"%x\r\n" % size + b"x" * size + b"\r\n" if size else b"")
                + b"0\r\n\r\n",
            ),
            ("in chunks of a byte", CHUNKED + chunks + b"0\r\n\r\n"),
        ):
            did = f"max_bytes=5: a body of {size} bytes, {form}"
            if size > 5:
                raises(UpstreamFailed, lambda d=data: answer(plain, [d], max_bytes=5), did=did)  # type: ignore[misc]
            else:
                equal(bytes(answer(plain, [data], max_bytes=5).body), b"x" * size, did=did)
    equal(answer(plain, [OK + b"\r\n"], max_bytes=0).body, b"", did="max_bytes=0: an empty body")
    for size, fine in ((16_000, True), (17_000, False)):
        for head in (
            OK + b"X: " + b"v" * size + b"\r\n\r\n",
            OK + b"X: 12345\r\n" * (size // 10) + b"\r\n",
        ):
            did = f"a head of about {size:,} bytes, {head.count(b'X:')} headers"
            if fine:
                equal(answer(plain, [head]).status, 200, did=did + ": status")
            else:
                raises(UpstreamFailed, lambda d=head: answer(plain, [d]), did=did)  # type: ignore[misc]


@check("P17", kind="behaviour")
def test_no_more_is_read_than_the_limits_allow(plain: Implementation) -> None:
    """Endless heads, bodies, chunks and interim answers; and bodies that say that they are too large."""
    ok = b"HTTP/1.1 200 OK\r\n"
    chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
    kilo = b"x" * 1_000
    for did, first, more, allowed in (
        ("a header without an end", ok + b"X: ", kilo, 100_000),
        ("headers without an end", ok, b"X-Tag: 12345\r\n" * 50, 100_000),
        ("a first line without an end", b"HTTP/1.1 200 ", kilo, 100_000),
        ("interim answers without an end", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 100_000),
        ("a body without an end", ok + b"\r\n", kilo, 170_000),
        ("chunks without an end", chunked, b"3e8\r\n" + kilo + b"\r\n", 170_000),
        ("a size of a chunk without an end", chunked, b"0" * 1_000, 170_000),
        ("an extension without an end", chunked + b"5;", kilo, 170_000),
        ("trailers without an end", chunked + b"0\r\n", b"X-Tag: 12345\r\n" * 50, 170_000),
        ("Content-Length: 100001", ok + b"Content-Length: 100001\r\n\r\n", kilo, 0),
        (
            "Content-Length of 30 digits",
            ok + b"Content-Length: %s\r\n\r\n" % (b"9" * 30),
            kilo,
            0,
        ),
        (
            "Content-Length of 5,000 digits",
            ok + b"Content-Length: %s\r\n\r\n" % (b"9" * 5_000),
            kilo,
            0,
        ),
        ("a chunk of 100,001 bytes", chunked + b"186a1\r\n", kilo, 0),
        ("a chunk of 2**64 - 1 bytes", chunked + b"ffffffffffffffff\r\n", kilo, 0),
        ("a second chunk that is too much", chunked + b"2\r\nab\r\n1869f\r\n", kilo, 0),
    ):
        given = 0

        def endless(first: bytes = first, more: bytes = more) -> Iterator[bytes]:
            nonlocal given
            yield from [first] if first else []
            for part in repeat(more, 1_000):
                given += len(part)
                yield part
            raise CheckFailed("read an answer without an end", "it is given up", "a million bytes")

        raises(UpstreamFailed, lambda e=endless: answer(plain, e(), max_bytes=100_000), did=did)  # type: ignore[misc]
        want = f"at most {allowed:,} bytes read after what is shown"
        ensure(given <= allowed, did=f"{did}, max_bytes=100000", want=want, got=given)
