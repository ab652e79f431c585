"""Every session's command: bad input is one line and exit code 2, and work is never lost."""

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from graders.kit import scaffold
from graders.kit.completeness import MARK, missing_parts
from graders.kit.loading import parse
from graders.kit.mistakes import Mistake
from graders.kit.stubs import write_stub
from graders.kit.topics import ROOT, Topic, discover, find

FOLDERS = ("contracts", "solutions", "graders")
EMPTY = "cases"
"""The chapter that has no topic in a checkout, whatever the repository has."""


class Checkout:
    """A copy of the repository with untouched exercises, and its command line."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignore = shutil.ignore_patterns("__pycache__", ".*_cache")
        for folder in FOLDERS:
            shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
            shutil.rmtree(root / folder / EMPTY, ignore_errors=True)
        for name in ("conftest.py", "noxfile.py", "pyproject.toml"):
            shutil.copy(ROOT / name, root / name)
        for topic in discover(root):
            write_stub(topic)

    def kit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``python -m graders.kit`` with the arguments, as a session does."""
        environment = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONSAFEPATH": "1"}
        return subprocess.run(
            [sys.executable, "-m", "graders.kit", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A copy of its own for a test that writes."""
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy for all tests that only read."""
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the commands are grade, stubs"),
        (["grad"], "did you mean grade"),
        (["stubs", "worker_pol"], "did you mean"),
        (["stubs", "patterns/worker-pool"], "did you mean patterns/worker_pool"),
        (["stubs", "paterns"], "did you mean patterns"),
        (["stubs", "saga"], "distributed/saga is planned, not built yet"),
        (["stubs", EMPTY], f"chapter {EMPTY!r} has no topic yet"),
        (["stubs", "../../etc/passwd"], "no topic or chapter"),
        (["stubs", ""], "no topic or chapter ''"),
        (["stubs", "--chek"], "unrecognized arguments: --chek"),
        (["topics", "nothing_like_it"], "nox -s topics"),
        (["reset"], "required: topic"),
        (["reset", "worker_pool", "cachee"], "did you mean cache"),
        (["new"], "required: chapter/topic"),
        (["new", "memento"], "write chapter/topic"),
        (["new", "patterns/Memento!"], "write chapter/topic"),
        (["new", "patern/memento"], "did you mean patterns"),
        (["new", "patterns/class"], "is a word of Python"),
        (["new", "services/worker_pool"], "topic patterns/worker_pool exists"),
        (["new", "patterns/../../memento"], "write chapter/topic"),
        (["grade", "worker_pol"], "did you mean worker_pool"),
        (["grade", "worker_pool", "--impl", "nowhere.py"], "nowhere.py"),
        (["grade", "worker_pool", "--impl", "peers:Nobody"], "Nobody"),
        (["grade", "--imp1", "solutions"], "--imp1"),
        (["grade", "worker_pool", "--impl", "~nobody_here/x.py"], "nobody_here"),
        (["grade", "worker_pool", "--impl", "a\nb.py"], "a\\nb.py"),
        (["grade", "worker_pool", "--check", ""], "no check named ''"),
        (["grade", "worker_pool", "--check", "test_shape,test_shap"], "did you mean test_shape"),
        (["grade", "worker_pool", "--check", "test_shape", "--replay", "²:1b"], "no replay token"),
        (["grade", "worker_pool", "--results", "graders"], "is no file"),
        (["grade", "worker_pool", "--results", "noxfile.py/x.json"], "use --results FILE"),
        (["grade", "worker_pool", "--results", ""], "name a file"),
        (["new", "patterns/none"], "is a word of Python"),
        (["new", "patterns/threading"], "is a module that others import"),
        (["grade", "observer", "--in"], "unrecognized arguments: --in"),
        (["drill", "worker_pol"], "did you mean worker_pool"),
        (["drill", "--level", "impossible"], "invalid choice: 'impossible'"),
        (["drill", "--chapter", EMPTY], f"chapter {EMPTY!r} has no topic yet"),
        (["drill", "ask", "1"], "`nox -s drill` begins one"),
        (["drill", "assess", "1"], "`nox -s drill` begins one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_with_the_repair(
    shared: Checkout, arguments: list[str], says: str
) -> None:
    """The mistake and the repair on standard error, exit code 2, no traceback, nothing written."""
    before = sorted(shared.root.rglob("*.py"))
    ran = shared.kit(*arguments)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "Traceback" not in ran.stderr + ran.stdout
    assert sorted(shared.root.rglob("*.py")) == before


def test_a_session_ends_with_the_exit_code_of_its_command(checkout: Checkout) -> None:
    """Through nox: a typing error is one line of the kit, and the session fails without noise."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        [sys.executable, "-m", "nox", "--no-venv", "-s", "stubs", "--", "worker_pol"],
        cwd=checkout.root,
        env={**os.environ, "NO_COLOR": "1", "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "did you mean worker_pool" in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr


def test_an_unreadable_file_is_one_line(checkout: Checkout) -> None:
    """A folder where the exercise should be is named, with nothing lost."""
    stub = checkout.root / "exercises/patterns/worker_pool.py"
    stub.unlink(missing_ok=True)
    stub.mkdir(parents=True)
    (stub / "work.py").write_text("mine", encoding="utf-8")
    ran = checkout.kit("reset", "worker_pool")
    assert "Traceback" not in ran.stderr
    kept = [path for path in checkout.root.rglob("work.py") if path.read_text() == "mine"]
    assert len(kept) == 1


def test_stubs_writes_what_is_missing_and_nothing_else(checkout: Checkout) -> None:
    """A deleted exercise comes back; one with work in it is named and left alone."""
    pool = checkout.root / "exercises/patterns/worker_pool.py"
    cache = checkout.root / "exercises/services/cache.py"
    pool.unlink(missing_ok=True)
    cache.write_text("mine = True\n", encoding="utf-8")
    ran = checkout.kit("stubs")
    assert ran.returncode == 0, ran.stderr
    assert "written   exercises/patterns/worker_pool.py" in ran.stdout
    assert "yours     exercises/services/cache.py: nox -s reset -- cache" in ran.stdout
    assert pool.read_text(encoding="utf-8").startswith('"""')
    assert cache.read_text(encoding="utf-8") == "mine = True\n"


def test_stubs_check_writes_nothing(checkout: Checkout) -> None:
    """Exit code 1 if a stub is not the contract's, and the file stays as it is."""
    checkout.kit("reset", "worker_pool")
    assert checkout.kit("stubs", "--check", "worker_pool").returncode == 0
    pool = checkout.root / "exercises/patterns/worker_pool.py"
    pool.unlink()
    assert checkout.kit("stubs", "--check", "worker_pool").returncode == 1
    assert not pool.exists()


def test_reset_keeps_the_work(checkout: Checkout) -> None:
    """The exercise is fresh, and what was there is in backups/, byte for byte."""
    pool = checkout.root / "exercises/patterns/worker_pool.py"
    work = b"# my work, \xff not even UTF-8\r\n"
    pool.write_bytes(work)
    ran = checkout.kit("reset", "patterns/worker_pool")
    assert ran.returncode == 0, ran.stderr
    kept = re.search(r"^kept +(\S+)$", ran.stdout, re.MULTILINE)
    assert kept is not None
    assert (checkout.root / kept[1]).read_bytes() == work
    assert b"raise NotImplementedError" in pool.read_bytes()


def test_reset_in_the_same_second_loses_nothing(tmp_path: Path) -> None:
    """Three resets at one instant: three backups."""
    topic = small_topic(tmp_path)
    instant = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - local time, as in the file's name
    kept = []
    for text in ("one", "two", "three"):
        topic.stub.parent.mkdir(parents=True, exist_ok=True)
        topic.stub.write_text(text, encoding="utf-8")
        kept.append(scaffold.reset(topic, now=lambda: instant))
    assert [path.read_text(encoding="utf-8") for path in kept if path] == ["one", "two", "three"]
    assert len(set(kept)) == 3
    assert "2026-01-02" in str(kept[0])


def test_reset_keeps_even_an_unchanged_stub(tmp_path: Path) -> None:
    """Nobody has to guess whether something was kept."""
    topic = small_topic(tmp_path)
    assert scaffold.reset(topic) is None
    text = topic.stub.read_text(encoding="utf-8")
    kept = scaffold.reset(topic)
    assert kept is not None
    assert kept.read_text(encoding="utf-8") == text == topic.stub.read_text(encoding="utf-8")


def test_a_package_beside_the_stub_is_graded_and_kept(tmp_path: Path) -> None:
    """An exercise that has outgrown its file: it is what `exercises` means, and reset moves both."""
    topic = small_topic(tmp_path)
    scaffold.reset(topic)
    package = topic.stub.with_suffix("")
    package.mkdir()
    (package / "__init__.py").write_text("mine = 1\n", encoding="utf-8")
    assert parse(topic, "exercises").path == package
    kept = scaffold.reset(topic)
    assert kept is not None
    assert (kept / "__init__.py").read_text(encoding="utf-8") == "mine = 1\n"
    assert kept.with_suffix(".py").is_file()
    assert parse(topic, "exercises").path == topic.stub


def test_reset_with_a_broken_contract_touches_nothing(tmp_path: Path) -> None:
    """The learner's module stays where it is when no stub can be made."""
    topic = small_topic(tmp_path)
    topic.stub.parent.mkdir(parents=True)
    topic.stub.write_text("mine", encoding="utf-8")
    topic.contract.write_text("this is no Python", encoding="utf-8")
    with pytest.raises(Mistake, match="not valid Python"):
        scaffold.reset(topic)
    assert topic.stub.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "backups").exists()


def test_reset_of_a_chapter_keeps_every_module(checkout: Checkout) -> None:
    """The same selectors as everywhere."""
    ran = checkout.kit("reset", "services")
    assert ran.returncode == 0, ran.stderr
    names = [topic.name for topic in find(["services"], checkout.root)]
    assert [line.split()[1] for line in ran.stdout.splitlines() if line.startswith("fresh")] == [
        f"exercises/services/{name}.py" for name in names
    ]


def test_new_writes_the_parts_and_says_what_is_missing(checkout: Checkout) -> None:
    """Eight parts, each with marks to fill in; the rest of the repository is as before."""
    ran = checkout.kit("new", "patterns/memento")
    assert ran.returncode == 0, ran.stderr
    written = re.findall(r"^written +(\S+)$", ran.stdout, re.MULTILINE)
    assert sorted(written) == [
        "contracts/patterns/memento.py",
        "exercises/patterns/memento.md",
        "exercises/patterns/memento.py",
        "graders/patterns/memento/bench_memento.py",
        "graders/patterns/memento/impostors.py",
        "graders/patterns/memento/peers.py",
        "graders/patterns/memento/scene.py",
        "graders/patterns/memento/test_memento.py",
        "solutions/patterns/memento.py",
    ]
    topic = find(["memento"], checkout.root)[0]
    lines = missing_parts(topic)
    assert any(line.startswith("contracts/patterns/memento.py:") for line in lines)
    assert any("1 impostors: write at least 6" in line for line in lines)
    assert all(": " in line for line in lines)
    assert ran.stdout.count("to do") == len(lines)


def test_a_scaffold_with_its_marks_filled_in_lacks_only_impostors(checkout: Checkout) -> None:
    """The templates are right: what they ask for is all that is missing."""
    checkout.kit("new", "patterns/memento")
    for path in checkout.root.rglob("*memento*"):
        for file in [path, *path.glob("*")]:
            if file.is_file() and file.suffix in {".py", ".md"}:
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace(MARK, "Something"), encoding="utf-8")
    checkout.kit("stubs", "memento")
    lines = missing_parts(find(["memento"], checkout.root)[0])
    assert len(lines) == 1, lines
    assert "impostors" in lines[0]


def test_new_leaves_files_alone_that_exist(checkout: Checkout) -> None:
    """A brief that somebody began is not overwritten."""
    brief = checkout.root / "exercises/patterns/memento.md"
    brief.write_text("begun", encoding="utf-8")
    ran = checkout.kit("new", "patterns/memento")
    assert ran.returncode == 0, ran.stderr
    assert brief.read_text(encoding="utf-8") == "begun"


def test_topics_lists_the_catalogue(shared: Checkout) -> None:
    """All 66, built or planned, chapter by chapter."""
    ran = shared.kit("topics")
    assert ran.returncode == 0, ran.stderr
    assert "worker_pool" in ran.stdout
    assert "saga" in ran.stdout
    assert ran.stdout.count("planned") >= 66 - len(find(root=shared.root)) - 1


def test_selectors_choose_each_topic_once_in_catalogue_order(shared: Checkout) -> None:
    """A topic, chapter/topic, a chapter and nothing mean what they say."""
    root = shared.root
    every = find(root=root)
    assert [topic.id for topic in find(["services", "worker_pool", "services/cache"], root)] == [
        topic.id for topic in every if topic.chapter == "services" or topic.name == "worker_pool"
    ]
    assert find(["patterns/"], root) == find(["patterns"], root)
    assert find([], root) == every


def small_topic(root: Path) -> Topic:
    """A topic with the scaffold's contract only."""
    topic = Topic("patterns", "memento", root)
    scaffold.new(topic.id, root)
    topic.stub.unlink()
    topic.stub.parent.joinpath("memento.md").unlink()
    topic.stub.parent.rmdir()
    return topic


def test_a_reader_that_has_seen_enough_is_no_error(shared: Checkout) -> None:
    """`nox -s topics | head -1` complains of nothing."""
    command = f"{sys.executable} -m graders.kit topics | head -1"
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}; {command}; {command}"],
        cwd=shared.root,
        env={**os.environ, "PYTHONPATH": str(shared.root), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout == "thinking\n" * 3


def test_no_session_leaves_a_trace_in_git(checkout: Checkout) -> None:
    """What sessions keep lies in folders that are ignored."""

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        ran = subprocess.run(
            ["git", *identity, *arguments],
            cwd=checkout.root,
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout

    shutil.copy(ROOT / ".gitignore", checkout.root)
    for topic in discover(checkout.root):
        shutil.copy(ROOT / "exercises" / f"{topic.id}.md", topic.brief)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "a clean start")
    for command in (
        ["topics"],
        ["hint", "observer"],
        ["run", "observer", "--impl", "solutions"],
        ["grade", "observer", "--check", "test_shape"],
        ["drill", "start", "observer"],
        ["drill", "requirements"],
        ["reset", "observer"],
    ):
        checkout.kit(*command)
        assert git("status", "--porcelain") == "", command
