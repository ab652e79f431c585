"""The shortener behind its HTTP front, on loopback: links in a SQLite file of this run."""

import tempfile
from pathlib import Path
from typing import Final
from wsgiref.types import WSGIApplication

from graders.kit import Implementation
from graders.kit.load import Shot

POST: Final = "curl -i -H 'Content-Type: application/json' {url}/links -d "
TRY: Final = (
    POST + """'{{"url": "https://example.com/"}}'""",
    POST + """'{{"url": "https://example.com/a?b=c", "alias": "soon", "ttl": 30}}'""",
    "curl -i {url}/soon             # 410 after half a minute",
    "curl {url}/links/soon          # hits and all",
    "curl -i -X DELETE {url}/links/soon",
)
JSON: Final = {"Content-Type": "application/json"}
LOAD: Final = (
    Shot(
        "POST",
        "/links",
        (201, 409),  # the second time its alias is taken
        b'{"url": "https://example.com/$n", "alias": "to-$n"}',
        headers=JSON,
    ),
    Shot("GET", "/to-$n", 302),
    Shot("HEAD", "/to-$n", 302),
    Shot("GET", "/links/to-$n", 200, holds=b"https://example.com/$n"),
    Shot("POST", "/links", 400, b'{"url": "javascript:alert($n)"}', b"error", JSON),
    Shot("GET", "/nowhere", 404, holds=b"error"),
)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    file = Path(tempfile.mkdtemp(prefix="links-")) / "links.db"
    served: WSGIApplication = impl.ShortenerApp(impl.Shortener(impl.SqliteRepository(file)))
    return served
