"""New topics and fresh stubs: writing files without ever losing one."""

import keyword
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Final

from graders.kit.catalogue import CHAPTERS
from graders.kit.mistakes import Mistake, nearest
from graders.kit.stubs import holds_work, is_fresh, stub_for, write_stub
from graders.kit.topics import ROOT, Topic, discover

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_PARTS: Final = {
    "contracts/{chapter}/{topic}.py": "contract",
    "exercises/{chapter}/{topic}.md": "brief",
    "solutions/{chapter}/{topic}.py": "solution",
    "graders/{chapter}/{topic}/test_{topic}.py": "checks",
    "graders/{chapter}/{topic}/impostors.py": "impostors",
    "graders/{chapter}/{topic}/peers.py": "peers",
    "graders/{chapter}/{topic}/bench_{topic}.py": "bench",
    "graders/{chapter}/{topic}/scene.py": "scene",
}


class Stale(Enum):
    """How an exercise module stands to its contract; in words: as found, as left behind."""

    NO = ("fresh", "fresh")
    MISSING = ("missing", "written")
    OLD = ("old", "renewed")
    DIFFERS = ("yours", "yours")


def refresh(topic: Topic, *, write: bool = True) -> Stale:
    """Write the stub if it is missing or an untouched older one; never touch a learner's work."""
    if is_fresh(topic):
        return Stale.NO
    if not topic.stub.exists():  # noqa: SIM108 - three cases in one line read badly
        stale = Stale.MISSING
    else:
        stale = Stale.DIFFERS if holds_work(topic) else Stale.OLD
    if write and stale is not Stale.DIFFERS:
        write_stub(topic)
    return stale


def reset(topic: Topic, now: Callable[[], datetime] = datetime.now) -> Path | None:
    """Put a fresh stub in place and return where the old work was kept, or None if none was.

    The learner's work, module or package, is moved, never overwritten: a backup has a name that no file has.
    """
    kept, time = None, now()
    for work in dict.fromkeys((topic.stub, topic.exercise)):
        if work.exists() or work.is_symlink():
            stub_for(topic)  # a broken contract must be known before anything is moved
            kept = _backup(topic, work.suffix, time)
            work.rename(kept)
    write_stub(topic)
    return kept


def _backup(topic: Topic, suffix: str, now: datetime) -> Path:
    folder = topic.root / "backups" / topic.chapter
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{topic.name}-{now:%Y-%m-%d-%H%M%S}"
    for number in count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if not (path.exists() or path.is_symlink()):
            return path
    raise AssertionError("count() ended")


def new(place: str, root: Path = ROOT) -> list[Path]:
    """Write the parts of the topic ``chapter/topic`` from templates; return the new files.

    A file that exists is left alone.
    """
    chapter, topic = _parse(place, root)
    written = [path for path, text in _texts(chapter, topic, root) if _write(path, text)]
    made = Topic(chapter, topic, root)
    if not made.stub.exists():
        written.insert(1, write_stub(made))
    return written


def _parse(place: str, root: Path) -> tuple[str, str]:
    chapter, slash, topic = place.strip("/").partition("/")
    if not slash or not _NAME.fullmatch(topic):
        raise Mistake(f"{place!r} names no new topic: write chapter/topic, e.g. patterns/memento")
    if {topic, _class_name(topic)} & {*keyword.kwlist, *keyword.softkwlist}:
        raise Mistake(f"{topic!r} is a word of Python: choose another name")
    if topic in sys.stdlib_module_names or topic == "conftest":
        raise Mistake(f"{topic!r} is a module that others import: choose another name")
    if chapter not in CHAPTERS:
        hint = nearest(chapter, CHAPTERS) or ":"
        raise Mistake(f"no chapter {chapter!r}{hint} the chapters are {', '.join(CHAPTERS)}")
    for other in discover(root):
        if other.name == topic:
            raise Mistake(f"topic {other.id} exists: choose another name, or edit it")
    return chapter, topic


def _texts(chapter: str, topic: str, root: Path) -> Iterator[tuple[Path, str]]:
    words = topic.replace("_", " ")
    values = {
        "chapter": chapter,
        "topic": topic,
        "title": words.capitalize(),
        "Class": _class_name(topic),
    }
    for target, template in _PARTS.items():
        text = (files("graders.kit") / "templates" / f"{template}.txt").read_text(encoding="utf-8")
        yield root / _fill(target, values), _fill(text, values)


def _class_name(topic: str) -> str:
    return "".join(word.capitalize() for word in topic.split("_"))


def _fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _write(path: Path, text: str) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
