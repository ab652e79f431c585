"""The queue behind its HTTP front, on loopback: two workers, ten places, three attempts."""

import time
from typing import Any, Final
from wsgiref.types import WSGIApplication

from graders.kit import Implementation
from graders.kit.load import Shot

TRY: Final = (
    "curl {url}/stats",
    """curl -i {url}/jobs -d '{{"kind": "sum", "payload": [1, 2, 3]}}'""",
    "curl {url}/jobs/<id>                # the id of the answer above",
    """curl -i {url}/jobs -d '{{"kind": "broken"}}'   # look at it again: it is retried""",
    """curl {url}/jobs -d '{{"kind": "nap", "payload": 60}}'   # ten of these: the queue is full""",
)
LOAD: Final = (
    Shot("POST", "/jobs", (202, 503), b'{"kind": "sum", "payload": [1, 2]}'),
    Shot("GET", "/stats", 200, holds=b"accepted"),
    Shot("GET", "/jobs/nobodys", 404, holds=b"error"),
    Shot("POST", "/jobs", 400, b'{"kind": "$n"}', b"error"),
    Shot("PUT", "/jobs", 405, b"x", b"error"),
)


def nap(seconds: float) -> str:
    """Sleep."""
    time.sleep(seconds)
    return "slept well"


def broken(_: Any) -> None:
    """Fail."""
    raise ConnectionError("the provider does not answer")


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    handlers = {"sum": sum, "nap": nap, "broken": broken}
    queue = impl.JobQueue(handlers, 2, 10, base_delay=8.0)
    served: WSGIApplication = impl.JobApp(queue)
    return served
