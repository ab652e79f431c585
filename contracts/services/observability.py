"""Observability: request ids, one log line per request, and metrics that can be scraped.

Seen in production as the first middleware of every service: correlation ids (django-cid,
asgi-correlation-id), structured logs (structlog, loguru), the Prometheus client libraries.

Decided here, because real libraries disagree:

* An id that comes with a request is kept if it is harmless (see ID_PATTERN), else replaced; it is
  never repaired, and a bad one is no reason to refuse the request.
* A request lasts from the call of the middleware until the body that it returned has been closed,
  or until an exception leaves the application's call. Then it is counted and logged, once.
* `request_id()` is set while the code of the application runs for a request: in its call, in every
  step of its body, in the closing of the body. It is not set between these, nor afterwards.
* A plain thread or executor inherits nothing; `carried(function)` takes the id along.
* Log lines are flat JSON objects in plain ASCII. What JSON cannot hold becomes text; what is long
  is cut; what is called like a secret is redacted. Query strings and headers are never logged.
* Logging cannot fail and does not fail the request: a line that cannot be written is counted.
* Labels take a bounded number of values: what the application names as its routes, and "other".
* A counter's name ends in `_total`; it is exposed under that very name.
* Durations are differences of `time.monotonic()`. Only `time` in the log is the wall clock.
* Nothing here starts a thread.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, Protocol, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

P = ParamSpec("P")
T = TypeVar("T")

TITLE: Final = "Observability"
LEVEL: Final = "hard"
MINUTES: Final = 75
IMPLEMENT: Final = ("Registry", "Log", "Observed", "OpsApp", "request_id", "carried")
PROMISES: Final = {
    "P1": "Counts are exact: every add, set and observe of every thread takes effect once, and"
    " declaring a metric again, also in two threads at once, gives the same metric.",
    "P2": "Histogram buckets are cumulative with an inclusive bound, `+Inf` equals `_count`, and in"
    " every scrape all lines of one label set show the same instant.",
    "P3": "render() gives the text format 0.0.4, as the docstring of Registry has it, whatever"
    " the label values and help texts contain.",
    "P4": "Bad names, labels, buckets, values and limits are refused with the documented error"
    " before anything has changed.",
    "P5": "No update becomes slower with the number of metrics or label sets, and of a request"
    " that is over nothing is kept but its counts.",
    "P6": "Every log line is one JSON object in printable ASCII with the documented fields,"
    " whatever the values are; texts are cut to MAX_TEXT characters.",
    "P7": "A line is written whole, by one call of write and then one of flush; calls of the"
    " stream never overlap.",
    "P8": "Logging never raises: of a stream that fails, only the lines are lost, and lost() says"
    " exactly how many.",
    "P9": "Secrets stay out of the log: fields named like one are redacted, and neither the query"
    " string nor a header other than a valid id is ever logged.",
    "P10": "Every request has one id: the X-Request-ID that came with it if that is valid, else a"
    " fresh one that nobody has had before; every answer of the application carries it, once.",
    "P11": "request_id() is the id of the request whose code is running, in every step until the"
    " body is closed, and never that of another one: not between the steps, not after an error,"
    " not in the next request of the same thread, not after a request within a request.",
    "P12": "carried(function) runs the function for the request of whoever called carried, in any"
    " thread, at any time and many times at once, and then leaves the thread as it was.",
    "P13": "Every request writes exactly one line with the documented fields, however it ends.",
    "P14": "Durations are measured with the monotonic clock, from the call of the middleware until"
    " the body has been closed; the line and the histogram tell the same.",
    "P15": "Every request is counted once and observed once, and is in flight exactly until its"
    " end, however it ends.",
    "P16": "The labels of the three request metrics take a bounded number of values, whatever is"
    " requested and whatever `route` answers.",
    "P17": "The middleware changes nothing of what it observes, apart from the X-Request-ID of the"
    " answer: environ, body, order and time of each step, exceptions and closing are the same.",
    "P18": "Nobody waits for others: neither a running application, nor a log stream that is slow,"
    " nor a scrape that is being read holds up other requests or updates.",
    "P19": "OpsApp answers /metrics and /health, and everything else with the status of its table"
    " and a JSON error, without reading the request body.",
}

ID_PATTERN: Final = "[A-Za-z0-9._-]{1,64}"
"""What the whole of a valid request id looks like: 1 to 64 of these ASCII characters."""

MAX_TEXT: Final = 1024
"""The longest text in a log line, in characters before JSON escapes them."""

SECRET_WORDS: Final = ("authorization", "cookie", "password", "secret", "token")
"""A field whose name contains one of these, in upper or lower case, is logged as REDACTED."""

REDACTED: Final = "[redacted]"
OTHER: Final = "other"
"""The label value of every method that is not in METHODS, and of every route beyond the known."""

METHODS: Final = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
)
DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds: the buckets of request durations."""


class Counter(Protocol):
    """A number that only grows, one for each set of label values. May be used from any thread."""

    def add(self, amount: float = 1, /, **labels: str) -> None:
        """Add `amount` to the number under these label values.

        Raises:
            ValueError: `amount` is negative, not finite, or an `int` that no float can hold;
                `labels` are not exactly the label names of this metric.
            TypeError: `amount` is not an `int` or `float`; a label value is not a `str`.
        """
        ...


class Gauge(Protocol):
    """A number that goes up and down, one for each set of label values. From any thread."""

    def add(self, amount: float, /, **labels: str) -> None:
        """Add `amount`, which may be negative. Errors as in Counter, apart from that."""
        ...

    def set(self, value: float, /, **labels: str) -> None:
        """Set the number, to any float: infinities and NaN are values here.

        Raises `ValueError` for wrong labels and for an `int` that no float can hold, `TypeError`
        for wrong types, as in Counter.
        """
        ...


class Histogram(Protocol):
    """Counts of observed values by bucket, for each set of label values. From any thread."""

    def observe(self, value: float, /, **labels: str) -> None:
        """Count `value`, which may be negative, in every bucket whose bound is at least `value`.

        Raises `ValueError` if it is not finite, an `int` that no float can hold, or the labels are
        wrong, `TypeError` for wrong types, as in Counter.
        """
        ...


class Registry(Protocol):
    """Metrics, and their text. Every method may be called from any thread.

    Metric names match `[a-zA-Z_:][a-zA-Z0-9_:]*`, label names `[a-zA-Z_][a-zA-Z0-9_]*` and do not
    begin with two underscores (ASCII only, the whole of the name). A metric is exposed by samples
    of these names: a counter or gauge by its own, a histogram by its own followed by `_bucket`,
    `_sum` and `_count`.

    Declaring a name again, with the same kind, label names and buckets, returns the same object;
    the first help text stays. The methods that declare a metric raise `ValueError` for a name that
    is not as above, for a name that is taken by a metric of another kind, with other label names or
    buckets, for a sample name that another metric has, and for a label name that is there twice.

    Lone surrogates (U+D800 to U+DFFF) in a label value or help text are replaced by U+FFFD when they come
    in: two label values that are the same after that are one.
    """

    def counter(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Counter:
        """Declare a counter. Raises `ValueError` also if `name` does not end in `_total`."""
        ...

    def gauge(self, name: str, help_text: str, labels: Iterable[str] = ()) -> Gauge:
        """Declare a gauge."""
        ...

    def histogram(
        self,
        name: str,
        help_text: str,
        labels: Iterable[str] = (),
        buckets: Iterable[float] = DURATION_BUCKETS,
    ) -> Histogram:
        """Declare a histogram with these upper bounds; `+Inf` is added to them.

        Raises `ValueError` also if `buckets` is empty, not strictly ascending or not finite, and
        if a label is called `le`.
        """
        ...

    def render(self) -> str:
        r"""Return all metrics in the Prometheus text format 0.0.4; "" if there are none.

        Lines end in "\n". For each metric, in any order: a line `# HELP name help_text`, a line
        `# TYPE name kind` (counter, gauge or histogram), then its samples, and nothing else:

            name{label="value",other="value"} number

        * Labels may come in any order; without labels there are no braces.
        * In a label value a backslash is written `\\`, a double quote `\"`, a newline `\n`; in a
          help text a backslash `\\` and a newline `\n`. All other characters stay as they are.
        * Numbers are written as Python's `float` reads them; the special ones `NaN`, `+Inf`, `-Inf`.
        * A histogram has, for each set of label values, its buckets in ascending order, each with
          the bound in the label `le`, the last one `le="+Inf"`; then `name_sum` and `name_count`, in
          either order.
        * A metric without labels has its samples from the start, at 0; one with labels has those
          label sets that have been used.

        The samples of one set of label values show one instant between call and return.
        Cost: linear in the number of samples.
        """
        ...


class NewRegistry(Protocol):
    """How a Registry is made."""

    def __call__(self) -> Registry:
        """Make a registry without metrics. Registries share nothing."""
        ...


class Stream(Protocol):
    """Where log lines go. Not safe for use by several threads; both methods may raise and wait."""

    def write(self, text: str, /) -> object:
        """Write the text."""
        ...

    def flush(self) -> object:
        """Hand on what has been written."""
        ...


class Log(Protocol):
    """Writes log lines to a stream: one JSON object, then a newline. From any thread.

    Each line holds these fields, in any order, and then those that the caller gives:

    * `time`: the wall clock in UTC, to the millisecond, as `2026-01-31T23:59:59.999Z`.
    * `level`: "info" or "error", after the method that was called.
    * `event`: the event.
    * `request_id`: request_id() of the thread that logs, or null.

    A field of the caller that is named as one of these is left out. A field whose name contains
    one of SECRET_WORDS, in upper or lower case, has the value REDACTED.

    Values: `None`, `bool`, `int` between -2**63 and 2**63 - 1, finite `float` and `str` are
    written as JSON has them. Anything else is written as the text `repr(value)`, and if that raises
    as the name of the value's class; `repr` is called with nothing locked, and may log itself. A
    text (also the event) is cut to its first MAX_TEXT characters, and lone surrogates in it are
    replaced by U+FFFD. In the whole line there is no character below U+0020 or above U+007E but the
    newline at its end.

    A line is written with exactly one call of the stream's `write`, followed by one of `flush`, in
    the thread that logs, before the method returns. Calls of the stream never overlap. If either
    raises an `Exception`, the line counts as lost, and nothing is raised or repeated.
    """

    def info(self, event: str, /, **fields: Any) -> None:
        """Write a line with the level "info"."""
        ...

    def error(self, event: str, /, **fields: Any) -> None:
        """Write a line with the level "error"."""
        ...

    def lost(self) -> int:
        """Return how many lines have been lost. Does not wait for the stream."""
        ...


class NewLog(Protocol):
    """How a Log is made."""

    def __call__(self, stream: Stream) -> Log:
        """Make a log that writes to `stream`. Only this log uses the stream; logs share nothing."""
        ...


class Observed(Protocol):
    """A WSGI application around another one, which it observes. From many threads at once.

    **Id.** The request's id is the header X-Request-ID if all of it matches ID_PATTERN, else a fresh
    one: 32 hexadecimal digits in lower case, from the randomness of the operating system (`uuid4`,
    `secrets`): no two processes make the same, whatever seeds `random` has had. Every set of headers that
    the application gives to `start_response` goes on with the header `X-Request-ID`, in the place of
    any that the application has put there itself.

    **End.** The request is over when the body that the application returned has been closed: when
    `close()` of the middleware's iterable returns or raises. If the call of the application raises,
    it is over at that moment. (A server calls `close()` in every case, once; a second call does
    nothing.) The application's body is closed by its own `close()`, if it has one, exactly then.

    **At the end**, before the caller goes on, the three metrics are updated, and after that one line
    is logged. First `route(environ)` is called, once, with nothing locked: it says which route of the application that
    was, as a template like `/users/<id>`. None, anything that is no `str`, and an `Exception`
    that it raises stand for OTHER. So does every route that is new after `max_routes` others have
    been seen by this middleware.

    | metric | kind and labels | meaning |
    | --- | --- | --- |
    | `http_requests_total` | counter; method, route, status | requests that are over |
    | `http_request_duration_seconds` | histogram; method, route | their durations (DURATION_BUCKETS) |
    | `http_requests_in_flight` | gauge | requests that have begun and are not over |

    The label `method` is the request's method if it is in METHODS (as written there), else OTHER.

    The line: event "request", level "error" if `error` is not null or `status` is 500 or more, else
    "info". Its fields, in addition to those of every line:

    * `method`, `path`: as the request came, whatever the application does to its environ. The path
      is SCRIPT_NAME and PATH_INFO, their bytes read as UTF-8, with U+FFFD for what is none.
    * `route`: as in the metrics.
    * `status`: the number of the last status that `start_response` took without raising. But 500,
      the server's answer, if it took none, or if an exception leaves the application's call or a
      step of its body before the first byte of a body has been handed over. (The same in metrics.)
    * `bytes`: how many bytes of body were handed to the server.
    * `duration`: seconds, exact to a microsecond.
    * `error`: the name of the class of the first exception (any BaseException) that left the
      application's call, a step of its body or its closing; else of that in the last `exc_info` given
      to `start_response`; else null.

    Whatever the application raises goes on to the caller. Nothing is read ahead, joined or kept
    back: each step of the returned iterable is one step of the application's body. environ is handed
    on as it is. Body steps and closing may come from other threads than the call. An application may
    itself call this or another Observed: within that request its own id holds, then the outer one.
    Requests may have the same id, also at the same time: they are still two.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        ...


class NewObserved(Protocol):
    """How an Observed is made."""

    def __call__(
        self,
        app: WSGIApplication,
        registry: Registry,
        log: Log,
        route: Callable[[WSGIEnvironment], str | None],
        max_routes: int = 100,
    ) -> Observed:
        """Observe `app`, with the metrics declared in `registry` here and now, and lines to `log`.

        Several may share a registry and a log. Raises `ValueError` if `max_routes` is less than 1.
        """
        ...


class OpsApp(Protocol):
    """The WSGI application for those who watch: Prometheus and the load balancer.

    | request | answer |
    | --- | --- |
    | GET /metrics | 200, registry.render() in UTF-8, `text/plain; version=0.0.4; charset=utf-8` |
    | GET /health | 200, the JSON object `{"status": "ok"}`, `application/json` |
    | HEAD of either | status and headers as for GET, and no body |

    Refusals, in this order, with a JSON object that holds a text under `error`:

    | status | when |
    | --- | --- |
    | 404 | the path (PATH_INFO) is neither of the two |
    | 405 | another method; `Allow` lists GET and HEAD |

    A query string means nothing. The body of a request is never read, whatever its length is said
    to be. Every answer has Content-Type and Content-Length; to HEAD there is never a body.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI (PEP 3333) has it."""
        ...


class NewOpsApp(Protocol):
    """How an OpsApp is made."""

    def __call__(self, registry: Registry) -> OpsApp:
        """Show the metrics of `registry`."""
        ...


def request_id() -> str | None:
    """Return the id of the request that this thread is working for, or None."""
    raise NotImplementedError


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that does what `function` does, for the request of the caller of `carried`.

    For work in other threads: `threading.Thread(target=carried(job))`, `pool.submit(carried(job))`.
    While it runs, request_id() is what it was where `carried` was called, also if that was None, and
    also if that request is over. Afterwards it is again what it was in that thread, whether
    `function` returned or raised. Arguments, result and exception are those of `function`. It may
    be called often, and by several threads at the same time.
    """
    raise NotImplementedError
