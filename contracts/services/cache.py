"""Cache: a least-recently-used cache whose entries also expire, and its HTTP front.

Seen in production as the in-process cache in front of a database (Caffeine, Guava, cachetools) and
as a cache server (memcached, Redis with `maxmemory-policy allkeys-lru`).

Decided here, because real caches disagree:

* A use is a `get` that finds its entry, a `put` of a new or of a known key, and a `get_or_load`.
  Asking `in`, `len` or `stats` is no use, and neither is a miss.
* An entry put at instant t with `ttl` seconds to live is alive while the clock shows less than
  t + ttl, and dead at exactly t + ttl. Reading does not prolong it; every put starts it afresh,
  with the ttl of that put and never the ttl of the entry it replaces.
* `ttl=None` means the cache's own ttl; `math.inf` means that the entry never expires.
* Dead entries are as good as absent for every method, at every instant: they are not counted, and
  no live entry is evicted to make room while a dead one is there.
* `None` is a value like any other. Keys are compared as a `dict` compares them (1 == 1.0 == True).
* Time is `time.monotonic()`. Setting the wall clock changes nothing.
* The cache starts no thread. What needs doing is done inside the calls.
* While a key is being loaded, `get` and `in` do not wait: for them the key is absent.
* A failed load fails every call that waits for it. Nothing is cached, the next call loads again.
* A `put` or `delete` of a key that is being loaded is the later write and wins over the load.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

TITLE: Final = "Cache"
LEVEL: Final = "hard"
MINUTES: Final = 60
IMPLEMENT: Final = ("Cache", "CacheApp")
PROMISES: Final = {
    "P1": "get returns the value that was put last under the key, None and other empty values"
    " included, or else the default; delete removes the entry and says whether there was one.",
    "P2": "There are never more than `capacity` entries: a put of a new key into a full cache"
    " evicts exactly one, the least recently used; a put of a key that is there evicts none.",
    "P3": "An entry lives for its ttl and is dead at exactly put time + ttl: reading does not"
    " prolong it, every put starts it afresh, the wall clock has no say.",
    "P4": "A dead entry is never served and never counted, and it takes no room: no live entry is"
    " evicted while a dead one is there.",
    "P5": "The statistics are exact at every instant, as the docstring of Stats counts them.",
    "P6": "No call becomes slower with the number of entries: constant time, or logarithmic,"
    " apart from removing each expired entry once.",
    "P7": "Nothing is kept of what is gone: memory does not grow with the number of puts, loads"
    " or keys ever seen, and the cache lets go of replaced, deleted, evicted and expired values.",
    "P8": "Threads may share a cache: every call takes effect at one instant between its start and"
    " its return, as if the calls had come one after another.",
    "P9": "While a load of a key is under way, further get_or_load calls of that key wait for it"
    " and return its value at the instant at which it ends: one load, however many callers.",
    "P10": "A running loader holds up nobody but the callers that need its value: every other"
    " call returns at once; the loader runs in the caller's thread and may use the cache itself.",
    "P11": "When a loader raises, nothing is cached, every call that waits for this load raises"
    " that same exception, nobody is left waiting, and the next call loads again.",
    "P12": "A put or delete during a load wins: the loaded value goes to the calls that wait for"
    " it but is not stored, and calls that begin after that put or delete do not get it.",
    "P13": "A get_or_load that would have to wait for itself, directly or around a circle of"
    " loaders, also of several threads, raises LoadCycle instead of hanging.",
    "P14": "Bad arguments are refused with the documented error before anything has changed and"
    " before any loader is called.",
    "P15": "Over HTTP, values are stored, read, deleted and expire byte for byte as in the cache"
    " behind it, and /stats shows its statistics.",
    "P16": "Every bad HTTP request gets the status of the table in CacheApp, with a JSON body that"
    " holds an error text, and changes nothing in the cache.",
    "P17": "From the request body exactly the announced bytes are read, none of a body that is"
    " refused; a body that ends early is refused and not stored.",
}

MAX_KEY_BYTES: Final = 250
"""The longest key that the HTTP front takes, in bytes of UTF-8."""


class LoadCycle(RuntimeError):
    """A get_or_load would wait for a load that itself waits for this call."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What has happened to a cache since it was made, all counted at one instant.

    * `hits`: calls of `get` and `get_or_load` that found a live entry.
    * `misses`: calls of `get` and `get_or_load` that found none, counted when they look; each
      caller that waits for somebody else's load, or gets a `LoadCycle`, counts one too.
    * `evictions`: live entries removed to make room. Replacing, deleting, expiring is none.
    * `expirations`: entries that reached their deadline in the cache, counted from that very
      deadline on, whether or not anybody has asked for them since.
    * `loads`: loaders that returned, also when their value was not stored.
    * `load_failures`: loaders that raised.
    * `size`: live entries now.
    """

    hits: int
    misses: int
    evictions: int
    expirations: int
    loads: int
    load_failures: int
    size: int


class Cache(Protocol):
    """A bounded map that forgets the least recently used entry, and entries that grow too old.

    Every method may be called from any thread, and from inside a loader. Every method that takes a
    key raises `TypeError` for an unhashable one. No method but `get_or_load` ever waits for a
    loader.

    A value that is replaced, deleted or evicted is let go by the time the call returns, an expired
    one at the latest with the next `put`. Apart from loads under way, memory is in proportion to
    `capacity`, whatever has been put, loaded or asked for before.
    """

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return the live value of `key`, or `default`. A hit makes it the most recently used."""
        ...

    def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
        """Store `value` under `key`, as the most recently used entry, to live for `ttl` seconds.

        `None` means the ttl of the cache, `math.inf` for ever. A value already there is replaced,
        its remaining lifetime forgotten. If the key is new and the cache is full of live entries,
        the least recently used one is evicted.

        Raises `ValueError` if `ttl` is zero, negative or not a number.
        """
        ...

    def delete(self, key: Hashable) -> bool:
        """Remove `key`. True if there was a live entry, False if it was absent or dead.

        It says so also to a load of that key under way (see `get_or_load`), even when there is
        nothing to remove and the answer is False.
        """
        ...

    def get_or_load(
        self, key: Hashable, loader: Callable[[], Any], ttl: float | None = None
    ) -> Any:
        """Return the live value of `key`, or else load it, once for all callers who need it.

        A live entry is a hit, as in `get`: no loader is called. Otherwise:

        * If no load of the key is under way, this call calls `loader()`, in its own thread, with
          nothing locked. The value is stored as `put(key, value, ttl)` at the instant at which the
          loader has returned: the entry lives from then on.
        * If a load is under way, this call waits for it, without polling, and returns the same
          object at the instant at which the load ends, whatever becomes of the entry after that.
          Its own `loader` is not called and its own `ttl` plays no part.
        * If the loader raises anything at all (`KeyboardInterrupt` and its like included), nothing
          is stored and the very same exception object leaves the call that ran the loader and
          every call that waits for it. The next call starts a new load.
        * If `put` or `delete` is called for the key while the load is under way, the load goes on
          for those who already wait for it, but it is no longer *the* load of this key: its value
          is not stored (not even if the value put meanwhile has gone again), a get_or_load that
          begins later never waits for it, and may start a new load beside it.
        * If waiting would never end, because the load waits for this very call (its loader, or a
          loader that it waits for, in this or another thread, is the one making this call),
          `LoadCycle` is raised at once, and only then. A load that was overtaken by a put or
          delete is no longer waited for by later calls, but still closes a circle of those who
          wait for it. Threads that a loader starts and waits for by itself, and circles of
          several threads through other caches, are its own affair.

        Raises `ValueError` for a `ttl` that is zero, negative or not a number, also when the value
        is there already.
        """
        ...

    def stats(self) -> Stats:
        """Return the counts up to now, all of the same instant."""
        ...

    def __len__(self) -> int:
        """Return the number of live entries."""
        ...

    def __contains__(self, key: Hashable) -> bool:
        """Say whether `key` has a live entry. Counts neither as a use nor in the statistics."""
        ...


class NewCache(Protocol):
    """How a Cache is made."""

    def __call__(self, capacity: int, ttl: float = ...) -> Cache:
        """Make an empty cache for at most `capacity` entries.

        `ttl` is the lifetime in seconds of entries that are put without one; without it (the
        default is `math.inf`) they never expire.

        Raises `ValueError` if `capacity` is less than 1, or if `ttl` is zero, negative or not a
        number.
        """
        ...


class CacheApp(Protocol):
    """The HTTP front: a WSGI application over one cache. Requests may come from many threads.

    | request | answer |
    | --- | --- |
    | GET /cache/<key> | 200 and the stored bytes, as application/octet-stream; 404 if no entry |
    | PUT /cache/<key> | 204; the body, which may be empty, is now the value |
    | PUT /cache/<key>?ttl=<seconds> | 204; the same, to live for that time |
    | DELETE /cache/<key> | 204 if there was a live entry, else 404 |
    | GET /stats | 200 and a JSON object: the fields of Stats as numbers, under the same names |
    | HEAD of either | status and headers as for GET (it counts as one), and no body |

    The key is all of the path behind `/cache/`, percent-decoded, read as UTF-8; it may hold
    slashes. It is a `str` in the cache behind, and the value is the body as `bytes`: what one side
    puts there the other can get. A ttl is written with decimal digits and at most one point
    between digits (`30`, `0.5`); other query parameters mean nothing.

    Refusals, in this order; the first that applies is the answer:

    | status | when |
    | --- | --- |
    | 404 | the path is neither `/stats` nor begins with `/cache/` |
    | 405 | another method; `Allow` lists those that the table above serves on this path |
    | 400 | the key is empty or not UTF-8 |
    | 414 | the key has more than MAX_KEY_BYTES bytes |
    | 400 | PUT: `ttl` is there twice, is empty, is not written as above, is zero or not finite |
    | 411 | PUT: no Content-Length (or an empty one), or Transfer-Encoding is used |
    | 400 | PUT: Content-Length is not a number of decimal digits |
    | 413 | PUT: Content-Length is more than max_value_bytes; the body is not read |
    | 400 | PUT: the body ends before Content-Length bytes have come |

    The body of a refusal, and of the 404 for a missing entry, is a JSON object with a text under
    `error`. Every answer but 204 carries Content-Type (application/json where the body is JSON)
    and Content-Length.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        ...


class NewCacheApp(Protocol):
    """How a CacheApp is made."""

    def __call__(self, cache: Cache, max_value_bytes: int = ...) -> CacheApp:
        """Make the HTTP front of `cache` that takes values of at most `max_value_bytes` bytes.

        Without `max_value_bytes` the limit is 1,000,000. Raises `ValueError` if it is less than 1.
        """
        ...
