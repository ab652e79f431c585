"""What is kept of items and results: nothing that is not ahead."""

import time
import weakref
from collections.abc import Iterator
from typing import Any

from graders.kit import Implementation, Sim, check, equal, simulate

ENOUGH = 300


class Thing:
    """Something that a weak reference can watch."""

    def __init__(self, size: int = 0) -> None:
        self.size = size


def watched(references: list[Any]) -> Thing:
    """A new thing, and a weak reference to it in the list."""
    thing = Thing(len(references))
    references.append(weakref.ref(thing))
    return thing


@check("P11", kind="behaviour")
def test_nothing_is_kept_of_what_is_done(impl: Implementation) -> None:
    """Items and results while the reader holds the iterator and everything stands still."""

    def scene(sim: Sim) -> None:
        for workers, buffer in ((1, 0), (2, 2)):
            for ordered in (True, False):
                items: list[Any] = []

                def source(items: list[Any] = items) -> Iterator[Thing]:
                    while len(items) < ENOUGH:
                        yield watched(items)

                results = impl.fan_out_in(
                    source(), lambda item: Thing(item.size), workers, buffer, ordered
                )
                handed = [weakref.ref(next(results)) for _ in range(5)]
                sim.settle()
                did = f"five results read, workers={workers}, buffer={buffer}, ordered={ordered}"
                kept = [number for number, result in enumerate(handed) if result() is not None]
                equal(kept, [], did=did + ": results kept")
                kept = [number for number, item in enumerate(items) if item() is not None]
                equal(kept, [], did=did + ": items kept")
                results.close()

    simulate(scene)


@check("P11", kind="behaviour")
def test_nothing_is_kept_after_close(impl: Implementation) -> None:
    """Results that were ready, and one that came later, when close() has returned."""

    def scene(sim: Sim) -> None:
        for ordered in (True, False):
            made: list[Any] = []

            def stage(item: int, made: list[Any] = made) -> Thing:
                time.sleep(5 * (item == 3))
                return watched(made)

            results = impl.fan_out_in(range(9), stage, 2, 4, ordered)
            next(results)
            sim.sleep(1)
            results.close()
            kept = sum(thing() is not None for thing in made)
            did = f"one result read, five ready or under way, close(), ordered={ordered}"
            equal(kept, 0, did=did + ": results kept")
            equal(list(results), [], did=did + ": list(results)")

    simulate(scene)
