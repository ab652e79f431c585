"""News to 1, 10 and 100 subscribers of one topic; subscribing and cancelling beside 1,000 subscriptions."""

from typing import Any

import pytest


@pytest.mark.parametrize("subscribers", [1, 10, 100])
def test_publish(benchmark: Any, contender: Any, subscribers: int) -> None:
    """1,000 news."""
    agency = contender.NewsAgency()
    for _ in range(subscribers):
        agency.subscribe(lambda news: None, "topic")
    benchmark(lambda: [agency.publish("topic", number) for number in range(1_000)])


def test_subscribe_and_cancel(benchmark: Any, contender: Any) -> None:
    """1,000 times, beside 1,000 subscriptions that stay."""
    agency = contender.NewsAgency()
    for _ in range(1_000):
        agency.subscribe(lambda news: None, "topic")
    benchmark(lambda: [agency.subscribe(len, "topic").cancel() for _ in range(1_000)])
