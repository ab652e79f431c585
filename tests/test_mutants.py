"""The mutants are what they say, and nothing else changes."""

import ast
from pathlib import Path

from graders.kit.alterations import alterations
from graders.kit.mutants import mutants

SOURCE = """
import threading
class Box:
    def __init__(self):
        self._room = threading.Condition()
        self._other = threading.Lock()
        self.items = []
    def get(self):
        with self._room:
            while not self.items:
                self._room.wait()
            self._room.notify_all()
            return self.items.pop()
    def swap(self):
        with self._room, self._other:
            self._room.wait_for(lambda: self.items, 3)
    def by_hand(self):
        self._other.acquire()
        try:
            self.items.append(1)
        finally:
            self._other.release()
    def read(self, path):
        with open(path) as file:
            return file.read()
"""


def test_each_guard_gives_its_mutants(tmp_path: Path) -> None:
    """Locks of with statements one by one, waits, notifies, pairs of acquire and release."""
    path = tmp_path / "box.py"
    path.write_text(SOURCE)
    found = mutants(path)
    assert [mutant.name for mutant in found] == [
        "Box.get without _room",
        "Box.get while to if",
        "Box.get without notify",
        "Box.get notify_all to notify",
        "Box.swap without _room",
        "Box.swap without _other",
        "Box.swap wait_for looks once",
        "Box.by_hand without acquire of _other",
    ]
    assert found[1].where == "box.py:10"
    assert "if not self.items:" in found[1].source
    assert "self._room.notify()" in found[3].source
    assert "with self._other:" in found[4].source
    assert "or self._room.wait(3)" in found[6].source
    assert "acquire" not in found[7].source
    original = ast.unparse(ast.parse(SOURCE))
    for mutant in found:
        ast.parse(mutant.source)
        assert mutant.source.strip() != original


def test_code_without_guards_has_none(tmp_path: Path) -> None:
    """Files, suppress and other contexts are no locks."""
    path = tmp_path / "plain.py"
    path.write_text("def f(p):\n    with open(p) as file:\n        return file.read()\n")
    assert mutants(path) == []


CODE = '''
"""Text."""
LIMIT: int = 3
class Box:
    """Text."""
    def put(self, item: int) -> bool:
        if len(self.items) >= LIMIT and not self.open:
            raise ValueError("3 are enough")
        self.items[item] = item + 1
        self.count += 1
        self.note(item)
        return item in self.items
'''


def test_alterations_change_what_runs_and_nothing_else(tmp_path: Path) -> None:
    """Comparisons, operators, constants, statements; no texts, no annotations."""
    path = tmp_path / "box.py"
    path.write_text(CODE, encoding="utf-8")
    found = alterations(path)
    assert [mutant.name for mutant in found] == [
        "module 3 to 4",
        "module.Box.put if negated",
        "module.Box.put and to or",
        "module.Box.put >= to >",
        "module.Box.put without not",
        "module.Box.put without raise",
        "module.Box.put without self.items[item] =",
        "module.Box.put + to -",
        "module.Box.put 1 to 2",
        "module.Box.put + to - (2)",
        "module.Box.put without self.count op=",
        "module.Box.put 1 to 2 (2)",
        "module.Box.put without self.note()",
        "module.Box.put return None",
        "module.Box.put in to not in",
    ]
    before = ast.dump(ast.parse(CODE))
    assert all(ast.dump(ast.parse(mutant.source)) != before for mutant in found)
