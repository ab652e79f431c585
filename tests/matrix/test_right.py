"""The matrix, right side: references, variants, peers, and the untouched stub."""

import re
import shutil
from pathlib import Path

import pytest

from graders.kit.matrix import PASS, failed, missing, run, unexpected
from graders.kit.parts import Peer, peers_of
from graders.kit.stubs import stub_for
from graders.kit.topics import Topic, discover

TOPICS = discover()
IDS = [topic.id for topic in TOPICS]
PEERS = [(topic, peer) for topic in TOPICS for peer in peers_of(topic)]


@pytest.mark.parametrize("topic", TOPICS, ids=IDS)
def test_the_reference_keeps_every_promise(topic: Topic) -> None:
    """Every check passes; an inconclusive one is asked once more, as a learner would."""
    outcomes = run(topic, "solutions")
    if {outcome.word for outcome in outcomes} == {PASS, "inconclusive"}:
        outcomes = run(topic, "solutions")
    assert outcomes
    assert {outcome.word for outcome in outcomes} == {PASS}, "\n".join(map(str, failed(outcomes)))


@pytest.mark.parametrize("topic", TOPICS, ids=IDS)
def test_the_reference_passes_as_a_learners_file(topic: Topic, tmp_path: Path) -> None:
    """The same code in a folder of its own: what only learners are forbidden must fail no check."""
    outcomes = run(topic, str(_as_a_learner_has_it(topic, tmp_path)))
    wrong = [each for each in outcomes if each.word not in {PASS, "inconclusive"}]
    assert outcomes
    assert not wrong, "\n".join(map(str, wrong))


def _as_a_learner_has_it(topic: Topic, folder: Path) -> Path:
    """A copy that imports nothing from `solutions`: a package gets what services share as modules of its own."""
    mine = folder / topic.solution.name
    if not topic.solution.is_dir():
        return Path(shutil.copy(topic.solution, mine))
    shutil.copytree(topic.solution, mine, ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("web.py", "serving.py"):
        shutil.copy(topic.root / "solutions" / shared, mine / shared)
    own = re.compile(rf"from solutions(?:\.{topic.chapter}\.{topic.name})?(?:\.(\w+))? import")
    for part in mine.rglob("*.py"):
        text = part.read_text(encoding="utf-8")
        part.write_text(own.sub(r"from .\1 import", text), encoding="utf-8")
    return mine


@pytest.mark.parametrize(
    ("topic", "peer"), PEERS, ids=[f"{topic.id}-{peer.name}" for topic, peer in PEERS]
)
def test_a_peer_fails_exactly_what_it_says(topic: Topic, peer: Peer) -> None:
    """A variant fails nothing; a library fails the promises it is known to break, and no other."""
    lacking = missing(peer)
    assert not lacking, f"{', '.join(lacking)} is missing: install the dependency group peers"
    outcomes = run(topic, f"peers:{peer.name}")
    wrong = list(unexpected(peer, outcomes))
    if wrong and {outcome.word for outcome in failed(outcomes)} == {"inconclusive"}:
        wrong = list(unexpected(peer, run(topic, f"peers:{peer.name}")))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("topic", TOPICS, ids=IDS)
def test_the_untouched_stub_fails_every_check(topic: Topic, tmp_path: Path) -> None:
    """Nothing passes that nobody has written."""
    stub = tmp_path / f"{topic.name}.py"
    stub.write_text(stub_for(topic), encoding="utf-8")
    outcomes = run(topic, str(stub))
    wrong = [each for each in outcomes if each.word not in {"not attempted", "fail"}]
    assert outcomes
    assert not wrong, "\n".join(map(str, wrong))
