"""Loading an implementation: by path, under a private name, with or without switch points.

`exercises | solutions | peers:<Name> | impostors:<Name> | path/to/file.py | path/to/folder`
"""

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from graders.kit.guard import ANSWERS, guarded_builtins
from graders.kit.mistakes import Mistake, nearest
from graders.kit.parts import require
from graders.kit.sim import Finder, Manner, load, prepare, sources, survey
from graders.kit.topics import ROOT, Topic, grown

START = Path(os.environ.get("KATAS_START") or Path.cwd())
"""Where the program was called; a child, or a sandbox, works in a folder of its own."""
MOST_SOURCE = 500_000  # bytes; switch points are put into all of it
KINDS = ("exercises", "solutions", "peers:<Name>", "impostors:<Name>", "a path")


class Implementation:
    """The names an implementation defines; `impl.Cache(...)`. AttributeError names what is missing."""

    def __init__(self, source: str, path: Path, *layers: Any) -> None:
        self._source, self._path, self._layers = source, path, layers

    def __getattr__(self, name: str) -> Any:
        for layer in self._layers:
            if name in vars(layer):
                return getattr(layer, name)
        raise AttributeError(f"{self._path.name} does not define {name}")

    @property
    def own(self) -> "Implementation":
        """The same without what the reference fills in for a peer."""
        layers = self._layers[:1] if self._source.startswith("peers:") else self._layers
        return Implementation(self._source, self._path, *layers)

    @property
    def spec(self) -> str:
        """What `--impl` names it."""
        return self._source

    @property
    def path(self) -> Path:
        """The file or folder it was loaded from."""
        return self._path

    def __repr__(self) -> str:
        return f"<implementation {self._source}>"


@dataclass(frozen=True)
class Source:
    """Where an implementation of one topic comes from, parsed from `--impl`."""

    topic: Topic
    kind: str
    path: Path
    name: str = ""

    @property
    def is_learners(self) -> bool:
        """Whether the answers are closed to it."""
        return self.kind in {"exercises", "path"}


def parse(topic: Topic, spec: str) -> Source:
    """What `--impl` means for a topic; Mistake if there is no such thing."""
    kind, _, name = spec.partition(":")
    if spec == "exercises":
        work = _existing(topic.exercise, f"run: nox -s stubs -- {topic.name}")
        return Source(topic, spec, _of_a_size(work))
    if spec == "solutions":
        return Source(topic, spec, _existing(topic.solution, "the reference is missing"))
    if kind in {"peers", "impostors"} and name:
        require(topic, kind, name)
        return Source(
            topic, kind, _existing(topic.grader / f"{kind}.py", f"{topic.id} has none"), name
        )
    path = Path(os.path.expanduser(spec))  # noqa: PTH111 - Path's raises for an unknown user
    path = path if path.is_absolute() else START / path
    if not _is_file_or_folder(path):
        raise Mistake(
            f"--impl {spec}: neither one of {', '.join(KINDS)} nor an existing file or folder"
        )
    if path.is_dir() and not (path / "__init__.py").is_file():
        path = _in_tree(topic, path)
    return Source(topic, "path", _of_a_size(path))


def _is_file_or_folder(path: Path) -> bool:
    """Whether reading it comes to an end: a pipe or a device may wait for ever."""
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):  # a name too long, a null byte
        return False


def _of_a_size(path: Path) -> Path:
    size = sum(file.stat().st_size for file in sources(path))
    if size > MOST_SOURCE:
        raise Mistake(
            f"{path.name} holds {size / 1e6:.1f} MB of Python, more than {MOST_SOURCE / 1e6:g} MB:"
            " leave in it what the exercise needs"
        )
    return path


def _existing(path: Path, repair: str) -> Path:
    if not _is_file_or_folder(path):
        what = "is no file" if path.exists() else "does not exist"
        raise Mistake(
            f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path} {what}; {repair}"
        )
    return path


def _in_tree(topic: Topic, folder: Path) -> Path:
    """In a folder of many topics: chapter/topic below it, or topic.py in it."""
    for place in (folder / topic.chapter, folder):
        path = grown(place / f"{topic.name}.py")
        if path.exists():
            return path
    raise Mistake(f"{folder} holds neither __init__.py nor {topic.name}.py nor {topic.id}.py")


def open_source(source: Source, *, points: bool = True) -> Implementation:
    """Load it. Raises whatever its code raises. Call it in the child that grades."""
    label = f"{source.kind}:{source.name}" if source.name else source.kind
    label = str(source.path) if source.kind == "path" else label
    if source.kind == "solutions":
        return Implementation(label, source.path, _reference(source.topic, [], points=points))
    if source.kind in {"peers", "impostors"}:
        return _overlay(source, label, points=points)
    manner = Manner(survey(sources(source.path)), points, {"__builtins__": guarded_builtins()})
    return Implementation(label, source.path, load(_private(source, points), source.path, manner))


def prepare_source(source: Source, *, points: bool = True) -> None:
    """Compile everything `open_source` will need, importing nothing of it. Call it in the parent."""
    solution = sources(source.topic.solution)
    if source.is_learners:
        prepare(source.path, Manner(survey(sources(source.path)), points))
        return
    also = [source.path] if source.kind in {"peers", "impostors"} else []
    manner = Manner(survey([*solution, *also]), points)
    prepare(source.topic.solution, manner)
    for path in also:
        prepare(path, manner)


def _private(source: Source, points: bool) -> str:
    """A name that no learner's import can hit by accident."""
    return f"_graded_{'' if points else 'plain_'}{source.topic.chapter}_{source.topic.name}"


def _reference(topic: Topic, also: list[Path], *, points: bool) -> ModuleType:
    """The reference, imported under its real name and then forgotten by `sys.modules`."""
    facts = survey([*sources(topic.solution), *also])
    finder = Finder("solutions", ROOT / "solutions", Manner(facts, points))
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module(f"solutions.{topic.chapter}.{topic.name}")
    finally:
        if not also:
            sys.meta_path.remove(finder)
            forget_answers()


def forget_answers() -> None:
    """Whoever imports the answers from now on starts anew, and meets the guard."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ANSWERS]:
        del sys.modules[name]


def _overlay(source: Source, label: str, *, points: bool) -> Implementation:
    """A namespace of impostors.py or peers.py, the reference filling in what it leaves out."""
    reference = _reference(source.topic, [source.path], points=points)
    manner = Manner(survey([*sources(source.topic.solution), source.path]), points)
    module = load(f"{_private(source, points)}_{source.kind}", source.path, manner)
    forget_answers()
    namespace = vars(module).get(source.name)
    if not isinstance(namespace, type):
        known = [name for name, value in vars(module).items() if is_namespace(source.kind, value)]
        raise Mistake(
            f"{source.topic.id} has no {source.kind}:{source.name}{nearest(source.name, known)}"
        )
    return Implementation(label, source.path, namespace, reference)


def is_namespace(kind: str, value: object) -> bool:
    """Whether a module-level name of impostors.py or peers.py is one of them."""
    mark = "breaks" if kind == "impostors" else "requires"
    return isinstance(value, type) and mark in vars(value)
