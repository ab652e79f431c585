"""The simulation finds every planted bug for every seed, and never accuses right code."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.kit.sim import explore, install, load

HERE = Path(__file__).parent
SEEDS = range(20)

install()


def _plain(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("corpus_scenes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(name: str) -> dict[str, Any]:
    """The scenes for bugs.py or twins.py, instrumented."""
    scenes = _plain(HERE / "scenes.py")
    return dict(getattr(scenes, name)(load(f"corpus_{name}", HERE / f"{name}.py")))


BUGS, TWINS = table("bugs"), table("twins")


@pytest.mark.parametrize("name", BUGS)
def test_every_planted_bug_is_found(name: str) -> None:
    """In 20 of 20 seeds, and the same schedule fails again."""
    for seed in SEEDS:
        failure = explore(BUGS[name], seed=seed).failure
        assert failure is not None, f"seed {seed} missed it"
        assert failure.reproduced, f"seed {seed}: another result when replayed"


@pytest.mark.parametrize("name", BUGS)
def test_a_token_replays_the_same_story(name: str) -> None:
    """Exactly."""
    failure = explore(BUGS[name]).failure
    assert failure is not None
    again = explore(BUGS[name], replay=failure.token).failure
    assert again is not None
    assert (again.kind, again.story) == (failure.kind, failure.story)


@pytest.mark.parametrize("name", TWINS)
def test_right_code_is_never_accused(name: str) -> None:
    """No false alarm in 20 seeds."""
    for seed in SEEDS:
        outcome = explore(TWINS[name], seed=seed, schedules=120)
        assert outcome.failure is None, (seed, outcome.failure)


STORIES = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from test_corpus import BUGS
from graders.kit.sim import explore
for name, scene in BUGS.items():
    failure = explore(scene, seed=3).failure
    print(name, failure.kind, failure.token, *failure.story, sep="\\n")
"""


def interpreters() -> dict[str, str]:
    """The Pythons of other versions that are on this machine."""
    found = {}
    for version in ("3.11", "3.12", "3.13"):
        candidates = [
            f"python{version}",
            *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")),
        ]
        for candidate in candidates:
            try:
                run = subprocess.run([candidate, "-VV"], capture_output=True, check=False)  # noqa: S603
            except OSError:
                continue
            if run.returncode == 0:
                found[version] = candidate
                break
    return found


def stories(python: str, seed: str) -> str:
    """Every story of the corpus, as that interpreter tells it."""
    root = HERE.parents[1]
    stub = (
        "import sys, types\n"
        "pytest = types.ModuleType('pytest')\n"
        "pytest.mark = types.SimpleNamespace(parametrize=lambda *a: lambda f: f)\n"
        "pytest.fixture = lambda *a, **k: (lambda f: f)\n"
        "kit = types.ModuleType('graders.kit')\n"
        f"kit.__path__ = [{str(root / 'graders' / 'kit')!r}]\n"
        "sys.modules.update({'pytest': pytest, 'graders.kit': kit})\n"
    )
    code = stub + STORIES.format(root=str(root), here=str(HERE))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(  # noqa: S603
        [python, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_stories_do_not_depend_on_process_or_hash_seed() -> None:
    """Byte for byte."""
    assert stories(sys.executable, "1") == stories(sys.executable, "2")


def test_stories_are_the_same_on_every_python() -> None:
    """Kinds, tokens and lines; versions that are not on this machine are named in the output."""
    found = interpreters()
    print("not on this machine:", sorted({"3.11", "3.12", "3.13"} - set(found)) or "none")
    told = {version: stories(python, "0") for version, python in found.items()}
    assert len(set(told.values())) <= 1, {k: v for k, v in told.items()}
