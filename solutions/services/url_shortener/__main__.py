"""The shortener as a server: `python -m solutions.services.url_shortener --database links.db`."""

import contextlib
import sys
from collections.abc import Sequence

from solutions import serving
from solutions.services.url_shortener import (
    MemoryRepository,
    Shortener,
    ShortenerApp,
    SqliteRepository,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.url_shortener", "A URL shortener.")
    parser.add_argument("--database", help="a SQLite file; without it links live in memory")
    parser.add_argument("--base-url", default="", help="what people reach this service by")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:

        def make() -> ShortenerApp:
            file = options.database
            repository = MemoryRepository() if file is None else SqliteRepository(file)
            stack.callback(repository.close)
            return ShortenerApp(Shortener(repository), options.base_url)

        return serving.run(make, options.port)


if __name__ == "__main__":
    sys.exit(main())
