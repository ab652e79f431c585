"""How fast a shortener is. Never a verdict.

Sizes: 1,000 links, in memory or in a SQLite file in a folder for temporary files.
Keys: codes drawn by the shortener; resolved in turn, or Zipf-like (rank r has a weight of 1/r).
Mix: shorten: writes only. resolve: a read and the write of a hit. look: reads only.
Threads: one.
"""

import random
import tempfile
from pathlib import Path
from typing import Any

from graders.kit import Implementation

SIZE = 1_000
FEW = 20  # as each of them may wait for the disk
URL = "https://example.com/a?b=c"


def filled(contender: Implementation, repository: Any) -> tuple[Any, list[str]]:
    """A shortener with links, and their codes."""
    shortener = contender.Shortener(repository)
    return shortener, [shortener.shorten(URL).code for _ in range(SIZE)]


def file() -> Path:
    """A file that is not there yet."""
    return Path(tempfile.mkdtemp(prefix="links-")) / "links.db"


def test_shorten_in_memory(benchmark: Any, contender: Implementation) -> None:
    """`shorten` with a drawn code, MemoryRepository."""
    shortener = contender.Shortener(contender.MemoryRepository())
    benchmark.extra_info["operations"] = SIZE
    benchmark(lambda: [shortener.shorten(URL) for _ in range(SIZE)])


def test_resolve_in_memory(benchmark: Any, contender: Implementation) -> None:
    """`resolve` along a Zipf-like trace, MemoryRepository."""
    shortener, codes = filled(contender, contender.MemoryRepository())
    trace = random.Random(0).choices(codes, [1 / (rank + 1) for rank in range(SIZE)], k=SIZE)
    benchmark.extra_info["operations"] = SIZE
    benchmark(lambda: [shortener.resolve(code) for code in trace])


def test_shorten_in_sqlite(benchmark: Any, contender: Implementation) -> None:
    """`shorten` with a drawn code, SqliteRepository: a commit each."""
    shortener = contender.Shortener(contender.SqliteRepository(file()))
    benchmark.extra_info["operations"] = FEW
    benchmark(lambda: [shortener.shorten(URL) for _ in range(FEW)])


def test_resolve_in_sqlite(benchmark: Any, contender: Implementation) -> None:
    """`resolve`, SqliteRepository with 1,000 links: a read and a commit each."""
    shortener, codes = filled(contender, contender.SqliteRepository(file()))
    benchmark.extra_info["operations"] = FEW
    benchmark(lambda: [shortener.resolve(code) for code in codes[:FEW]])


def test_look_in_sqlite(benchmark: Any, contender: Implementation) -> None:
    """`look`, SqliteRepository with 1,000 links: reads only."""
    shortener, codes = filled(contender, contender.SqliteRepository(file()))
    benchmark.extra_info["operations"] = FEW
    benchmark(lambda: [shortener.look(code) for code in codes[:FEW]])
