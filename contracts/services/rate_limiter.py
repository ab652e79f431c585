"""Rate limiter: a token bucket, one bucket per client in bounded memory, and a WSGI middleware.

Seen in production in front of every public API (nginx `limit_req`, Envoy, Stripe, GitHub): a client
may burst, and then go on at a steady rate; whoever asks for more is told when to come back.

Decided here, because real limiters disagree:

* A bucket starts full. It holds at most `capacity` tokens and gains `rate` tokens a second,
  continuously: at 0.5 tokens a second half a token is there after one second, and is kept.
* An acquire takes all it asks for or nothing. A refused one costs nothing, and nobody ever waits.
* To ask for more than `capacity` is refused (it could never succeed), with a retry_after of
  `math.inf`. To ask for less than one token is a `ValueError`.
* Time is `time.monotonic()` (or another clock that nobody can set, such as `perf_counter`).
* Every instant is exact to a microsecond: what would change within a microsecond of an acquire may
  count for it or not. This is room for the rounding of floats, once: it never adds up.
* A client is remembered while its bucket is not full. A client whose bucket is full is forgotten:
  a new bucket would be no different, so nobody gets a new burst early by being forgotten.
* When `max_clients` are remembered there is no place for another: a client that is not among them
  is refused until one of them is forgotten. The limit is kept at the price of turning newcomers
  away; to evict somebody would be to hand out a burst twice.
* What is kept of a client is of bounded size, however often it asks. A log of its acquires is not,
  nor is a heap that gets an entry for each of them, if those out of date stay until they are due.
* An injected function says who the client of a request is. Behind a proxy REMOTE_ADDR is the
  proxy, and X-Forwarded-For is whatever the client writes: only the deployment knows.
* Retry-After is rounded up to whole seconds and never 0: a client that obeys it is served.
* The header fields are those of draft-ietf-httpapi-ratelimit-headers-10, "RateLimit header fields
  for HTTP", not the older X-RateLimit-* ones.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TITLE: Final = "Rate limiter"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("TokenBucket", "ClientLimiter", "RateLimitMiddleware")
PROMISES: Final = {
    "P1": "A new bucket is full: `capacity` tokens can be taken at once, and however long nobody"
    " takes any there are never more.",
    "P2": "In any stretch of t seconds, wherever it begins, at most capacity + rate * t tokens are"
    " given out.",
    "P3": "Tokens come back continuously, `rate` of them a second, fractions included: how often"
    " somebody asks loses none and gains none, and after a million of them the count is still"
    " exact.",
    "P4": "An acquire takes all its tokens or none: a refused one costs nothing, now or later, and"
    " one that asks for more than `capacity` is always refused.",
    "P5": "Every field of a Decision is true as its docstring says; who sleeps exactly retry_after"
    " and asks again is served, and who comes earlier is not.",
    "P6": "Setting the wall clock, forwards or backwards, changes nothing.",
    "P7": "Threads may share a bucket or a limiter: every acquire takes effect at one instant"
    " between its call and its return, so no token is given out twice and none is lost.",
    "P8": "Every client has a bucket of its own: what the others do changes nothing for a client"
    " that is remembered, or for whom there is a place.",
    "P9": "A client is forgotten as soon as its bucket is full and not earlier, so that it never"
    " gets a token that it would not have got anyway; len says how many are remembered.",
    "P10": "Never more than `max_clients` are remembered: then newcomers are refused, told when the"
    " first place becomes free, and served from then on; clients who are remembered go on.",
    "P11": "Memory is bounded: no more than `max_clients` clients are kept in any form, what is kept"
    " of one (or in a TokenBucket) does not grow with its acquires, and of a refused newcomer"
    " nothing is kept.",
    "P12": "No acquire becomes slower with the number of clients: constant time, or logarithmic,"
    " apart from forgetting each client once.",
    "P13": "Bad arguments raise the documented error, and nothing has changed.",
    "P14": "An allowed request takes one token and goes to the application, once and unchanged,"
    " and its answer comes back as the application gives it, with the RateLimit fields added.",
    "P15": "A refused request gets 429 with Retry-After and a JSON body; the application is not"
    " called, and the request's body is not read.",
    "P16": "RateLimit and RateLimit-Policy carry the numbers of the decision, in the form that the"
    " docstring of RateLimitMiddleware gives.",
    "P17": "The client of a request is what the key function says, and None is not limited.",
    "P18": "Requests hold nobody up: while the key function or the application is busy with one,"
    " all others are served.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What an acquire was answered, and what the client may be told.

    * `allowed`: whether the tokens were taken.
    * `limit`: the bucket's capacity.
    * `window`: seconds in which an empty bucket becomes full, capacity / rate.
    * `remaining`: whole tokens in the bucket right after this acquire, rounded down.
    * `retry_after`: seconds until the same acquire would be allowed if nobody took any meanwhile:
      0.0 if it was allowed, `math.inf` if it never will be. To sleep exactly so long is enough
      (floats do not add up exactly: leave room); at most a microsecond of it is too much.
    * `full_after`: seconds until the bucket is full, right after this acquire; 0.0 if it is.

    For a newcomer who is refused because `max_clients` are remembered, `remaining` is 0, and both
    `retry_after` and `full_after` are the seconds until the first of those is forgotten. (If it
    asks for more than `capacity`, `retry_after` is `math.inf` all the same.)
    """

    allowed: bool
    limit: int
    window: float
    remaining: int
    retry_after: float
    full_after: float


class TokenBucket(Protocol):
    """One bucket. Every method may be called from any thread; nothing ever waits."""

    def try_acquire(self, tokens: int = 1) -> Decision:
        """Take `tokens` tokens if they are there, or else none.

        Raises `ValueError` if `tokens` is less than 1.
        """
        ...


class NewTokenBucket(Protocol):
    """How a TokenBucket is made."""

    def __call__(self, rate: float, capacity: int) -> TokenBucket:
        """Make a full bucket of `capacity` tokens that gains `rate` tokens a second.

        Raises `ValueError` if `rate` is not a finite number above 0, or `capacity` less than 1.
        """
        ...


class ClientLimiter(Protocol):
    """A bucket for every client, all of one rate and capacity. May be used from any thread.

    Clients are compared as a `dict` compares its keys. A client that is not remembered has a full
    bucket; it is remembered from the first tokens that it takes until its bucket is full again.
    The limiter starts no thread. When the memory of a forgotten client is given back is left open,
    as long as P11 holds.
    """

    def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
        """Take `tokens` tokens from the bucket of `client` if they are there, or else none.

        Raises:
            ValueError: `tokens` is less than 1.
            TypeError: `client` is not hashable.
        """
        ...

    def __len__(self) -> int:
        """Return how many clients are remembered now: those whose bucket is not full."""
        ...


class NewClientLimiter(Protocol):
    """How a ClientLimiter is made."""

    def __call__(self, rate: float, capacity: int, max_clients: int) -> ClientLimiter:
        """Make a limiter that remembers nobody, and never more than `max_clients` clients.

        Raises `ValueError` for a `rate` or `capacity` that a TokenBucket refuses, and if
        `max_clients` is less than 1.
        """
        ...


class RateLimitMiddleware(Protocol):
    """A WSGI application that lets through to another one what the limiter allows.

    For every request, in the thread that serves it and with nothing locked:

    1. `key(environ)` is called, once. If it answers None, the application is called as if this
       middleware were not there. An exception that it raises goes on to the caller of the
       middleware; then nothing is taken and the application is not called.
    2. One token is acquired for the client that it answered. The token stays taken, whatever
       becomes of the request.
    3. If it is allowed, the application is called with the same environ, and what it returns is
       returned: not read, not copied, not closed here. Status, body and headers are its own, also
       when it calls `start_response` again with `exc_info`, or writes with the callable that
       `start_response` returns; to every set of headers the two fields below are added (the list
       that the application hands over is not changed). What it raises goes on to the caller.
    4. If it is refused, the answer is 429 with the two fields and:
       * `Retry-After`: retry_after in seconds, rounded up to a whole number, at least 1. Without
         this field if retry_after is infinite.
       * `Content-Type: application/json`, `Content-Length`, and as body a JSON object that holds
         a text under `error`; to HEAD the same headers, and no body.

    The two fields, with whole numbers:

        RateLimit-Policy: "default";q=10;w=5
        RateLimit: "default";r=9;t=1

    `q` is the decision's limit, `w` its window rounded up, `r` its remaining, `t` its full_after
    rounded up. (In these two, what is whole to a microsecond may be rounded to that number.)
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        ...


class NewRateLimitMiddleware(Protocol):
    """How a RateLimitMiddleware is made."""

    def __call__(
        self,
        app: WSGIApplication,
        limiter: ClientLimiter,
        key: Callable[[WSGIEnvironment], Hashable | None],
    ) -> RateLimitMiddleware:
        """Put `limiter` in front of `app`; `key` says who the client of a request is.

        `limiter` may be any object with the `try_acquire` of a ClientLimiter.
        """
        ...
