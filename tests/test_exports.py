"""`--report`: each format says the same verdicts, in the words that its readers know."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from graders.kit.exports.gradescope import gradescope
from graders.kit.exports.junit import junit
from graders.kit.exports.summary import summary
from graders.kit.verdict import WORDS, Check, Verdict, Word

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "data" / "golden"
SCHEMA = ROOT / "graders" / "kit" / "exports" / "results.schema.json"
GRADE = (sys.executable, "-m", "graders.kit", "grade", "tally")
EVIL = "\x1b[31m<b>|`\x00\ud800]]>\nsecond line"


def graded(case: str, folder: Path) -> Path:
    """The report of a golden case."""
    house = shutil.copytree(ROOT / "tests" / "data" / "kata", folder / "house")
    environment = {
        **os.environ,
        "KATAS_ROOT": str(house),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{house}",
        "PYTHONSAFEPATH": "1",
    }
    given = GOLDEN / case / "tally.py"
    impl = ["--impl", str(given)] if given.exists() else []
    ran = subprocess.run(
        [*GRADE, *impl, "--report", "out"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return folder / "out"


@pytest.mark.parametrize(
    ("case", "passed"), [("all_green", 6), ("failing_behaviour", 5), ("race", 5), ("fresh_stub", 0)]
)
def test_all_formats_agree(case: str, passed: int, tmp_path: Path) -> None:
    """A pass is a pass everywhere, and nothing else is; our own file keeps its schema."""
    out = graded(case, tmp_path)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(results, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [each["word"] for each in results["checks"]].count("pass") == passed
    suite = ET.parse(out / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert sum(len(case) == 0 for case in suite.iter("testcase")) == passed
    assert suite.get("tests") == "6"
    points = json.loads((out / "gradescope" / "results.json").read_text(encoding="utf-8"))
    assert sum(each["score"] for each in points["tests"]) == passed
    assert f"| patterns/tally | {passed} of 6 |" in (out / "summary.md").read_text(encoding="utf-8")


def check_of(word: Word) -> Check:
    """A check with this verdict and a learner's most unpleasant text."""
    verdict = Verdict(word, did=EVIL, want=EVIL, got=EVIL, where=EVIL, story=EVIL)
    return Check(
        "a::b", "patterns/observer", "test_b", ("P1",), "behaviour", "text", verdict=verdict
    )


@pytest.mark.parametrize("word", [word for word in WORDS if word != "pass"])
def test_what_is_no_pass_is_none_anywhere(word: Word) -> None:
    """Not one of the words is shown as a pass, or as skipped; hostile text breaks no format."""
    check = check_of(word)
    case = ET.fromstring(junit([check])).find("testsuite/testcase")  # noqa: S314 - our own
    assert case is not None
    assert [child.tag for child in case] in (["failure"], ["error"])
    (test,) = json.loads(gradescope([check]))["tests"]
    assert (test["score"], test["status"]) == (0, "failed")
    assert "0 of 1" in summary([check])


def test_hostile_text_stays_in_its_block() -> None:
    """In the summary a learner's text is indented: no heading, no table, no control character."""
    text = summary([check_of("fail")])
    assert all(line.startswith(("    ", "#", "|")) or not line for line in text.splitlines())
    assert "\x1b" not in text


def test_a_report_is_there_before_the_first_check_ends(tmp_path: Path) -> None:
    """A run that is killed leaves a whole report in which nothing has passed."""
    seen: dict[str, Any] = {}
    house = shutil.copytree(ROOT / "tests" / "data" / "kata", tmp_path / "house")
    (tmp_path / "tally.py").write_text("while True: pass\n", encoding="utf-8")
    ran = subprocess.Popen(
        [*GRADE, "--impl", "tally.py", "--report", "out"],
        cwd=tmp_path,
        env={**os.environ, "KATAS_ROOT": str(house), "PYTHONPATH": f"{ROOT}{os.pathsep}{house}"},
        stdout=subprocess.PIPE,
    )
    last = tmp_path / "out" / "gradescope" / "results.json"
    while not last.is_file() and ran.poll() is None:
        os.sched_yield()
    ran.kill()
    ran.communicate()
    seen = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert [each["word"] for each in seen["checks"]] == ["not run"] * 6
