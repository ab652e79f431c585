"""A grader that stays ready: every run is a run of its own, and nothing is left behind."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from graders.kit.topics import ROOT, Topic
from graders.kit.warm import Wanted, Warm

KATA = ROOT / "tests" / "data" / "kata"
GOLDEN = ROOT / "tests" / "data" / "golden"


@pytest.fixture
def topic(tmp_path: Path) -> Topic:
    """A copy of the kata."""
    shutil.copytree(KATA, tmp_path / "house", ignore=shutil.ignore_patterns("results"))
    return Topic("patterns", "tally", tmp_path / "house")


@pytest.fixture
def grader(topic: Topic) -> Iterator[Warm]:
    """The grader of the kata, ready."""
    made = Warm(topic)
    yield made
    made.close()


def run(grader: Warm, wanted: Wanted) -> dict[str, str]:
    """One run: the verdict of each check by its name."""
    grader.ask(wanted)
    assert grader.answer(120), grader.said()
    checks = json.loads(Path(wanted.results).read_text(encoding="utf-8"))["checks"]
    return {check["name"]: check["word"] for check in checks}


def test_runs_know_nothing_of_each_other(grader: Warm, tmp_path: Path) -> None:
    """The same file right, wrong, and right again; the report is the one of a graded run."""
    file, results, report = (tmp_path / name for name in ("tally.py", "r.json", "report.txt"))
    found = []
    for case in ("all_green", "failing_behaviour", "all_green"):
        shutil.copy(GOLDEN / case / "tally.py", file)
        wanted = Wanted(str(file), str(results), report=str(report))
        found.append(run(grader, wanted))
        assert ("checks pass" in report.read_text("utf-8")) is True
    assert found[0] == found[2] != found[1]
    assert set(found[0].values()) == {"pass"}
    assert found[1]["test_reset"] == "fail"


def test_a_run_of_some_checks_in_some_order(grader: Warm, topic: Topic, tmp_path: Path) -> None:
    """Only those that are named; those that come first; and the end at the first that fails."""
    results, place = str(tmp_path / "r.json"), f"{topic.grader / 'test_tally.py'}::test_reset"
    assert list(run(grader, Wanted("solutions", results, only=[place]))) == ["test_reset"]
    every = list(run(grader, Wanted("solutions", results, first=["test_reset"])))
    assert every[0] == "test_reset"
    stub = run(grader, Wanted("exercises", results, stop=True))
    assert "not run" in stub.values()


def test_its_end_is_the_end_of_a_run(topic: Topic, tmp_path: Path) -> None:
    """Closed while a check never ends: no process of it is left."""
    grader = Warm(topic)
    grader.ask(Wanted(str(GOLDEN / "hang" / "tally.py"), str(tmp_path / "r.json")))
    assert grader.answer(3.0) is None
    server = psutil.Process(grader._process.pid)
    family = [server, *server.children(recursive=True)]
    grader.close()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_a_grader_that_is_broken_says_so(topic: Topic, tmp_path: Path) -> None:
    """Instead of an answer: what it has printed."""
    (topic.grader / "test_tally.py").write_text("import nothing_of_this_name\n", encoding="utf-8")
    grader = Warm(topic)
    grader.ask(Wanted("solutions", str(tmp_path / "r.json")))
    assert not grader.answer(120)
    assert "nothing_of_this_name" in grader.said()
    grader.close()
