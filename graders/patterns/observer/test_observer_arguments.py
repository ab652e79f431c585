"""Mistakes of the caller."""

import gc
import sys
from typing import Any

from graders.kit import Implementation, check, equal, raises

SPORT = "sport"


@check("P11", kind="contract")
def test_bad_arguments(impl: Implementation) -> None:
    """Callbacks that are none, topics that are no text, news for nobody."""
    agency, log = impl.NewsAgency(), []
    raises(TypeError, lambda: agency.publish(3, 1), did="publish(3, 1) without any subscriber")
    agency.subscribe(log.append, SPORT)
    for bad in (None, 3, "text", [len]):
        raises(
            TypeError,
            lambda bad=bad: agency.subscribe(bad, SPORT),
            did=f"subscribe({bad!r}, 'sport')",
        )
    for topic in (None, 3, b"sport", ("sport",), ["sport"]):
        raises(
            TypeError,
            lambda t=topic: agency.subscribe(log.append, t),
            did=f"subscribe(callback, {topic!r})",
        )
        raises(TypeError, lambda t=topic: agency.publish(t, 1), did=f"publish({topic!r}, 1)")
    equal(agency.publish("nobody listens", 1), None, did="publish to a topic without subscribers")
    agency.publish(SPORT, 7)
    equal(log, [7], did="calls after all these mistakes")


@check("P11", kind="contract")
def test_bad_arguments_leave_nothing(impl: Implementation) -> None:
    """None is subscribed to a topic that nobody else has, a callback to topic 3."""
    agency, topic, callback = impl.NewsAgency(), f"a {SPORT}", [].append  # nobody else holds these
    before = [sys.getrefcount(topic), sys.getrefcount(callback)]
    raises(TypeError, lambda: agency.subscribe(None, topic), did="subscribe(None, 'a sport')")
    raises(TypeError, lambda: agency.subscribe(callback, 3), did="subscribe(callback, 3)")
    gc.collect()
    after = [sys.getrefcount(topic), sys.getrefcount(callback)]
    equal([b - a for a, b in zip(before, after, strict=True)], [0, 0],
          did="references to the topic and to the callback, more than before")  # fmt: skip


@check("P11", kind="contract")
def test_bad_arguments_in_a_callback(impl: Implementation) -> None:
    """A callback publishes 2, then on topic 3, and subscribes None: both raise where they were called."""
    agency, log = impl.NewsAgency(), []

    def callback(news: Any) -> None:
        if news == 1:
            agency.publish(SPORT, 2)
        raises(TypeError, lambda: agency.publish(3, 2), did="publish(3, 2) in a callback")
        raises(TypeError, lambda: agency.subscribe(None, SPORT), did="subscribe(None, 'sport')")
        log.append(news)

    agency.subscribe(callback, SPORT)
    try:
        agency.publish(SPORT, 1)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    equal(sorted(log), [1, 2], did="calls that went through to their end, sorted")
