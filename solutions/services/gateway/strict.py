"""A request handler that looks at the head of a request as it came.

`http.server` joins headers of one name, takes the first of two lengths, ends the head at a line
that is no header, and takes a bare CR or LF for the end of a line. What the gateway gets to see is
clear then, and what the client meant is not. So only a head that can be read in one way is parsed.
"""

import contextlib
import io
import json
import re
from http import HTTPStatus

from contracts.services.gateway import MAX_HEADER_BYTES, MAX_PATH_BYTES, MAX_QUERY_BYTES
from solutions.services.gateway.intake import TOKEN
from solutions.serving import Handler

_LINE_BYTES = 3 * MAX_PATH_BYTES + MAX_QUERY_BYTES + 64  # every byte of the path may be encoded
_HEAD_BYTES = 2 * MAX_HEADER_BYTES  # what counts is smaller: colons and line ends do not
_NAME = TOKEN.pattern.encode()
_REQUEST = re.compile(rb"%b [!-~]+ HTTP/1\.[01]\r\n" % _NAME)
_HEADER = re.compile(rb"(%b):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\r\n" % _NAME)
_ONCE = {b"host", b"content-length", b"content-type", b"transfer-encoding", b"authorization"}


class _Unclear(Exception):
    """The status with which a request is refused, and why."""


class StrictHandler(Handler):
    """Answers in JSON whatever `http.server` refuses itself, too."""

    raw_requestline: bytes

    def parse_request(self) -> bool:
        """Look at the whole head, and then have it parsed."""
        stream = self.rfile
        try:
            head = self._head()
        except _Unclear as refusal:
            status, why = refusal.args
            self.send_error(status, why)
            return False
        self.rfile = io.BufferedReader(io.BytesIO(head))  # type: ignore[type-var, unused-ignore]
        try:
            return super().parse_request()
        finally:
            self.rfile = stream

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say it in JSON, and close."""
        status = HTTPStatus(code)
        body = json.dumps({"error": message or explain or status.phrase}).encode()
        head = f"HTTP/1.0 {code} {status.phrase}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(head.encode() + body)

    def _head(self) -> bytes:
        """The headers as they came, with the empty line behind them."""
        if len(self.raw_requestline) > _LINE_BYTES:
            raise _Unclear(414, "the request line is too long")
        if not _REQUEST.fullmatch(self.raw_requestline):
            raise _Unclear(400, "no request line of HTTP/1")
        lines: list[bytes] = []
        left, seen = _HEAD_BYTES, set[bytes]()
        while (line := self.rfile.readline(left + 1)) != b"\r\n":
            left -= len(line)
            if left < 0:
                raise _Unclear(431, "the headers are too large")
            _check(line, seen)
            lines.append(line)
        return b"".join([*lines, line])


def _check(line: bytes, seen: set[bytes]) -> None:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise _Unclear(400, "a line of the head is no header")
    name = header[1].lower()
    if b"_" in name:  # in the environ of WSGI it would be another header
        raise _Unclear(400, "a header is spelled with an underscore")
    if name in _ONCE and name in seen:
        raise _Unclear(400, f"{name.decode()} is there twice")
    seen.add(name)
