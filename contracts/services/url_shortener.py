"""URL shortener: short codes for long URLs, with aliases, expiry and counted hits.

Seen in production as bit.ly and t.co, and as the self-hosted YOURLS, Kutt, Shlink and Polr.

Decided here, because real shorteners disagree:

* The redirect is 302, and no answer may be stored by a cache. A 301 (and a 404, and a 410) may be
  kept by browsers for ever: hits go uncounted, and an expired or deleted link goes on working.
* A code is given once. It is not given again after its link has expired or been deleted: the old
  code stands in somebody's mail, and must not lead to somebody else. So both answer 410, not 404.
* Shortening one URL twice makes two links: each has its own hits, expiry and deletion.
* The URL is kept character by character: nothing is decoded, encoded, lower-cased or added.
* Codes are case-sensitive, and cannot be guessed from each other: no counter in base 62.
* A link lives until created + ttl on the **wall clock**, and is dead at exactly that instant. It
  outlives processes and machines, and a monotonic clock means nothing to the next process. The
  price: who sets the wall clock forward kills links early. (Durations, such as waiting for a lock,
  still go by a clock that nobody can set.)
* Every redirect counts one hit, in the storage and before it is answered; what cannot be counted
  is not redirected (503). HEAD redirects and counts nothing: it comes from previews and scanners.
* Acknowledged means committed: what a call has returned survives SIGKILL of the process at any
  instant. Whether it survives a power cut depends on disks, and is not promised.
* Several processes may share one SQLite file. Nothing about links is remembered outside of it.
* The shortener never fetches a URL: private addresses are as good as others.

`time.time()` is the wall clock; any other way to read the same clock will do. Every instant is
exact to a microsecond.
"""

import os
import sqlite3
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

TITLE: Final = "URL shortener"
LEVEL: Final = "hard"
MINUTES: Final = 75
IMPLEMENT: Final = ("MemoryRepository", "SqliteRepository", "Shortener", "ShortenerApp")
PROMISES: Final = {
    "P1": "A link leads to the very URL that was shortened, character by character, under its alias"
    " or under a code of its own; shortening a URL again makes another link.",
    "P2": "A code is given once: while its link is alive, expired or deleted, an alias like it is"
    " refused with AliasTaken and a drawn code like it is drawn again; the first link stays.",
    "P3": "A drawn code that is taken or reserved is drawn again, ATTEMPTS draws in all; then"
    " NoFreeCode is raised and nothing has been stored.",
    "P4": "Without a source, codes are CODE_LENGTH characters, each drawn evenly from ALPHABET by"
    " the system's secure random source: they cannot be foretold.",
    "P5": "A link with a ttl lives until created + ttl on the wall clock and is dead at exactly that"
    " instant, for every process that shares the storage, before and after a restart.",
    "P6": "A URL that breaks a rule of `shorten` is refused with BadLink, and nothing is stored.",
    "P7": "An alias or ttl that breaks a rule of `shorten` is refused with BadLink, and nothing is"
    " stored.",
    "P8": "Hits are exact: each `resolve` that returns has counted exactly one, however many threads"
    " and processes resolve at once, and nothing else counts.",
    "P9": "Of all calls that add one code, or delete it, exactly one wins, whether they come from"
    " threads, from repositories on one file, or from processes; the winner's link is kept.",
    "P10": "Once a delete has returned, the link is gone for everybody, for ever, and its code is"
    " not free again.",
    "P11": "Both repositories give the same answers.",
    "P12": "What a call of SqliteRepository has returned is in the file: others see it at once, and"
    " it survives SIGKILL at any instant; an unfinished call is there wholly or not at all.",
    "P13": "A write outwaits a lock that another connection holds for less than BUSY_SECONDS, and"
    " gives up with StorageDown after twice that at most, however many writes wait at once; a read"
    " waits for no writer.",
    "P14": "When the storage fails, StorageDown is raised, nothing has changed and nothing is left"
    " locked: the next calls, of this repository and of others, work.",
    "P15": "Every connection comes from `connect`, and they are few: one for each call under way, one"
    " for each living thread that has called, and IDLE_CONNECTIONS more; after close none.",
    "P16": "No call becomes slower with the number of links, beyond a logarithm.",
    "P17": "The shortener holds up nobody: while one call waits for its repository or its code"
    " source, all others go on.",
    "P18": "Over HTTP, links are made, followed, looked at and deleted as the table in ShortenerApp"
    " says.",
    "P19": "Every bad HTTP request gets the status of the second table in ShortenerApp, with a JSON"
    " body that holds an error text, and changes nothing.",
    "P20": "From the request body exactly the announced bytes are read, none of a body that is"
    " refused for its type or length; a body that ends early is refused.",
    "P21": "No answer can be cached, and no header of a request decides what a link looks like.",
}

ALPHABET: Final = string.ascii_letters + string.digits
CODE_LENGTH: Final = 7
ATTEMPTS: Final = 5
"""How often a code is drawn for one link, the first draw included."""
MAX_URL_LENGTH: Final = 2_048
MAX_TTL: Final = 315_360_000
"""The longest ttl, in seconds: ten years."""
RESERVED: Final = frozenset({"api", "health", "links", "metrics"})
"""Codes that no link has, because the service serves, or may some day serve, something there."""
BUSY_SECONDS: Final = 5.0
IDLE_CONNECTIONS: Final = 8
MAX_BODY_BYTES: Final = 8_192


class BadLink(ValueError):
    """The URL, the alias or the ttl breaks a rule."""


class AliasTaken(Exception):
    """There is, or was, a link with this code."""


class NoFreeCode(RuntimeError):
    """ATTEMPTS codes have been drawn, and none was free."""


class UnknownCode(LookupError):
    """There is no link with this code, and there never was."""


class Gone(LookupError):
    """There was a link with this code. It has expired or been deleted."""


class StorageDown(OSError):
    """The storage does not answer, or cannot store: the disk is full, a lock is not let go."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link, as it is at some instant.

    * `created`: seconds since the epoch.
    * `expires`: created + ttl; None if it never expires.
    * `hits`: how often it has been resolved.
    * `deleted`: whether it has been deleted. It stays in the repository all the same.
    """

    code: str
    url: str
    created: float
    expires: float | None = None
    hits: int = 0
    deleted: bool = False


class Repository(Protocol):
    """Where links are kept. It knows nothing of time, of rules, or of HTTP.

    Every method may be called from any thread. No thread outlives the call that has started it.
    Codes are compared exactly: `a` is not `A`, and `007` is not `7`. A method that cannot do its
    work raises `StorageDown` and has changed nothing.
    """

    def add(self, link: Link) -> bool:
        """Keep `link`, as it is given, unless there is a link with its code, in whatever state.

        True if it is kept; False if there was one, which stays as it is. One step, whoever else
        adds at the same time.
        """
        ...

    def get(self, code: str) -> Link | None:
        """Return the link with this code as it is now, expired and deleted ones too; else None."""
        ...

    def count_hit(self, code: str) -> None:
        """Add one to the hits of the link with this code; without such a link do nothing."""
        ...

    def delete(self, code: str) -> bool:
        """Mark the link as deleted. True for the one call that did it; False if it is, or absent."""
        ...

    def close(self) -> None:
        """Let go of files and connections; a second time it does nothing. No calls come after."""
        ...


class MemoryRepository(Repository, Protocol):
    """A repository that lives as long as the process."""


class NewMemoryRepository(Protocol):
    """How a MemoryRepository is made."""

    def __call__(self) -> MemoryRepository:
        """Make an empty one."""
        ...


class SqliteRepository(Repository, Protocol):
    """A repository in a SQLite file that other processes use too.

    A relative path means the same file for its whole life, whatever folder becomes the current
    one. A process that has forked makes a repository of its own.

    The journal is a write-ahead log (WAL), so that reading waits for no writer. A write that finds
    the file locked by another connection waits for it: a lock that is let go within BUSY_SECONDS
    only delays it, and after twice that time at most it raises `StorageDown`. So long and no
    longer it takes also when many threads write at once: they wait together, not one after
    another. A commit that has been answered is in the file; none is put off.

    Every error of SQLite becomes `StorageDown`, with the original as its `__cause__`. After that
    the repository goes on: whatever the failed call had begun is rolled back, and no lock is held.
    """


class NewSqliteRepository(Protocol):
    """How a SqliteRepository is made."""

    def __call__(
        self,
        path: str | os.PathLike[str],
        connect: Callable[..., sqlite3.Connection] = ...,
    ) -> SqliteRepository:
        """Open the database at `path`, or make it there. Several processes may do so at once.

        Every connection is opened by `connect(path, ...)`, `sqlite3.connect` by default; the path
        may be made absolute, and further arguments are those that `sqlite3.connect` takes,
        `factory` excepted. A `connect` that is given may hand out connections that wait, fail or
        count in their own way.

        Raises `StorageDown` if that cannot be done.
        """
        ...


class Shortener(Protocol):
    """The rules: what may be shortened, under which code, and for how long.

    May be used from any thread, and by several processes on one storage. It keeps nothing itself,
    and starts no thread: whatever is known of a link is in the repository. `StorageDown` passes
    through.
    """

    def shorten(self, url: str, alias: str | None = None, ttl: int | None = None) -> Link:
        """Make a link to `url`, and return it: with no hits, created now.

        With `alias`, that is its code. Without, a code is drawn from the code source until one is
        found that is not reserved and that the repository takes, at most ATTEMPTS times.

        A URL must

        * be a `str` of at most MAX_URL_LENGTH characters,
        * hold nothing but printable ASCII, no spaces and no backslash (others are percent-encoded
          by whoever has them),
        * begin with `http://` or `https://`, in whatever case,
        * name a host behind that, up to the next `/`, `?` or `#` or the end: ASCII letters,
          digits, `.`, `-`, `_`, at least one letter or digit among them; or an IPv6 address in
          brackets (without a zone). No user name, no password, no `@`,
        * have, if a `:` follows the host, a port of digits, from 1 to 65535, behind it.

        An alias must be a `str` of 3 to 32 ASCII letters, digits, `-` and `_`, and not be in
        RESERVED. A ttl must be an `int` (no `bool`) from 1 to MAX_TTL seconds; None means that the
        link never expires.

        Raises:
            BadLink: one of these rules is broken. Nothing has been drawn or stored.
            AliasTaken: there is, or was, a link with this code.
            NoFreeCode: ATTEMPTS codes were drawn, and each was reserved or taken.
        """
        ...

    def resolve(self, code: str) -> str:
        """Return the URL to go to, and count one hit. It is counted when the call returns.

        Raises `UnknownCode`, or `Gone` if the link has expired or been deleted; then nothing is
        counted.
        """
        ...

    def look(self, code: str) -> Link:
        """Return the link, and count nothing. Raises `UnknownCode` or `Gone` as `resolve`."""
        ...

    def delete(self, code: str) -> None:
        """Delete the link. One caller wins, all others, then and later, get `Gone`.

        Raises `UnknownCode`, or `Gone` if it has expired or been deleted.
        """
        ...


class NewShortener(Protocol):
    """How a Shortener is made."""

    def __call__(self, repository: Repository, codes: Callable[[], str] | None = None) -> Shortener:
        """Make a shortener over `repository`, which may be any object with those methods.

        `codes` draws a code, called once for each draw, in the thread that shortens, with nothing
        locked; its codes are taken as they are. What it raises passes through. Without it, codes
        are drawn from the system's secure random source.
        """
        ...


class ShortenerApp(Protocol):
    """The HTTP front: a WSGI application over one shortener. Requests may come from many threads.

    | request | answer |
    | --- | --- |
    | POST /links | 201, the link as JSON, `Location: /links/<code>` |
    | GET /<code> | 302, `Location:` the URL; counts one hit |
    | HEAD /<code> | the same status and headers; counts nothing |
    | GET /links/<code> | 200, the link as JSON; counts nothing |
    | HEAD /links/<code> | the same status and headers, and no body |
    | DELETE /links/<code> | 204 |

    The body of POST is a JSON object with the text `url`, and perhaps the text `alias` and the
    whole number `ttl`; null is as good as absent for these two. A link as JSON is an object with
    `code`, `url`, `short`, `created`, `expires` (null if never) and `hits`; `short` is
    `<base_url>/<code>`, whatever Host or forwarding headers the request has. What is in the body
    of a redirect is left open.

    The code in a path is percent-decoded. A path with a further slash is none of these.

    Refusals, in this order; the first that applies is the answer:

    | status | when |
    | --- | --- |
    | 404 | the path is none of `/links`, `/links/<code>`, `/<code>`, or the code is empty |
    | 405 | another method; `Allow` lists those that the table above serves on this path |
    | 415 | POST: Content-Type is not `application/json`, in whatever case, perhaps with parameters |
    | 411 | POST: no Content-Length (or an empty one), or Transfer-Encoding is used |
    | 400 | POST: Content-Length is not a number of decimal digits |
    | 413 | POST: Content-Length is more than MAX_BODY_BYTES; the body is not read |
    | 400 | POST: the body ends before Content-Length bytes have come |
    | 400 | POST: the body is not UTF-8, no JSON, no object, or names a key twice |
    | 400 | POST: there is a key besides `url`, `alias` and `ttl`, or no `url` |
    | 400 | POST: `BadLink`; a ttl written with point or exponent is no whole number |
    | 404 | `UnknownCode`; codes that cannot be codes are unknown as well |
    | 409 | `AliasTaken` |
    | 410 | `Gone` |
    | 503 | `NoFreeCode`, `StorageDown` |

    The body of a refusal is a JSON object with a text under `error`. Every answer has
    `Cache-Control: no-store`; every answer but 204 carries Content-Type (application/json where
    the body is JSON) and Content-Length.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        ...


class NewShortenerApp(Protocol):
    """How a ShortenerApp is made."""

    def __call__(self, shortener: Shortener, base_url: str = ...) -> ShortenerApp:
        """Make the HTTP front of `shortener`.

        `base_url` is what people reach this service by, without a slash at its end. Without it
        (the default is the empty text) `short` is the path alone.

        Raises `ValueError` if it is neither empty nor begins with `http://` or `https://`, or if
        it ends with a slash.
        """
        ...
