"""What is refused whoever sends it: too long, to be read in two ways, without a clear end."""

import re
from typing import NamedTuple
from urllib.parse import quote
from wsgiref.types import WSGIEnvironment

from contracts.services.gateway import MAX_HEADER_BYTES, MAX_PATH_BYTES, MAX_QUERY_BYTES
from solutions.web import Refused

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A method or the name of a header."""
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header value may hold."""

_PATH_FAULTS = (
    (re.compile(r"(?!/)"), "does not begin with /"),
    (re.compile(r".*[\x00-\x1f\x7f]", re.DOTALL), "holds a control character"),
    (re.compile(r".*[\\;]"), "holds a backslash or a semicolon"),
    (re.compile(r".*//"), "holds an empty segment"),
    (re.compile(r".*\.(/|$)"), "holds a segment that ends in a dot"),
    (re.compile(r".*%[0-9A-Fa-f]{2}"), "was percent-encoded twice"),
)
_QUERY = re.compile(r"[!\"$-~]*")  # visible ASCII without #
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?")
_UNDERSCORED = {
    "HTTP_CONTENT_LENGTH",
    "HTTP_CONTENT_TYPE",
}  # of Content-Length it is CONTENT_LENGTH
_NEED_LENGTH = {"POST", "PUT", "PATCH"}


class Intake(NamedTuple):
    """A request that can be read in one way only; its body is still to come."""

    path: str
    target: str
    headers: dict[str, str]  # by lower-case name
    length: int


def take_in(environ: WSGIEnvironment, max_body_bytes: int) -> Intake:
    """Look at all but the body. Refused: 414, 431, 400, 411, 413."""
    raw = environ.get("PATH_INFO", "").encode("latin-1")  # WSGI hands bytes over as latin-1 text
    query = environ.get("QUERY_STRING", "")
    if len(raw) > MAX_PATH_BYTES or len(query) > MAX_QUERY_BYTES:
        raise Refused(414, f"{MAX_PATH_BYTES} bytes of path, {MAX_QUERY_BYTES} of query at most")
    headers = _headers(environ)
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADER_BYTES:
        raise Refused(431, f"all headers together may have {MAX_HEADER_BYTES} bytes")
    fault = path_fault(raw)
    if fault:
        raise Refused(400, f"the path {fault}")
    if not _QUERY.fullmatch(query):
        raise Refused(400, "the query holds something other than visible ASCII characters")
    _check_headers(headers, environ)
    length = _length(environ, max_body_bytes)
    target = quote(raw, safe="/") + (f"?{query}" if query else "")
    return Intake(raw.decode(), target, headers, length)


def path_fault(raw: bytes) -> str:
    """What is wrong with a decoded path; "" if nothing is."""
    try:
        path = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "is not UTF-8"
    return next((why for pattern, why in _PATH_FAULTS if pattern.match(path)), "")


def read_body(environ: WSGIEnvironment, length: int) -> bytes:
    """Exactly the announced bytes. Refused: 408 if they take too long, 400 if they do not come."""
    parts, missing = [], length
    try:
        while missing and (part := environ["wsgi.input"].read(missing)):
            parts.append(part)
            missing -= len(part)
    except TimeoutError as error:
        raise Refused(408, "the body did not come in time") from error
    except OSError as error:
        raise Refused(400, "the body could not be read") from error
    if missing:
        raise Refused(400, f"the body ended {missing} bytes early")
    return b"".join(parts)


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    found = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found


def _check_headers(headers: dict[str, str], environ: WSGIEnvironment) -> None:
    if not all(TOKEN.fullmatch(name) and not CONTROL.search(headers[name]) for name in headers):
        raise Refused(400, "a header has a character that it may not have")
    if "host" in headers and not _HOST.fullmatch(headers["host"]):
        raise Refused(400, "Host is not one name with an optional port")
    if _UNDERSCORED & environ.keys():
        raise Refused(400, "Content-Length and Content-Type have no underscore")


def _length(environ: WSGIEnvironment, limit: int) -> int:
    announced = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ:
        why = "a body must come with its Content-Length, and without Transfer-Encoding"
        raise Refused(400 if announced else 411, why)
    if not re.fullmatch("[0-9]*", announced):
        raise Refused(400, "Content-Length is not a number")
    if not announced:
        if environ["REQUEST_METHOD"] in _NEED_LENGTH:
            raise Refused(411, "the body must come with its Content-Length")
        return 0
    digits = announced.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:  # int() itself refuses 5,000 digits
        raise Refused(413, f"a body may have {limit} bytes")
    return int(digits)
