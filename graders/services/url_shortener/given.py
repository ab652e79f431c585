"""What several of the checks start from."""

from collections.abc import Callable, Iterator
from typing import Any

from contracts.services.url_shortener import Link, Repository
from graders.kit import Implementation
from graders.kit.sqlite import Database

URL = "https://example.com/"
LINK = Link("code", URL, 1.0)


def repositories(impl: Implementation) -> Iterator[tuple[str, Repository]]:
    """One of each, empty, with its name."""
    yield "MemoryRepository", impl.MemoryRepository()
    database = Database()
    yield "SqliteRepository", impl.SqliteRepository(database.path, database.connect)


def opened(impl: Implementation, database: Database) -> Repository:
    """A repository on this file, with a link `code` in it."""
    repository: Repository = impl.SqliteRepository(database.path, database.connect)
    repository.add(LINK)
    return repository


def writes(repository: Repository) -> dict[str, Callable[[], Any]]:
    """One call of each kind that writes."""
    return {
        "add": lambda: repository.add(Link("new", URL, 2.0)),
        "count_hit": lambda: repository.count_hit("code"),
        "delete": lambda: repository.delete("code"),
    }
