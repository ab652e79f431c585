"""The code with switch points means what it meant without them."""

import ast
import heapq
import importlib.util
import json.decoder
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from graders.kit.sim import Counter, load, runtime, survey
from graders.kit.sim.instrument import compile_instrumented

HERE = Path(__file__).parent


def plain(path: Path) -> ModuleType:
    """The same file imported the ordinary way."""
    spec = importlib.util.spec_from_file_location(f"plain_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_shape_of_code_means_the_same() -> None:
    """Evaluation order, scopes, generators, patterns, descriptors: equal results."""
    path = HERE / "features.py"
    assert load("sim_features", path).everything() == plain(path).everything()


def test_the_standard_library_still_works_with_points(tmp_path: Path) -> None:
    """Instrumented copies of real modules behave as the originals."""
    for original in (textwrap, heapq, json.decoder):
        copy = tmp_path / f"{original.__name__.replace('.', '_')}.py"
        copy.write_bytes(Path(str(original.__file__)).read_bytes())
        module = load(f"sim_{copy.stem}", copy)
        assert module.__doc__ == original.__doc__
    assert sys.modules["sim_textwrap"].fill("a b c d", 3) == textwrap.fill("a b c d", 3)
    heap = [5, 1, 4]
    sys.modules["sim_heapq"].heapify(heap)
    assert heap[0] == 1
    assert sys.modules["sim_json_decoder"].JSONDecoder().decode('{"a": [1, 2.5]}') == {
        "a": [1, 2.5]
    }


def count(source: str, call: str, tmp_path: Path) -> int:
    """Points passed by `call` in a module of this source."""
    path = tmp_path / f"m{abs(hash(source))}.py"
    path.write_text(source)
    module = load(path.stem, path)
    counter = Counter()
    outer, runtime.listener = runtime.listener, counter
    try:
        eval(call, vars(module))  # noqa: S307 - the call is written in this file
    finally:
        runtime.listener = outer
    return counter.steps


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("self.n += 1", 2),  # before the load, before the store
        ("return self.fixed", 0),  # never stored after construction
        ("self.n = 1", 1),
        ("return self.n", 1),
        ("return self.d['k']", 1),
        ("return 'k' in self.d", 1),
        ("x = 1; x += 2; return x", 0),  # locals are nobody else's
        ("return isinstance(self, object)", 0),
        ("self.d.clear()", 1),
        ("return [v for v in self.d]", 2),  # one value and the end
    ],
)
def test_points_stand_where_other_threads_could_notice(
    body: str, points: int, tmp_path: Path
) -> None:
    """The number of points of small statements."""
    source = (
        "class C:\n    def __init__(self):\n        self.n = 0\n        self.fixed = 1\n"
        f"        self.d = {{'k': 1}}\n    def f(self):\n        {body}\n    def g(self):\n"
        "        self.n = 2\n"
    )
    assert count(source, "C().f()", tmp_path) == points


def test_setattr_switches_pruning_off(tmp_path: Path) -> None:
    """When names are computed, every load counts."""
    source = "class C:\n    def __init__(self):\n        self.a = 1\n    def f(self):\n        return self.a\n"
    assert count(source, "C().f()", tmp_path) == 0
    assert (
        count(source + "    def g(self, k):\n        setattr(self, k, 1)\n", "C().f()", tmp_path)
        == 1
    )


def test_a_constructor_that_shows_its_object_early_is_not_hidden(tmp_path: Path) -> None:
    """`registry.append(self)` before the last store makes the stores noticeable."""
    shown = (
        "R = []\nclass C:\n    def __init__(self):\n        R.append(self)\n        self.a = 1\n"
    )
    hidden = "class C:\n    def __init__(self):\n        self.a = 1\n"
    assert count(hidden, "C()", tmp_path) == 0
    assert count(shown, "C()", tmp_path) == 2


def test_a_syntax_error_names_the_learner_s_line(tmp_path: Path) -> None:
    """The error is the compiler's own."""
    path = tmp_path / "bad.py"
    path.write_text("def f(:\n    pass\n")
    with pytest.raises(SyntaxError) as caught:
        load("bad", path)
    assert (caught.value.filename, caught.value.lineno) == (str(path), 1)
    assert "bad" not in sys.modules


def test_lines_in_tracebacks_are_the_learner_s(tmp_path: Path) -> None:
    """Instrumentation moves no line."""
    source = "def f(d):\n    x = [\n        d['a'],\n        d['b'],\n    ]\n    return x\n"
    code = compile_instrumented(source.encode(), tmp_path / "m.py", survey([]))
    names: dict[str, object] = dict(runtime.NAMES)
    exec(code, names)  # noqa: S102 - the code is written in this file
    with pytest.raises(KeyError) as caught:
        names["f"]({"a": 1})  # type: ignore[operator]
    assert caught.traceback[-1].lineno == 3


def test_folders_are_loaded_whole(tmp_path: Path) -> None:
    """Relative imports inside an implementation folder are instrumented as well."""
    (tmp_path / "__init__.py").write_text("from .part import f\n")
    (tmp_path / "part.py").write_text("def f(d):\n    return d['k']\n")
    module = load("sim_folder", tmp_path)
    assert module.f({"k": 2}) == 2
    assert "__sim_point__" in vars(sys.modules["sim_folder.part"])


def test_annotations_stay_text() -> None:
    """Nothing inside an annotation is touched."""
    tree = ast.parse(
        "def f(a: dict[str, int]) -> list[int]:\n    b: list[int] = []\n    return b\n"
    )
    code = compile_instrumented(ast.unparse(tree).encode(), Path("m.py"), survey([]))
    names: dict[str, object] = dict(runtime.NAMES)
    exec(code, names)  # noqa: S102 - the code is written in this file
    assert names["f"].__annotations__ == {"a": dict[str, int], "return": list[int]}
