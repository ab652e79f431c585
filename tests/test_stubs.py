"""The stub generator: exact, importable, clean under the linter and the type checker."""

import ast
import importlib.util
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from graders.kit.contract import read_contract
from graders.kit.mistakes import Mistake
from graders.kit.scaffold import Stale, refresh
from graders.kit.stubs import holds_work, is_fresh, stub_for, write_stub
from graders.kit.topics import ROOT, Topic, discover

DATA = ROOT / "tests" / "data" / "stubs"


@pytest.fixture
def hard(tmp_path: Path) -> Topic:
    """A topic whose contract holds everything that a contract may hold."""
    topic = Topic("patterns", "hard", tmp_path)
    topic.contract.parent.mkdir(parents=True)
    shutil.copy(DATA / "contract.py", topic.contract)
    return topic


def load(path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a stub beside its own contracts, leaving no trace in sys.modules."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "contracts"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(path.parents[2])
    spec = importlib.util.spec_from_file_location("stub_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in [name for name in sys.modules if name.partition(".")[0] == "contracts"]:
        monkeypatch.delitem(sys.modules, name)
    return module


def test_the_stub_of_a_hard_contract_is_the_golden_one(hard: Topic) -> None:
    """Generics, overloads, properties, async, defaults, bases: every line is as recorded."""
    assert stub_for(hard) == (DATA / "stub.py").read_text(encoding="utf-8")


def test_the_stub_imports_and_defines_every_name(
    hard: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each name of IMPLEMENT is there, and the errors of the contract are at hand."""
    module = load(write_stub(hard), monkeypatch)
    assert set(hard.definition.implement) <= set(vars(module))
    assert issubclass(module.Full, module.StoreError)


def test_every_body_raises_not_implemented(hard: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Constructor, methods and functions all say that nothing was attempted."""
    module = load(write_stub(hard), monkeypatch)
    with pytest.raises(NotImplementedError):
        module.Store(3)
    with pytest.raises(NotImplementedError):
        module.build("name")
    methods = inspect.getmembers(module.Store, inspect.isfunction)
    assert len(methods) > 8
    for name, method in methods:
        source = ast.parse(inspect.getsource(method).replace("\n    ", "\n").strip())
        assert "raise NotImplementedError" in ast.unparse(source), name


def test_signatures_are_the_contracts(hard: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds and defaults survive: positional-only, keyword-only, starred."""
    module = load(write_stub(hard), monkeypatch)
    put = inspect.signature(module.Store.put).parameters
    assert put["key"].kind is inspect.Parameter.POSITIONAL_ONLY
    assert put["ttl"].kind is inspect.Parameter.KEYWORD_ONLY
    assert put["mode"].default == "fast"
    assert inspect.signature(module.Store).parameters["limit"].default == 128
    assert inspect.iscoroutinefunction(module.Store.fetch)
    assert isinstance(inspect.getattr_static(module.Store, "from_bytes"), classmethod)


def test_stubs_are_clean_under_linter_and_type_checker(hard: Topic) -> None:
    """The hard stub and the stubs of all topics pass ruff, its formatter and mypy --strict."""
    root = hard.root
    for topic in discover():
        copy = Topic(topic.chapter, topic.name, root)
        copy.contract.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(topic.contract, copy.contract)
    shutil.copy(ROOT / "pyproject.toml", root)
    for topic in discover(root):
        write_stub(topic)
    tools = [
        ["ruff", "check", "--no-cache", "exercises"],
        ["ruff", "format", "--no-cache", "--check", "exercises"],
        ["mypy", "--cache-dir", ".cache", "exercises"],
    ]
    for tool in tools:
        ran = subprocess.run(
            [sys.executable, "-m", *tool], cwd=root, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, f"{tool[0]}: {ran.stdout}{ran.stderr}"


def test_an_untouched_stub_holds_no_work(hard: Topic) -> None:
    """Even one of an older contract can be renewed without asking."""
    write_stub(hard)
    assert is_fresh(hard)
    assert not holds_work(hard)
    text = hard.contract.read_text(encoding="utf-8")
    hard.contract.write_text(text.replace("Another sentence.", "Changed."), encoding="utf-8")
    changed = Topic("patterns", "hard", hard.root)
    assert not is_fresh(changed)
    assert refresh(changed) is Stale.OLD
    assert is_fresh(changed)


@pytest.mark.parametrize(
    "work",
    ["# a note\n", "x = 1\n", "def helper():\n    return 1\n", "class A:\n    def f(self): pass\n"],
)
def test_a_stub_with_work_in_it_is_never_renewed(hard: Topic, work: str) -> None:
    """A comment is work, too."""
    write_stub(hard)
    text = hard.stub.read_text(encoding="utf-8") + work
    hard.stub.write_text(text, encoding="utf-8")
    assert holds_work(hard)
    assert refresh(hard) is Stale.DIFFERS
    assert hard.stub.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("class Store(", "class Shop(", "Store in IMPLEMENT"),
        ('"P2"', '"P3"', "use the keys P1 to P2"),
        ('LEVEL: Final = "hard"', 'LEVEL: Final = "evil"', "easy, medium, hard"),
        ("MINUTES: Final = 45", "MINUTES: Final = 0", "positive int"),
        ("TITLE: Final", "HEADING: Final", "lacks TITLE"),
        ("class Store(", "class Store(]", "see line"),
    ],
)
def test_a_broken_contract_is_one_line(hard: Topic, old: str, new: str, complaint: str) -> None:
    """The mistake and the repair, with the file named."""
    text = hard.contract.read_text(encoding="utf-8")
    hard.contract.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Mistake) as caught:
        read_contract(hard.contract)
    assert complaint in str(caught.value)
    assert "patterns/hard.py" in str(caught.value)
    assert "\n" not in str(caught.value)
