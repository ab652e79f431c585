"""Services under load: what is seen, and what is made of it."""

import pytest

from graders.kit.load import GROWTH, Outcome, Shot, Tally, put_under_load, run, shots_of
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic, discover, find

SERVICES = [topic for topic in discover() if shots_of(topic)]


@pytest.mark.parametrize("topic", SERVICES, ids=lambda topic: topic.id)
def test_a_reference_stands_a_little_load(topic: Topic) -> None:
    """No error, no wrong answer, flat memory."""
    outcome = put_under_load(topic, "solutions", 400)
    assert not outcome.tally.errors
    assert not outcome.tally.wrong
    assert outcome.good
    assert topic.id in "".join(outcome.lines())


@pytest.mark.parametrize(
    ("status", "answer", "right"),
    [(200, b"a 7 b", True), (201, b"7", True), (200, b"8", False), (500, b"7", False)],
)
def test_every_answer_is_looked_at(status: int, answer: bytes, right: bool) -> None:
    """Its status, and what it has to hold of this round."""
    shot = Shot("GET", "/$n", (200, 201), holds=b"$n")
    assert (shot.wrong(status, answer, "7") == "") is right


def test_what_does_not_hold_is_said() -> None:
    """Errors, wrong answers and growing memory, each by itself."""
    fine = Tally([0.1, 0.2])
    assert Outcome("t", 1.0, fine, 5, 6, "").good
    assert not Outcome("t", 1.0, Tally([0.1], ["gone"]), 5, 6, "").good
    assert not Outcome("t", 1.0, Tally([0.1], [], ["wrong"]), 5, 6, "").good
    assert not Outcome("t", 1.0, fine, 5, 6 + GROWTH, "").good


def test_what_is_no_service_is_a_mistake() -> None:
    """One line that names one."""
    with pytest.raises(Mistake, match="nox -s load -- cache"):
        run(find(["observer"]), "solutions", 100, print)
