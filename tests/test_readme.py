"""The README shows what really happens."""

import re

import pytest

from graders.kit.showcase import RUNS, block, blocks, without_seconds
from graders.kit.topics import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RUNS)
def test_the_graded_runs_are_real(name: str) -> None:
    """Played again, they say the same, but for the seconds: python -m graders.kit readme."""
    assert without_seconds(blocks(README)[name]) == without_seconds(block(name))


def test_the_red_run_is_red_and_the_green_one_green() -> None:
    """The attempt fails by a race, with its story; the reference keeps everything."""
    shown = blocks(README)
    assert "the story" in shown["red"]
    assert "all checks pass" in shown["green"]


def test_figures_name_their_machine() -> None:
    """And the command that measured them."""
    timings = blocks(README)["timings"]
    assert "python -m graders.kit readme --timings" in timings
    assert re.search(r"\d+ cores, Python 3\.\d+", timings)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    """Every relative link of the documents is a file of the repository."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / target).exists(), target
