"""The shortener behind its HTTP front, on loopback: links in a SQLite file of this run."""

import tempfile
from pathlib import Path
from typing import Final
from wsgiref.types import WSGIApplication

from graders.kit import Implementation

POST: Final = "curl -i -H 'Content-Type: application/json' {url}/links -d "
TRY: Final = (
    POST + """'{{"url": "https://example.com/"}}'""",
    POST + """'{{"url": "https://example.com/a?b=c", "alias": "soon", "ttl": 30}}'""",
    "curl -i {url}/soon             # 410 after half a minute",
    "curl {url}/links/soon          # hits and all",
    "curl -i -X DELETE {url}/links/soon",
)


def app(impl: Implementation) -> WSGIApplication:
    """What is served."""
    file = Path(tempfile.mkdtemp(prefix="links-")) / "links.db"
    served: WSGIApplication = impl.ShortenerApp(impl.Shortener(impl.SqliteRepository(file)))
    return served
