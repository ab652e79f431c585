"""Topics: what exists, and what a selector on the command line means.

A topic exists because its contract file exists; there is no registry to edit.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from graders.kit.catalogue import CHAPTERS, ROWS, catalogue_place
from graders.kit.contract import Contract, read_contract
from graders.kit.mistakes import Mistake, nearest

ROOT: Final = Path(os.environ.get("KATAS_ROOT") or Path(__file__).resolve().parents[2])


@dataclass(frozen=True)
class Topic:
    """One topic of the repository: its names and where its parts are (or would be)."""

    chapter: str
    name: str
    root: Path = ROOT

    @property
    def id(self) -> str:
        """The topic's full name, ``chapter/topic``."""
        return f"{self.chapter}/{self.name}"

    @property
    def contract(self) -> Path:
        """The contract module."""
        return self.root / "contracts" / self.chapter / f"{self.name}.py"

    @property
    def stub(self) -> Path:
        """The exercise module, which belongs to the learner."""
        return self.root / "exercises" / self.chapter / f"{self.name}.py"

    @property
    def exercise(self) -> Path:
        """What the learner has made of the stub."""
        return grown(self.stub)

    @property
    def brief(self) -> Path:
        """The task as an interviewer gives it."""
        return self.root / "exercises" / self.chapter / f"{self.name}.md"

    @property
    def solution(self) -> Path:
        """The reference: a module, or a folder of layers."""
        folder = self.root / "solutions" / self.chapter / self.name
        return folder if folder.is_dir() else folder.with_suffix(".py")

    @property
    def grader(self) -> Path:
        """The folder with checks, impostors, peers and bench."""
        return self.root / "graders" / self.chapter / self.name

    @cached_property
    def definition(self) -> Contract:
        """What the contract says; read once, a ``Mistake`` if it cannot be read."""
        return read_contract(self.contract)

    @property
    def title(self) -> str:
        """Title, as the contract gives it."""
        return self.definition.title

    @property
    def level(self) -> str:
        """Level: easy, medium or hard."""
        return self.definition.level

    @property
    def minutes(self) -> int:
        """Interview minutes."""
        return self.definition.minutes


def grown(module: Path) -> Path:
    """The module, or the package of its name beside it: the one that Python would import."""
    package = module.with_suffix("")
    return package if (package / "__init__.py").is_file() else module


def discover(root: Path = ROOT) -> list[Topic]:
    """Return every topic that has a contract, in the order of the catalogue."""
    found = [
        Topic(path.parent.name, path.stem, root)
        for path in (root / "contracts").glob("*/*.py")
        if not path.stem.startswith("_") and path.is_file()
    ]
    return sorted(found, key=lambda topic: catalogue_place(topic.chapter, topic.name))


def find(selectors: Sequence[str] = (), root: Path = ROOT) -> list[Topic]:
    """Return the topics that the selectors name, each once, in the order of the catalogue.

    A selector is a topic, ``chapter/topic`` or a chapter; no selector means every topic.
    An unknown or ambiguous one is a ``Mistake`` that names the nearest.
    """
    topics = discover(root)
    if not selectors:
        return topics
    chosen = {topic for selector in selectors for topic in _matching(selector, topics)}
    return [topic for topic in topics if topic in chosen]


def _matching(selector: str, topics: list[Topic]) -> list[Topic]:
    wanted = selector.strip().strip("/")
    found = [topic for topic in topics if wanted in {topic.id, topic.chapter, topic.name}]
    named = [topic for topic in found if topic.chapter != wanted]
    if named and len(named) < len(found):
        raise Mistake(f"{wanted!r} is a topic and a chapter: write {named[0].id}")
    if len(named) > 1:
        raise Mistake(f"{wanted!r} is ambiguous: write {' or '.join(t.id for t in named)}")
    if not found:
        raise _unknown(wanted, topics)
    return found


def _unknown(wanted: str, topics: list[Topic]) -> Mistake:
    menu = "`nox -s topics` lists them"
    for chapter, name, _ in ROWS:
        if wanted in {name, f"{chapter}/{name}"}:
            return Mistake(f"topic {chapter}/{name} is planned, not built yet: {menu}")
    if wanted in CHAPTERS:
        return Mistake(f"chapter {wanted!r} has no topic yet: {menu}")
    known = {word for topic in topics for word in (topic.name, topic.id, topic.chapter)}
    hint = nearest(wanted, known) or ": its name is misspelt or not built yet;"
    return Mistake(f"no topic or chapter {wanted!r}{hint} {menu}")
