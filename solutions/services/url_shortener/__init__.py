"""Reference: a URL shortener in layers, and what was traded for what.

* `memory`, `sqlite`: the repositories. In SQLite every write is one statement that commits by
  itself: no transaction to forget, no look before the leap. A small pool gives each call a
  connection of its own, so that waiting writers wait together and readers not at all.
* `rules`: what may be shortened. An allow-list: one regular expression, no parser that is kinder
  than the browser's.
* `service`: codes, time, who is dead. It keeps nothing, so that any number of processes agree.
* `handler`: the WSGI front; `__main__` the server, on loopback.

Exact hits cost a commit per redirect, and a full disk stops the redirects: counting in batches
would be faster, would go on, and would lose counts at a crash. Codes that are never given again
cost a row for ever. 302 costs a request per visit; 301 would cost the hits.

Run it: `python -m solutions.services.url_shortener --database links.db --port 8080`.
"""

from solutions.services.url_shortener.handler import ShortenerApp
from solutions.services.url_shortener.memory import MemoryRepository
from solutions.services.url_shortener.service import Shortener
from solutions.services.url_shortener.sqlite import SqliteRepository

__all__ = ["MemoryRepository", "Shortener", "ShortenerApp", "SqliteRepository"]
