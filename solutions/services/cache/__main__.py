"""The cache as a server on loopback: `python -m solutions.services.cache --port 8080`."""

import math
import sys
from collections.abc import Sequence

from solutions import serving
from solutions.services.cache import Cache, CacheApp


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.cache", "A cache with an HTTP front.")
    parser.add_argument("--capacity", type=int, default=10_000, help="entries")
    parser.add_argument("--ttl", type=float, default=math.inf, help="seconds; default: for ever")
    parser.add_argument("--max-value-bytes", type=int, default=1_000_000)
    options = parser.parse_args(arguments)
    return serving.run(
        lambda: CacheApp(Cache(options.capacity, options.ttl), options.max_value_bytes),
        options.port,
    )


if __name__ == "__main__":
    sys.exit(main())
