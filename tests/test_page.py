"""Pages load nothing, run nothing, and show every text as text."""

from pathlib import Path

import pytest

from graders.kit import page
from graders.kit.interview import read_interview
from graders.kit.topics import Topic, discover

EVIL = "<script>alert(1)</script>\"'&"


@pytest.mark.parametrize(
    "part",
    [
        page.heading(EVIL),
        page.paragraph(EVIL, "quiet"),
        page.listing([EVIL]),
        page.preformatted(EVIL),
        page.table([EVIL], [[EVIL]], numbers=[0]),
        page.figure("<svg></svg>", EVIL),
        page.page(EVIL, []),
    ],
)
def test_text_is_escaped(part: str) -> None:
    """Whatever a learner's code is called or prints."""
    assert "<script" not in part
    assert "alert(1)" in part


def test_nothing_is_loaded() -> None:
    """No script, no link, no image from elsewhere; the page itself forbids it."""
    text = page.page("Title", [page.paragraph("text")])
    assert "default-src 'none'" in text
    assert not any(word in text for word in ("<script", "<link", "http://", "https://", "@import"))


def test_a_page_is_written_whole(tmp_path: Path) -> None:
    """Folders are made, and a lone surrogate is no error."""
    page.write_page(tmp_path / "a" / "page.html", page.page("\ud800", []))
    assert "\\ud800" in (tmp_path / "a" / "page.html").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["page.html"]


@pytest.mark.parametrize("topic", discover(), ids=lambda topic: topic.id)
def test_every_brief_is_an_interview(topic: Topic) -> None:
    """Questions with answers, changes in the order of the clock, three hints, follow-ups."""
    interview = read_interview(topic.brief)
    assert len(interview.hints) == 3
    assert all(each.question.endswith("?") for each in (*interview.scope, *interview.follow_ups))
    minutes = [change.minute for change in interview.changes]
    assert minutes == sorted(minutes)
    assert minutes[0] > 0
    assert minutes[-1] < topic.minutes
