"""Loading of source files with their switch points, one file, a folder, or everything below a name."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

from graders.kit.sim import runtime
from graders.kit.sim.instrument import compile_instrumented
from graders.kit.sim.survey import Facts, survey


def sources(path: Path) -> list[Path]:
    """The Python files of an implementation that is one file or a folder, in a fixed order."""
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def load(name: str, path: Path, facts: Facts | None = None) -> ModuleType:
    """Import the file or folder at `path` as module `name`, instrumented.

    Raises whatever the module's own code raises, SyntaxError included; the module is then forgotten.
    """
    facts = facts or survey(sources(path))
    if path.is_dir():
        hook(name, path, facts)
    file = path / "__init__.py" if path.is_dir() else path
    spec = _spec(name, file, facts)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def hook(prefix: str, folder: Path, facts: Facts) -> None:
    """From now on modules below `prefix` that lie in `folder` are imported instrumented."""
    sys.meta_path.insert(0, _Finder(prefix, folder, facts))


def _spec(name: str, file: Path, facts: Facts) -> importlib.machinery.ModuleSpec:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    loader = _Loader(name, str(file), facts)
    spec = importlib.util.spec_from_file_location(
        name, file, loader=loader, submodule_search_locations=folder
    )
    assert spec is not None
    return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, facts: Facts) -> None:
        super().__init__(name, path)
        self._facts = facts

    def get_code(self, fullname: str) -> CodeType:
        """Compile anew: the cached byte code on disk has no points."""
        path = self.get_filename(fullname)
        return compile_instrumented(self.get_data(path), Path(path), self._facts)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(runtime.NAMES)
        super().exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, prefix: str, folder: Path, facts: Facts) -> None:
        self._prefix, self._folder, self._facts = prefix, folder, facts

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(self._prefix + "."):
            return None
        place = self._folder.joinpath(*fullname[len(self._prefix) + 1 :].split("."))
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                return _spec(fullname, file, self._facts)
        return None
