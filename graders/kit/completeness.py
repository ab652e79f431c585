"""What a topic lacks. Each line says where, what, and how to repair it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from graders.kit.bench.workload import FACTS, read_workload
from graders.kit.brief import faults, read_brief
from graders.kit.contract import Contract
from graders.kit.mistakes import Mistake
from graders.kit.parts import Part, check_files, checks_of, impostors_of, parse, peers_of
from graders.kit.stubs import holds_work, is_fresh
from graders.kit.topics import Topic

MARK: Final = "FILL-IN"  # left by the templates where an author has to write
IMPOSTORS: Final = 6


def missing_parts(topic: Topic) -> list[str]:
    """Return one line for each thing that is missing or unfinished, or an empty list."""
    try:
        contract = topic.definition
    except Mistake as mistake:
        return [str(mistake)]
    lines: list[str] = []
    for look in (
        _marks,
        _texts,
        _stub,
        _brief,
        _solution,
        _checks,
        _impostors,
        _peers,
        _bench,
        _scene,
    ):
        try:
            lines += look(topic, contract)
        except Mistake as mistake:
            lines.append(str(mistake))
    return lines


def _marks(topic: Topic, _: Contract) -> Iterator[str]:
    folders = topic.solution.rglob("*.py") if topic.solution.is_dir() else [topic.solution]
    paths = [topic.contract, topic.brief, *folders, *sorted(topic.grader.glob("*.py"))]
    for path in paths:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for number, line in enumerate(text.splitlines(), start=1):
            if MARK in line:
                yield f"{_at(topic, path, number)}: a template's {MARK}: write it"


def _texts(topic: Topic, contract: Contract) -> Iterator[str]:
    for name in contract.implement:
        node = contract.definitions[name]
        functions = [node, *(node.body if isinstance(node, ast.ClassDef) else ())]
        maker = contract.factory(name)
        for each in [*functions, maker]:
            if not isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not (ast.get_docstring(each) or each.decorator_list):
                place = _at(topic, topic.contract, each.lineno)
                yield f"{place}: {each.name} has no docstring: say meaning, units and errors"


def _stub(topic: Topic, _: Contract) -> Iterator[str]:
    path = _at(topic, topic.stub)
    if not topic.stub.is_file():
        yield f"{path}: no stub: nox -s stubs -- {topic.name}"
    elif not is_fresh(topic) and not holds_work(topic):
        yield f"{path}: the stub is older than its contract: nox -s stubs -- {topic.name}"


def _brief(topic: Topic, contract: Contract) -> Iterator[str]:
    path = _at(topic, topic.brief)
    if not topic.brief.is_file():
        yield f"{path}: no brief: write it under the headings of CONTRIBUTING.md"
        return
    for fault in faults(read_brief(topic.brief), contract.title, contract.level, contract.minutes):
        yield f"{path}: {fault}"


def _solution(topic: Topic, contract: Contract) -> Iterator[str]:
    module = topic.solution / "__init__.py" if topic.solution.is_dir() else topic.solution
    path = _at(topic, module)
    if not module.is_file():
        yield f"{path}: no reference: write it, with its trade-offs in the docstring"
        return
    tree = parse(module)
    if not ast.get_docstring(tree):
        yield f"{path}: no docstring: say which trade-offs the reference takes"
    for name in contract.implement:
        if name not in _defined(tree):
            yield f"{path}: {name} is missing: define it as the contract says"


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _checks(topic: Topic, contract: Contract) -> Iterator[str]:
    folder = _at(topic, topic.grader)
    files = check_files(topic)
    if not files:
        yield f"{folder}/test_{topic.name}.py: no checks: write one for each promise"
        return
    if not any("test_shape" in set(_defined(parse(path))) for path in files):
        line = "from graders.kit.shape import test_shape  # noqa: F401"
        yield f"{_at(topic, files[0])}: P0 is not checked: add `{line}`"
    checks = checks_of(topic)
    yield from _promises(topic, contract, checks, "check", f"{folder}/test_{topic.name}.py")
    for each in checks:
        if not each.text:
            place = _at(topic, each.path, each.line)
            yield f"{place}: {each.name} has no docstring: say what the check does"
    for name in _twice(each.name for each in checks):
        yield f"{folder}: two checks are called {name}: rename one"


def _impostors(topic: Topic, contract: Contract) -> Iterator[str]:
    path = f"{_at(topic, topic.grader)}/impostors.py"
    impostors = impostors_of(topic)
    if len(impostors) < IMPOSTORS:
        yield f"{path}: {len(impostors)} impostors: write at least {IMPOSTORS}, unlike each other"
    if impostors:
        yield from _promises(topic, contract, impostors, "impostor", path)
    for each in impostors:
        if not each.text:
            yield f"{path}:{each.line}: {each.name} has no docstring: say its one wrong idea"


def _peers(topic: Topic, contract: Contract) -> Iterator[str]:
    path = f"{_at(topic, topic.grader)}/peers.py"
    peers = peers_of(topic)
    if not any(not peer.requires and not peer.promises for peer in peers):
        yield f"{path}: no variant: add a right implementation in another style (fails = {{}})"
    for peer in peers:
        for promise in peer.promises:
            if promise not in contract.promises:
                yield f"{path}:{peer.line}: {peer.name} fails {promise}: the contract has no such"


def _bench(topic: Topic, _: Contract) -> Iterator[str]:
    path = topic.grader / f"bench_{topic.name}.py"
    functions = parse(path).body if path.is_file() else []
    wanted = {"benchmark", "contender"}
    measured = [
        node
        for node in functions
        if isinstance(node, ast.FunctionDef) and wanted <= {each.arg for each in node.args.args}
    ]
    if not measured:
        yield f"{_at(topic, path)}: no bench: add `def test_<operation>(benchmark, contender)`"
        return
    stated = read_workload(topic).facts
    for name in FACTS:
        if name not in stated:
            yield f"{_at(topic, path)}: the docstring lacks a line `{name}: …`: state it"


def _scene(topic: Topic, _: Contract) -> Iterator[str]:
    path = topic.grader / "scene.py"
    names = set(_defined(parse(path))) if path.is_file() else set()
    if "play" not in names and not {"app", "TRY"} <= names:
        yield f"{_at(topic, path)}: no scene: add `def play(impl)`, or `def app(impl)` and TRY"


def _promises(
    topic: Topic, contract: Contract, parts: Iterable[Part], kind: str, path: str
) -> Iterator[str]:
    named = {promise for part in parts for promise in part.promises}
    for promise in contract.promises:
        if promise not in named:
            yield f"{path}: promise {promise} has no {kind}: write one"
    for part in parts:
        for promise in part.promises:
            if promise not in contract.promises:
                place = _at(topic, part.path, part.line)
                yield f"{place}: {part.name} names {promise}: the contract has no such promise"


def _twice(names: Iterable[str]) -> list[str]:
    every = list(names)
    return sorted({name for name in every if every.count(name) > 1})


def _at(topic: Topic, path: Path, line: int = 0) -> str:
    place = path.relative_to(topic.root).as_posix()
    return f"{place}:{line}" if line else place
