"""How fast an agency delivers. Never a verdict.

Sizes: 1, 10 or 100 subscribers who do nothing; 1,000 subscriptions that stay while others come and go.
Keys: one topic for all.
Mix: publish only, or subscribe and cancel in turn.
Threads: one.
"""

from typing import Any

import pytest

from graders.kit import Implementation

ROUND = 1_000


@pytest.mark.parametrize("subscribers", [1, 10, 100])
def test_publish(benchmark: Any, contender: Implementation, subscribers: int) -> None:
    """`publish` to the subscribers of one topic (their number is in brackets)."""
    agency = contender.NewsAgency()
    for _ in range(subscribers):
        agency.subscribe(lambda news: None, "topic")
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [agency.publish("topic", number) for number in range(ROUND)])


def test_subscribe_and_cancel(benchmark: Any, contender: Implementation) -> None:
    """`subscribe`, then `cancel`, beside 1,000 subscriptions of the same topic that stay."""
    agency = contender.NewsAgency()
    for _ in range(1_000):
        agency.subscribe(lambda news: None, "topic")
    benchmark.extra_info["operations"] = ROUND
    benchmark(lambda: [agency.subscribe(len, "topic").cancel() for _ in range(ROUND)])
