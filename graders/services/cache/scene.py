"""The cache behind its HTTP front, on loopback: 10,000 entries that live for five minutes."""

from typing import Final
from wsgiref.types import WSGIApplication

from graders.kit import Implementation
from graders.kit.load import Shot

TRY: Final = (
    "curl -i -X PUT --data-binary hello {url}/cache/greeting",
    "curl -i {url}/cache/greeting",
    "curl -i -X PUT --data-binary soon '{url}/cache/short?ttl=2'",
    "curl -i {url}/cache/short      # 404 after two seconds",
    "curl {url}/stats",
)
LOAD: Final = (
    Shot("PUT", "/cache/$n", 204, b"value of $n"),
    Shot("GET", "/cache/$n", 200, holds=b"value of $n"),
    Shot("GET", "/cache/nothing", 404, holds=b"error"),
    Shot("DELETE", "/cache/$n", 204),
    Shot("GET", "/cache/$n", 404),
    Shot("GET", "/stats", 200, holds=b"hits"),
    Shot("POST", "/cache/$n", 405, b"no"),
)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    served: WSGIApplication = impl.CacheApp(impl.Cache(10_000, 300.0))
    return served
