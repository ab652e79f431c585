"""The matrix, wrong side: each impostor is rejected by a check of the promise that it breaks."""

import pytest

from graders.kit.matrix import failed, rejecting, run
from graders.kit.parts import Part, impostors_of
from graders.kit.topics import Topic, discover

IMPOSTORS = [(topic, impostor) for topic in discover() for impostor in impostors_of(topic)]


@pytest.mark.parametrize(
    ("topic", "impostor"),
    IMPOSTORS,
    ids=[f"{topic.id}-{impostor.name}" for topic, impostor in IMPOSTORS],
)
def test_an_impostor_is_rejected_by_the_promise_it_breaks(topic: Topic, impostor: Part) -> None:
    """By a verdict of fail; where a check could not decide it is asked once more, as a learner would."""
    spec = f"impostors:{impostor.name}"
    for promise in impostor.promises:
        words = _words(topic, spec, promise)
        if "fail" not in words and "inconclusive" in words:
            words = _words(topic, spec, promise)
        assert "fail" in words, _what_else(topic, spec, promise)


def _words(topic: Topic, spec: str, promise: str) -> set[str]:
    outcomes = run(topic, spec, only=rejecting(topic, promise), stop_early=True)
    return {outcome.word for outcome in outcomes}


def _what_else(topic: Topic, spec: str, promise: str) -> str:
    others = failed(run(topic, spec))
    listed = "\n".join(map(str, others)) or "nothing: the grader accepts it"
    return f"no check of {promise} rejects {spec}; what does:\n{listed}"
