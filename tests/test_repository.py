"""The repository itself: whole topics, fresh stubs, arrows between folders, nothing too long."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from graders.kit import revision
from graders.kit.arrows import wrong_imports
from graders.kit.brief import REVISION, faults, read_brief
from graders.kit.brief import revision as sheet_of
from graders.kit.catalogue import CHAPTERS, ROWS
from graders.kit.completeness import missing_parts
from graders.kit.parts import checks_of, impostors_of
from graders.kit.stubs import stub_for
from graders.kit.topics import ROOT, Topic, discover

TOPICS = discover()
IDS = [topic.id for topic in TOPICS]
LONGEST = 400
LISTS = {
    "impostors.py",
    "peers.py",
    "bugs.py",
    "twins.py",
}  # small classes that know nothing of each other
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
FOLDERS = ("contracts", "solutions", "graders", "tests")
IN_CI = bool(os.environ.get("CI"))

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=IDS)


def modules(*folders: str) -> list[Path]:
    """Every Python file in the folders that belongs to the project."""
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@each_topic
def test_a_topic_is_whole(topic: Topic) -> None:
    """All parts are there and finished; each line says a repair."""
    assert not missing_parts(topic), "\n".join(missing_parts(topic))


@each_topic
def test_every_promise_is_checked_and_has_an_impostor(topic: Topic) -> None:
    """And no check or impostor names a promise that the contract does not make."""
    promises = set(topic.definition.promises)
    assert {name for check in checks_of(topic) for name in check.promises} == promises
    assert {name for each in impostors_of(topic) for name in each.promises} == promises


@each_topic
def test_the_brief_keeps_the_headings(topic: Topic) -> None:
    """Tools read them: drills, sheets, menus."""
    brief = read_brief(topic.brief)
    assert list(faults(brief, topic.title, topic.level, topic.minutes)) == []


@pytest.mark.skipif(not IN_CI, reason="the exercises are the learner's: freshness is for CI=1")
@each_topic
def test_the_stub_is_fresh(topic: Topic) -> None:
    """The exercise in the repository is the one that the contract generates."""
    assert topic.stub.read_text(encoding="utf-8") == stub_for(topic)


def test_imports_keep_to_the_arrows() -> None:
    """Contracts import nothing, nothing imports exercises, peers never see the reference."""
    assert not wrong_imports(ROOT), "\n".join(wrong_imports(ROOT))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("contracts/patterns/one.py", "import pytest"),
        ("contracts/patterns/one.py", "from contracts.patterns.two import X"),
        ("solutions/patterns/one.py", "from graders.kit import check"),
        ("solutions/patterns/one.py", "from exercises.patterns.one import X"),
        ("graders/patterns/one/test_one.py", "from solutions.patterns.one import X"),
        ("graders/patterns/one/test_one.py", "from graders.patterns.two.given import X"),
        ("graders/patterns/one/given.py", "from solutions.patterns.one import X"),
        ("graders/patterns/one/impostors.py", "from graders.patterns.one.given import X"),
        ("graders/patterns/one/impostors.py", "import graders.kit"),
        ("graders/patterns/one/peers.py", "from solutions.patterns import one"),
        ("graders/patterns/one/peers.py", "import cachetools"),
        ("graders/kit/part.py", "from contracts.patterns import one"),
        ("graders/kit/sim/part.py", "import pytest"),
        ("graders/kit/sim/part.py", "from graders.kit.topics import Topic"),
        ("tests/test_part.py", "from exercises.patterns import one"),
    ],
)
def test_an_import_against_the_arrows_is_found(tmp_path: Path, path: str, line: str) -> None:
    """The check itself is checked: each forbidden arrow is one line that names file and module."""
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts", dirs_exist_ok=True)
    contract = tmp_path / "contracts/patterns/one.py"
    contract.write_text("import threading\n", encoding="utf-8")
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"import threading\n{line}\n", encoding="utf-8")
    found = wrong_imports(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{path}:2: imports {line.split()[1]}")


def test_the_trees_are_symmetric() -> None:
    """No brief, stub, reference or grader without its contract; a learner may add modules."""
    exercises = ["*/*.md", "*/*.py"] if IN_CI else ["*/*.md"]
    stray = [
        path
        for folder, pattern in [
            *(("exercises", pattern) for pattern in exercises),
            ("solutions", "*/*.py"),
            ("solutions", "*/*/"),
            ("graders", "*/*/"),
        ]
        for path in (ROOT / folder).glob(pattern)
        if not path.name.startswith(("_", ".", "README")) and "kit" not in path.parts
        if f"{path.parent.name}/{path.stem}" not in IDS
    ]
    assert not stray, f"no contract for {', '.join(map(str, stray))}: add it or remove the file"


def test_chapters_are_namespace_packages() -> None:
    """No __init__.py: a topic is a file, with nothing to register beside it."""
    folders = [*FOLDERS[:3], "exercises"]
    paths = [path for folder in folders for path in (ROOT / folder).glob("__init__.py")]
    paths += [path for folder in folders for path in (ROOT / folder).glob("*/__init__.py")]
    assert [path for path in paths if path.parent.name != "kit"] == []


@pytest.mark.parametrize("path", modules(*FOLDERS), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_idea(path: Path) -> None:
    """At most 400 lines, and no work left for later."""
    text = path.read_text(encoding="utf-8")
    if path.name not in LISTS:
        lines = text.count("\n")
        assert lines <= LONGEST, "split it: one idea per module"
    assert not UNFINISHED.findall(text), "finish it, or write an issue"


def test_the_catalogue_has_every_topic() -> None:
    """66 rows, each topic name once, the chapters in their order; built topics are in it."""
    names = [name for _, name, _ in ROWS]
    assert len(names) == len(set(names)) == 66
    assert list(dict.fromkeys(chapter for chapter, _, _ in ROWS)) == list(CHAPTERS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


def test_nothing_of_a_session_is_in_the_repository() -> None:
    """Results, backups, caches and environments stay out of version control."""
    ran = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        pytest.skip("no git checkout: nothing to look at")
    private = ("results/", "backups/", "workspaces/", ".nox/", ".venv/")
    assert [name for name in ran.stdout.split() if name.startswith(private)] == []


def test_the_revision_page_is_fresh() -> None:
    """It is what the briefs, contracts and impostors make it: `python -m graders.kit revision`."""
    assert revision.place().read_text(encoding="utf-8") == revision.page()


def test_every_common_mistake_is_an_impostor_somewhere() -> None:
    """And no impostor names a mistake that the page does not know."""
    made = {each.mistake for topic in discover() for each in impostors_of(topic)} - {""}
    assert made == set(revision.MISTAKES)


@each_topic
def test_a_service_has_its_screen_on_the_revision_page(topic: Topic) -> None:
    """What, trade-offs, numbers, and the mistake everybody makes."""
    if topic.chapter == revision.CHAPTER:
        assert tuple(sheet_of(read_brief(topic.brief))) == REVISION
