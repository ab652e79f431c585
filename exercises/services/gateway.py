"""API gateway: one door in front of many services, and the HTTP client that goes through it.

Seen in production as nginx, Envoy, Kong, Traefik, and the gateways of the clouds.

Decided here, because real gateways disagree:

* A path is refused or forwarded, never repaired. What was routed is what the upstream gets.
* Requests and answers are buffered, up to a limit: a failure can always be told with a status.
* Nothing is sent twice: no retry. Whether a repetition is harmless only the caller knows.
* A call of an upstream has its own connection, and one time limit, from connecting to the last
  byte of the answer.
* No queue: when an upstream has `max_calls` calls under way, the next request gets 503.
* Every request needs a client's key, and costs a token as soon as its client is known.
* The gateway is the outermost proxy: X-Forwarded-For is replaced and not prolonged. The client's
  credentials end here; upstreams trust X-Client-Id, which only the gateway sets.
* Time is `time.monotonic()`, exact to a microsecond, which is room for the rounding of floats.
* No thread is started, and nothing is locked while transport, observer or `wsgi.input` run.
* Keys are compared by `hmac.compare_digest`, called under this full name, so that a test can spy.

What your code must keep; every check names the promise it looks at:

P0  The module loads and has the shape of this contract.
P1  A request goes to the upstream of the route with the longest prefix of whole path segments:
    /api serves /api and /api/x, and not /apix.
P2  The upstream gets the method, path, query and body that were routed, byte for byte, and it gets
    every request that passes exactly once: nothing is ever retried.
P3  A path or query that two servers could read differently is refused with 400, as the table of
    paths in Gateway has it.
P4  Nobody passes without exactly one valid key, in either of the two headers; each key of a client
    is as good as its others.
P5  The given key is compared with every key there is by hmac.compare_digest, also after one has
    matched, and with nothing else.
P6  Every refusal has the status of the table in Gateway, the first that applies, with a JSON body
    that holds an error text; the upstream does not hear of it.
P7  Each client has a token bucket of its own, of its rate and burst, exact under any number of
    threads and untouched by the wall clock; 429 says when to come back.
P8  Hop-by-hop headers are removed in both directions: those of the list, and those that any
    Connection header names, in any case.
P9  Upstreams get Host, Via, X-Forwarded-*, X-Request-Id and X-Client-Id as the gateway says and
    never as the client says, and no credentials.
P10 A request whose end two servers could see at different places is refused; of a body exactly the
    announced bytes are read, none before the request is let through.
P11 An upstream has at most max_calls calls under way; one more gets 503 at once, and a place is
    free again as soon as a call has ended, however it ended.
P12 An upstream that is too slow becomes 504, one that fails in any other way 502, and both concern
    no other request.
P13 The upstream's status, headers and body come back unchanged, apart from what the docstring of
    Gateway removes and adds; HEAD, 204 and 304 come back without a body.
P14 Every request has a fresh id, on its answer and at its upstream, and is reported once to the
    observer, truthfully and without its key; an observer that raises disturbs nothing.
P15 Requests hold nobody up: while one waits for its client, its upstream or the observer, all
    others are served.
P16 HttpTransport keeps the time limit over the whole exchange, however the upstream spreads its
    bytes, and connects, sends and reads only while time is left.
P17 HttpTransport takes an answer only if it is well-formed and whole, as its docstring says, and
    reads no more of it than the limits allow.
P18 HttpTransport writes one request that can be read in one way only, on a connection of its own,
    which it always closes.
P19 Bad arguments are refused with ValueError, whose text holds no key of a client, when the object
    is made or, by HttpTransport, before it connects.

Level: hard, 120 minutes.
Brief: exercises/services/gateway.md
Grade: nox -s grade -- gateway
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from wsgiref.types import StartResponse, WSGIEnvironment

from contracts.services.gateway import (
    HOP_BY_HOP,
    MAX_HEADER_BYTES,
    MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
    METHODS,
    Client,
    Connection,
    Record,
    Route,
    Transport,
    Upstream,
    UpstreamFailed,
    UpstreamRequest,
    UpstreamResponse,
    UpstreamTimeout,
)


class Gateway:
    """A WSGI application that lets requests through to upstreams. Requests come from many threads.

    **Paths.** PATH_INFO is the path, percent-decoded once by the server: `%2f` and `/` are the same
    here, and so they are for the upstream, because what is forwarded is this path, encoded anew:
    ASCII letters, digits, `/` and `-._~` stay, one of `!$&'()*+,:=@` may stay, every other byte is
    percent-encoded. The query is forwarded as it was written. Refused with 400 is a path that

    * does not begin with `/`, or is not UTF-8;
    * holds a control character (0 to 31, 127), a backslash or a semicolon;
    * holds an empty segment other than the last one (`//`, while `/a/` is fine);
    * holds a segment that ends in a dot (`.`, `..`, `a.`);
    * holds a `%` and two hexadecimal digits: it was encoded twice;

    and a query that holds anything but visible ASCII characters, or a `#`.

    **Refusals**, in this order; the first that applies is the answer. No token is taken before 429
    could apply, and nothing of the body is read before 408 could:

    | status | when |
    | --- | --- |
    | 414 | the path has more than MAX_PATH_BYTES bytes, or the query more than MAX_QUERY_BYTES |
    | 431 | names (without `HTTP_`) and values of all HTTP_* variables, and those of CONTENT_TYPE,
            have more than MAX_HEADER_BYTES characters together |
    | 400 | path or query are refused, see above |
    | 400 | a header name is none (see HttpTransport), or a header value holds a control character
            other than a tab, as a folded line does |
    | 400 | Host is there and is not a host as in Upstream, alone or with `:` and 1 to 5 digits |
    | 400 | there is an HTTP_CONTENT_LENGTH or HTTP_CONTENT_TYPE: a header with an underscore |
    | 400 | both Transfer-Encoding and Content-Length are used; 411: the former alone |
    | 400 | Content-Length is not a number of decimal digits only (an empty one counts as none) |
    | 411 | POST, PUT or PATCH without Content-Length |
    | 413 | Content-Length is more than max_body_bytes |
    | 401 | not exactly one valid key was given; with `WWW-Authenticate: Bearer` |
    | 429 | the client's bucket holds no token; with Retry-After |
    | 404 | no route |
    | 403 | the route is not for this client |
    | 405 | the route does not serve this method; `Allow` lists those that it serves |
    | 408 | reading the body raises TimeoutError |
    | 400 | the body ends early, or reading it raises another OSError |
    | 503 | the upstream has max_calls calls under way |
    | 504 | the transport raised UpstreamTimeout |
    | 502 | the transport raised any other Exception |

    The body of a refusal is a JSON object with a text under `error` that never shows a key. It has
    Content-Type (application/json) and Content-Length, to HEAD as well, and no body there. What the
    transport raises that is no Exception (KeyboardInterrupt) goes on to the caller. Retry-After is
    the least whole number of seconds, at least 1, after which there is a token if nobody takes it.

    **Keys.** A key is given as `Authorization: Bearer <key>` (the scheme in any case, one or more
    spaces) or as `X-Api-Key: <key>`; blanks around a value do not count. Both together, another
    scheme, or two keys joined by a comma are not exactly one valid key. The given key is compared
    with each key of each client, once, by `hmac.compare_digest` or `secrets.compare_digest` (not
    under another name), also when one has matched; what it answers decides. All may be put through
    the same digest before that. Without exactly one given key nothing need be compared.

    **What the upstream gets.** Method, target, and body, which every method may have. All headers
    of the request in any order, named as WSGI allows (`HTTP_X_TAG` is X-Tag, in any case), and
    Content-Type, apart from those in HOP_BY_HOP, those named in Connection, in any case,
    Authorization, X-Api-Key, Expect, Proxy, Forwarded, X-Real-Ip, and every X-Forwarded-*.

    The gateway then sets, each once, whatever the client says in such a header or in Connection:

    * `Host`: host:port of the upstream;
    * `X-Forwarded-For`: REMOTE_ADDR; `X-Forwarded-Proto`: wsgi.url_scheme; `X-Forwarded-Host`: the
      client's Host, left away if there was none;
    * `Via`: `1.1 gateway`, behind the client's Via and `, ` if there is one and Connection does
      not name it;
    * `X-Client-Id`: the client's name; `X-Request-Id`: a fresh id, 1 to 200 visible ASCII.

    The transport gets the upstream's address and timeout, and max_response_bytes as max_bytes.

    **What the client gets.** The upstream's status, also one that nobody has heard of; its headers
    in their order, several of one name as they came, and its body. Removed are hop-by-hop headers
    as above, X-Request-Id, Content-Length, and with 204 and 304 Content-Type. Added are
    X-Request-Id, on refusals too, and Content-Length: of the body; to HEAD that of the upstream if
    it is one line of decimal digits, else none; with 204 and 304 none. Any other answer without a
    Content-Type gets `application/octet-stream`.

    **Places.** A place of the upstream is taken after the whole body was read, and given back
    before the observer is called and the answer handed on. **The observer** is called once for
    every request, in its thread, before the gateway returns. Its Exceptions are dropped.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        clients: Sequence[Client],
        transport: Transport,
        *,
        max_body_bytes: int = ...,
        max_response_bytes: int = ...,
        observe: Callable[[Record], object] = ...,
    ) -> None:
        """Make a gateway. Both limits are 1,000,000 if not given; without `observe` nobody is told.

        Raises `ValueError` if a value of a Route, Upstream or Client is not as its docstring says;
        if two routes have the same prefix, two clients the same name, or two keys are equal, also
        those of one client; if a route names a client that there is not; if two different
        Upstreams have the same host and port; or if a limit is less than 1.
        """
        raise NotImplementedError

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        raise NotImplementedError


class HttpTransport:
    """A Transport that speaks HTTP/1.1. May be used from any thread; it keeps nothing.

    Each call of `send` makes one connection by `connect(address, seconds)`, with the seconds that
    are left, and uses only what Connection lists. As that of `socket.create_connection`, it waits
    so long at most until `settimeout` says otherwise. It is closed when `send` returns or raises.

    **The request**: `<method> <target> HTTP/1.1`, the given headers in their order, then
    `Connection: close`, and `Content-Length` if there is a body or the method is POST, PUT or
    PATCH (else not); an empty line, the body. If the upstream closes before it has taken all of it
    (an `OSError` other than a time-out while sending), its answer is read all the same.

    **The answer** begins with `HTTP/1.0` or `HTTP/1.1`, a space, three digits, and nothing more or
    a space and any text without control characters other than tabs. Lines end in CR LF. A header is
    a name (letters, digits and ``!#$%&'*+-.^_`|~``), directly a colon, and a value without control
    characters other than tabs. Answers 100 and 102 to 199 are skipped, as many as MAX_HEADER_BYTES
    allows. Its body

    * is empty if the method was HEAD or the status 204 or 304, whatever the headers say;
    * is read in chunks if Transfer-Encoding is there: one line, saying `chunked` in any case, in
      HTTP/1.1, without Content-Length; sizes are 1 to 16 hexadecimal digits, extensions and
      trailers are ignored; a line with a size, its extension included, has at most 1,024 bytes;
    * has the length that Content-Length says: one line of decimal digits;
    * or, without either, goes on until the upstream closes.

    Anything else, a status below 200 that is not skipped or above 599, a body that ends early or is
    larger than max_bytes, is an UpstreamFailed. So is any `OSError` but `TimeoutError`. A body that
    Content-Length or a chunk size announces as too large is not read on; of any other, or of a
    head, at most 65,536 bytes more than its limit are. What follows a whole answer is ignored, and
    not waited for. `timeout` seconds after the call it ends in UpstreamTimeout, unless it has ended
    before; a `TimeoutError` of the connection is one as well.
    """

    def __init__(self, connect: Callable[[tuple[str, int], float], Connection] = ...) -> None:
        """Make a transport. Without `connect` it is `socket.create_connection`."""
        raise NotImplementedError

    def send(
        self, address: tuple[str, int], request: UpstreamRequest, timeout: float, max_bytes: int
    ) -> UpstreamResponse:
        """Send the request and return the whole answer.

        Raises `UpstreamTimeout` and `UpstreamFailed` as above, and `ValueError`, with nothing
        connected, for a method or header name that no header name could be; a target that does not
        begin with `/` or holds anything but visible ASCII; a header value with a control character
        other than a tab, or with one that is not latin-1; Connection, Content-Length or
        Transfer-Encoding among the headers, or not exactly one Host; a `timeout` that is not a
        finite number above 0; a `max_bytes` below 0.
        """
        raise NotImplementedError
