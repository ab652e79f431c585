"""The cache behind its HTTP front, on loopback: 10,000 entries that live for five minutes."""

from typing import Final
from wsgiref.types import WSGIApplication

from graders.kit import Implementation

TRY: Final = (
    "curl -i -X PUT --data-binary hello {url}/cache/greeting",
    "curl -i {url}/cache/greeting",
    "curl -i -X PUT --data-binary soon '{url}/cache/short?ttl=2'",
    "curl -i {url}/cache/short      # 404 after two seconds",
    "curl {url}/stats",
)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    served: WSGIApplication = impl.CacheApp(impl.Cache(10_000, 300.0))
    return served
