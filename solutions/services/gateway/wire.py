"""HTTP/1.1 as bytes: how a request is written, and what of an answer is believed."""

import re
from collections.abc import Callable, Iterator

from contracts.services.gateway import (
    MAX_HEADER_BYTES,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
)
from solutions.services.gateway.intake import CONTROL, TOKEN

Pairs = tuple[tuple[str, str], ...]

_OURS = {"connection", "content-length", "transfer-encoding"}
_HAVE_LENGTH = {"POST", "PUT", "PATCH"}
_TARGET = re.compile(r"/[!-~]*")
_STATUS = re.compile(r"HTTP/1\.([01]) ([0-9]{3})( .*)?", re.DOTALL)
_HEADER = re.compile(rf"({TOKEN.pattern}):(.*)", re.DOTALL)
_SIZE = re.compile(r"([0-9A-Fa-f]{1,16})(;.*)?", re.DOTALL)
_SIZE_LINE = 1_024


def check_request(request: UpstreamRequest) -> None:
    """ValueError if it could be read in another way than it is meant."""
    names = [name.lower() for name, _ in request.headers]
    if not all(TOKEN.fullmatch(name) for name in [request.method, *names]):
        raise ValueError("a method or header name has a character that it may not have")
    if not _TARGET.fullmatch(request.target):
        raise ValueError(f"{request.target!r} is no target of a request")
    if any(CONTROL.search(value) or not _is_latin(value) for _, value in request.headers):
        raise ValueError("a header value has a character that it may not have")
    if _OURS & set(names) or names.count("host") != 1:
        raise ValueError(f"there must be one Host, and none of {', '.join(_OURS)}")


def write(request: UpstreamRequest) -> bytes:
    """The request as it is sent."""
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines.append("Connection: close")
    if request.body or request.method in _HAVE_LENGTH:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


class Reader:
    """Reads an answer by `receive`, which returns what has come, b"" at the end."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()

    def answer(self, method: str, max_bytes: int) -> UpstreamResponse:
        """The answer to a request of this method."""
        lines = self._lines(MAX_HEADER_BYTES)
        version, status = _status(next(lines))
        while status == 100 or 101 < status < 200:
            list(_headers(lines))
            version, status = _status(next(lines))
        headers = tuple(_headers(lines))
        if not 200 <= status <= 599:
            raise UpstreamFailed(f"a status of {status}")
        if method == "HEAD" or status in {204, 304}:
            return UpstreamResponse(status, headers)
        return UpstreamResponse(status, headers, self._body(version, headers, max_bytes))

    def _body(self, version: str, headers: Pairs, max_bytes: int) -> bytes:
        codings, lengths = _values(headers, "transfer-encoding"), _values(headers, "content-length")
        if codings:
            if [each.lower() for each in codings] != ["chunked"] or lengths or version != "1":
                raise UpstreamFailed("an unclear Transfer-Encoding")
            return b"".join(self._chunks(max_bytes))
        if not lengths:
            return self._rest(max_bytes)
        if len(lengths) > 1 or not re.fullmatch("[0-9]+", lengths[0]):
            raise UpstreamFailed("an unclear Content-Length")
        digits = lengths[0].lstrip("0") or "0"
        if len(digits) > len(str(max_bytes)):  # int() itself refuses 5,000 digits
            raise UpstreamFailed("a body that is too large")
        return self._exactly(int(digits), max_bytes)

    def _chunks(self, left: int) -> Iterator[bytes]:
        while True:
            match = _SIZE.fullmatch(_clean(next(self._lines(_SIZE_LINE))))
            if match is None:
                raise UpstreamFailed("a chunk without a size")
            size = int(match[1], 16)
            if not size:
                break
            yield self._exactly(size, left)
            left -= size
            if self._exactly(2, 2) != b"\r\n":
                raise UpstreamFailed("a chunk that does not end where it should")
        trailers = self._lines(MAX_HEADER_BYTES)
        while next(trailers):
            pass

    def _exactly(self, size: int, limit: int) -> bytes:
        if size > limit:
            raise UpstreamFailed("a body that is too large")
        while len(self._buffer) < size:
            self._more()
        return self._take(size)

    def _rest(self, limit: int) -> bytes:
        while len(self._buffer) <= limit:
            data = self._receive()
            if not data:
                return bytes(self._buffer)
            self._buffer += data
        raise UpstreamFailed("a body that is too large")

    def _lines(self, limit: int) -> Iterator[str]:
        """Lines without their ends, of `limit` bytes together."""
        while True:
            while (end := self._buffer.find(b"\r\n")) < 0 and len(self._buffer) <= limit:
                self._more()
            limit -= end + 2
            if end < 0 or limit < 0:
                raise UpstreamFailed("too many or too long lines")
            yield self._take(end + 2)[:-2].decode("latin-1")

    def _more(self) -> None:
        data = self._receive()
        if not data:
            raise UpstreamFailed("the answer ended early")
        self._buffer += data

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _status(line: str) -> tuple[str, int]:
    match = _STATUS.fullmatch(_clean(line))
    if match is None:
        raise UpstreamFailed("no HTTP/1 answer")
    return match[1], int(match[2])


def _headers(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    for line in iter(lines.__next__, ""):
        match = _HEADER.fullmatch(_clean(line))
        if match is None:
            raise UpstreamFailed("a line that is no header")
        yield match[1], match[2].strip(" \t")


def _clean(line: str) -> str:
    if CONTROL.search(line):
        raise UpstreamFailed("a line with a control character")
    return line


def _values(headers: Pairs, name: str) -> list[str]:
    return [value for other, value in headers if other.lower() == name]


def _is_latin(value: str) -> bool:
    return all(ord(letter) < 256 for letter in value)
