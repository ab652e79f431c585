"""Thumbnails: an endless stream, three workers, a reader who has enough after a while."""

import itertools
import threading
import time
from collections.abc import Iterator

from contracts.patterns.fan_in_out import Stage
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show laziness, the bound, both orders, an error, and the end."""

    def pictures() -> Iterator[int]:
        try:
            for number in itertools.count(1):
                print(f"  source     gives picture {number}")
                yield number
        finally:
            print("  source     closed")

    def shrink(number: int) -> str:
        time.sleep(0.05 if number % 3 == 1 else 0.01)
        return f"thumbnail {number}"

    print("fan_out_in(pictures(), shrink, workers=2, buffer=1): nothing happens yet")
    results = impl.fan_out_in(pictures(), shrink, workers=2, buffer=1)
    for _ in range(3):
        print(f"  reader     gets {next(results)}")
    results.close()
    print(f"close(): threads left: {threading.active_count() - 1}")
    for ordered in (True, False):
        got = list(impl.fan_out_in([3, 1, 2], lambda n: time.sleep(n / 50) or n, 3, 0, ordered))
        print(f"items of 3, 1 and 2 ticks, ordered={ordered}: {got}")
    print("pipeline([4, 2, 0, 1], Stage(invert), Stage(str)): the third item cannot be inverted")
    try:
        for text in impl.pipeline([4, 2, 0, 1], Stage(lambda n: 1 / n, 2), Stage(str)):
            print(f"  reader     gets {text}")
    except ZeroDivisionError as error:
        print(f"  reader     gets {error!r}")
