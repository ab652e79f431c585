"""Which topic is drilled: level, chapter, and the one that was drilled longest ago."""

import json
from pathlib import Path

import pytest

from graders.kit.drill.choose import choose
from graders.kit.drill.events import Event, to_json
from graders.kit.mistakes import Mistake
from graders.kit.topics import ROOT, discover, find

TOPICS = discover()


def remember(root: Path, topic: str, at: float) -> None:
    """A finished drill of that topic."""
    data = {"topic": topic, "title": topic, "level": "easy", "minutes": 10}
    log = root / "workspaces" / f"{topic.replace('/', '-')}-{at:g}" / ".drill" / "log.json"
    log.parent.mkdir(parents=True)
    events = [Event("started", at, data), Event("finished", at + 60, {})]
    log.write_text(json.dumps(to_json(events)), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The topics of the repository, without its drills."""
    for folder in ("contracts", "exercises"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    return tmp_path


def test_never_drilled_comes_first_then_the_longest_ago(root: Path) -> None:
    """In the order of the catalogue where nothing else decides."""
    order = []
    for at, _ in enumerate(TOPICS, 1):
        topic = choose([], None, root)
        order.append(topic.id)
        remember(root, topic.id, at)
    assert order == [topic.id for topic in TOPICS]
    assert choose([], None, root).id == order[0]
    remember(root, order[0], 100)
    assert choose([], None, root).id == order[1]


def test_selectors_mean_what_they_mean_everywhere(root: Path) -> None:
    """A topic, chapter/topic, a chapter."""
    assert choose(["worker_pool"], None, root).id == "patterns/worker_pool"
    assert choose(["services/cache"], None, root).id == "services/cache"
    assert choose(["services"], None, root).chapter == "services"
    with pytest.raises(Mistake, match="did you mean"):
        choose(["worker_pol"], None, root)


@pytest.mark.parametrize("level", sorted({topic.level for topic in TOPICS}))
def test_a_level_leaves_topics_of_that_level(root: Path, level: str) -> None:
    """And only those."""
    assert choose([], level, root).level == level


def test_no_topic_of_that_level_is_a_mistake(root: Path) -> None:
    """It names the levels that there are."""
    topic = find(["cache"], root)[0]
    other = next(level for level in ("easy", "medium", "hard") if level != topic.level)
    with pytest.raises(Mistake, match=f"the levels there are {topic.level}"):
        choose(["cache"], other, root)
