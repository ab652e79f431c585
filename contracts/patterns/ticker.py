"""Ticker: a token drops every so many seconds, and callers queue for it.

Seen in production wherever work is paced: crawlers, mail senders, retries against somebody else's
quota, game loops, the token dispensers of API clients. Everybody has written `while True: work();
sleep(interval)`, which is late a little more every time round, hands the same token to two threads,
or keeps a caller for ever that nobody can stop.

Decided here, because real tickers disagree:

* There is one grid. `t0` is the reading of `time.monotonic()` when the ticker is made; tick n
  (n = 1, 2, 3, …) is at t0 + n * interval: one multiplication, never a running sum. Nothing moves
  the grid: no late caller, no suspended machine, no wall clock that somebody sets.
* Every instant is exact to a microsecond: what would change within a microsecond of a call may
  count for it or not. This is room for the rounding of floats, once: it never adds up.
* A tick is a token. It goes to the call that has waited longest; if nobody waits, it is kept while
  fewer than `burst` are kept, and dropped otherwise. A new ticker has none: the first is at
  t0 + interval.
* The grid is looked at when somebody can run. After a leap of the clock (a suspended machine, a
  process that was stopped) at most `burst` of the ticks that nobody has got are still there,
  also if calls have waited for them all the while: work that is paced must not arrive in a heap.
* The line is strict. Who has begun to wait is ahead of everybody who comes later, `try_acquire`
  included. For two calls that overlap before either waits, either order is right.
* A wait does not give up before its time is over, however long the line is: those ahead may leave.
* If a token and the end of a timeout are at the same instant, either outcome is right. In both,
  the token is there for exactly one call.
* Whoever leaves the line without a token (timeout, KeyboardInterrupt, anything that is raised in
  the waiting thread while it is blocked) was never there: those behind move up.
* `stop` is final. Kept tokens are gone, calls that wait raise Stopped, later ones too.
* Left open: whether a running ticker has a thread; which error comes first if a stopped ticker
  is given a bad timeout; what `try_acquire` answers at the very moment at which calls ahead of it
  are being served; what becomes of a ticker that nobody stops; calls from a signal handler or a
  finalizer, which may interrupt another call while it holds the lock.
"""

from types import TracebackType
from typing import Final, Protocol, Self

TITLE: Final = "Ticker"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("Ticker",)
PROMISES: Final = {
    "P1": "Tick n is at t0 + n * interval, to a microsecond, for the first tick and after a million:"
    " a call that waits gets its token at that instant, however late callers were before.",
    "P2": "A tick that finds nobody waiting is kept while fewer than `burst` are kept, and is"
    " dropped otherwise; a new ticker has none.",
    "P3": "Every token is handed out once: however many threads call, and however often, no tick"
    " serves two calls, and none is lost that the rules do not drop.",
    "P4": "Tokens go to waiting calls in the order in which they began to wait; neither try_acquire"
    " nor a later wait overtakes one that waits.",
    "P5": "wait(timeout) answers False after exactly `timeout` seconds and not earlier, None and inf"
    " wait as long as it takes, and wait(0) and try_acquire never wait.",
    "P6": "A call whose time is over has taken nothing: the next token goes to the one behind it,"
    " or is kept, and if the tick is at that very instant either the call answers True or the token"
    " is still there.",
    "P7": "An exception that is raised in a waiting thread passes through, takes no token with it,"
    " and those behind are served as if that call had never waited.",
    "P8": "stop makes every waiting call raise Stopped at that instant; wait and try_acquire that"
    " begin after it has returned raise Stopped, also if tokens were kept.",
    "P9": "stop may be called any number of times, by any thread, beside waits, try_acquires and"
    " ticks: it returns at once, every call ends with a token, without one or with Stopped, and no"
    " thread of the ticker is left; leaving a with block stops the ticker and swallows nothing.",
    "P10": "When the clock has leapt, at most `burst` tokens are handed out at that instant, also to"
    " calls that were waiting; the other missed ticks are dropped, and the next one is on the grid.",
    "P11": "Setting the wall clock, forwards or backwards, changes nothing.",
    "P12": "Nobody polls: an idle ticker does nothing, however many ticks pass, and a waiting call"
    " does nothing until it is first in line, its time is over, or the ticker is stopped.",
    "P13": "No call becomes slower, and no memory is kept, with the calls that wait, the calls that"
    " have ended, or the ticks that were missed.",
    "P14": "A bad argument raises TypeError or ValueError, as documented, with the parameter's name"
    " in its text, and nothing has changed.",
}
MIN_INTERVAL: Final = 1e-6
"""Seconds between two ticks, at least: nobody can tell instants closer than that apart."""
MAX_INTERVAL: Final = 1e9
"""Seconds between two ticks, at most: thirty years."""


class Stopped(RuntimeError):
    """The ticker has been stopped: there is no token any more, and there will be none."""


class Ticker(Protocol):
    """Drops a token every `interval` seconds. Every method may be called from any thread.

    As a context manager it stops at the end of the block.
    """

    def wait(self, timeout: float | None = None) -> bool:
        """Take a token, waiting in line for it; answers whether there was one in time.

        Waits at most `timeout` seconds, counted from the call. None and `math.inf` wait as long as
        it takes; 0 takes a token that is kept, if nobody waits for it, and never waits. Any length
        will do, also one that is more than `threading.TIMEOUT_MAX`.

        Raises:
            Stopped: the ticker has been stopped, before the call or while it waits.
            TypeError: `timeout` is neither None nor an int or a float; a bool is none.
            ValueError: `timeout` is negative or not a number (NaN).
        """
        ...

    def try_acquire(self) -> bool:
        """Take a token that is kept, if nobody waits for it; answers whether. Never waits.

        Raises Stopped if the ticker has been stopped.
        """
        ...

    def stop(self) -> None:
        """End it for good and wake everybody who waits. Again: nothing happens. Never waits long."""
        ...

    def __enter__(self) -> Self:
        """Return the ticker itself."""
        ...

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Call `stop()`; exceptions of the block go on."""
        ...


class NewTicker(Protocol):
    """How a ticker is made."""

    def __call__(self, interval: float, burst: int = 1) -> Ticker:
        """Make a ticker whose first tick is `interval` seconds from now; at most `burst` are kept.

        Raises:
            TypeError: `interval` is no int or float, or `burst` no int; a bool is neither.
            ValueError: `interval` is not from MIN_INTERVAL to MAX_INTERVAL, or `burst` is less
                than 1.
        """
        ...
