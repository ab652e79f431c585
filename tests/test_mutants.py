"""The mutants are what they say, and nothing else changes."""

import ast
from pathlib import Path

import pytest

from graders.kit import scoreboard
from graders.kit.alterations import alterations
from graders.kit.mutants import mutants
from graders.kit.mutation import Score, every
from graders.kit.topics import Topic, discover

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


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_the_published_score_is_that_of_the_code(topic: Topic) -> None:
    """A row as long as the reference has so many mutants; at least 95 % killed, the others explained."""
    row = scoreboard.rows().get(topic.id)
    assert row, f"docs/mutation.md does not know {topic.id}: nox -s mutants -- {topic.name}"
    _, made, killed, _, unexplained, _ = _cells(row)
    assert int(made) == len(every(topic)), (
        f"the reference has changed: nox -s mutants -- {topic.name}"
    )
    assert float(killed.removesuffix(" %")) >= 95
    assert unexplained == "0"


def test_a_run_over_some_topics_keeps_the_other_rows(tmp_path: Path) -> None:
    """The table is written row by row, in the order of the catalogue."""
    first, second = discover()[:2]
    place = tmp_path / "mutation.md"
    scoreboard.write([Score(second, 10, ())], place)
    scoreboard.write([Score(first, 40, ())], place)
    scoreboard.write([Score(second, 20, ())], place)
    assert list(scoreboard.rows(place)) == [first.id, second.id]
    assert [_cells(row)[1] for row in scoreboard.rows(place).values()] == ["40", "20"]
