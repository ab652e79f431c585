"""Loading of source files with their switch points: one file, a folder, or all below a name."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType

from graders.kit.sim import runtime
from graders.kit.sim.instrument import compile_instrumented
from graders.kit.sim.survey import Facts, survey


@dataclass(frozen=True)
class Manner:
    """How files are loaded: with points or without, and what each module finds in its globals."""

    facts: Facts = field(default_factory=Facts)
    points: bool = True
    names: Mapping[str, object] = field(default_factory=dict)


def sources(path: Path) -> list[Path]:
    """The Python files of an implementation that is one file or a folder, in a fixed order."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*.py") if file.is_file())


def load(name: str, path: Path, manner: Manner | None = None) -> ModuleType:
    """Import the file or folder at `path` as module `name`; by default with all its points.

    Raises whatever the module's own code raises, SyntaxError included; it is then forgotten.
    """
    manner = manner or Manner(survey(sources(path)))
    if path.is_dir():
        sys.meta_path.insert(0, Finder(name, path, manner))
    file = path / "__init__.py" if path.is_dir() else path
    spec = _spec(name, file, manner)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def prepare(path: Path, manner: Manner) -> None:
    """Compile the files at `path` now, importing nothing: children forked later need not.

    SyntaxError and the like are left for the load to report.
    """
    for file in sources(path):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError, OSError):
            _compiled(str(file), file.read_bytes(), manner)


_codes: dict[tuple[str, bytes, bool, Facts], CodeType] = {}


def _compiled(path: str, data: bytes, manner: Manner) -> CodeType:
    key = (path, data, manner.points, manner.facts if manner.points else Facts())
    if key not in _codes:
        _codes[key] = (
            compile_instrumented(data, Path(path), manner.facts)
            if manner.points
            else compile(data, path, "exec", dont_inherit=True)
        )
    return _codes[key]


class Finder(importlib.abc.MetaPathFinder):
    """On `sys.meta_path`: modules below `prefix` that lie in `folder` are loaded in this manner."""

    def __init__(self, prefix: str, folder: Path, manner: Manner) -> None:
        self._prefix, self._folder, self._manner = prefix, folder, manner

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module's file below the folder, if it is there."""
        if not f"{fullname}.".startswith(f"{self._prefix}."):
            return None
        place = self._folder.joinpath(*fullname[len(self._prefix) + 1 :].split("."))
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                return _spec(fullname, file, self._manner)
        return None


def _spec(name: str, file: Path, manner: Manner) -> importlib.machinery.ModuleSpec:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(
        name, file, loader=_Loader(name, str(file), manner), submodule_search_locations=folder
    )
    assert spec is not None
    return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, manner: Manner) -> None:
        super().__init__(name, path)
        self._manner = manner

    def get_code(self, fullname: str) -> CodeType:
        """Compile anew: byte code cached on disk has no points, and may not be the learner's."""
        path = self.get_filename(fullname)
        return _compiled(path, self.get_data(path), self._manner)

    def exec_module(self, module: ModuleType) -> None:
        names = (
            {**runtime.NAMES, **self._manner.names} if self._manner.points else self._manner.names
        )
        vars(module).update(names)
        super().exec_module(module)
