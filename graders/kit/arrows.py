"""The arrows between the folders: which file may import what.

contracts -> nothing; solutions -> their contract, what the services share; checks -> their contract,
the kit, the given.py beside them; impostors -> their contract, their solution; peers -> their contract,
the library they wrap; kit -> nothing of these. Nothing imports exercises.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graders.kit.parts import parse, peers_of
from graders.kit.topics import Topic, discover

_KIT_TOOLS: Final = {
    "pytest",
    "_pytest",
    "pluggy",
    "psutil",
    "pytest_benchmark",
    "rich",
    "watchfiles",
}
_SIMULATION: Final = "graders.kit.sim"
_SHARED: Final = ("solutions.serving", "solutions.web")
"""What the references of services share: a server on loopback, and HTTP without a framework."""


def wrong_imports(root: Path) -> list[str]:
    """Return one line for each import that no arrow allows, with its repair."""
    lines = [line for topic in discover(root) for line in _topic(topic)]
    for path in (root / "solutions").glob("*.py"):
        lines += _wrong(path, root, set())
    for path in sorted((root / "graders" / "kit").rglob("*.py")):
        inside = _SIMULATION if "sim" in path.relative_to(root).parts else "graders.kit"
        tools = set() if inside == _SIMULATION else _KIT_TOOLS
        lines += _wrong(path, root, {inside, *tools})
    for path in sorted((root / "tests").rglob("*.py")):
        if "data" in path.relative_to(root).parts:  # submissions, right and wrong
            continue
        lines += [
            _line(path, root, node, name)
            for node, name in imports(path, root)
            if name.partition(".")[0] == "exercises"
        ]
    return lines


def imports(path: Path, root: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Yield every import of a file with the full name of the module."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            package = path.relative_to(root).parts[: -node.level]
            yield node, ".".join([*package, *([node.module] if node.module else [])])
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def _topic(topic: Topic) -> Iterator[str]:
    contract = f"contracts.{topic.chapter}.{topic.name}"
    solution = f"solutions.{topic.chapter}.{topic.name}"
    libraries = {name.partition(".")[0] for peer in peers_of(topic) for name in peer.requires}
    given = f"graders.{topic.chapter}.{topic.name}.given"
    checks = {contract, "graders.kit", "pytest", given}
    grader = topic.grader
    allowed = dict.fromkeys(sorted(grader.glob("*.py")), checks)
    allowed[topic.contract] = {contract}
    allowed[grader / "impostors.py"] = {contract, solution, *_SHARED}
    allowed[grader / "peers.py"] = {contract, *libraries}
    whole = topic.solution.is_dir()
    for path in sorted(topic.solution.rglob("*.py")) if whole else [topic.solution]:
        allowed[path] = {contract, solution, *_SHARED}
    for path, names in allowed.items():
        if path.is_file():
            yield from _wrong(path, topic.root, names)


def _wrong(path: Path, root: Path, allowed: set[str]) -> Iterator[str]:
    for node, name in imports(path, root):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and not _within(name, allowed):
            yield _line(path, root, node, name)


def _within(name: str, allowed: set[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def _line(path: Path, root: Path, node: ast.stmt, name: str) -> str:
    place = f"{path.relative_to(root).as_posix()}:{node.lineno}"
    return f"{place}: imports {name}: keep to the arrows of CONTRIBUTING.md"
